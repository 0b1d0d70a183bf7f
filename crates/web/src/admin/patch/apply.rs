//! Doing what operations ask for, on a resource in the form in which it is told.

use super::operation::{Operation, Target, Verb, target};
use crate::admin::error::ScimError;
use crate::admin::input::is_settable;
use crate::admin::schema::{Attribute, Kind, Mutability, Schema};
use serde_json::{Map, Value};

/// The resource after the operations: all of it that a request can set. `current` is all of it.
pub(in crate::admin) fn apply(
    schema: &Schema,
    current: &Value,
    operations: &[Operation],
) -> Result<Value, ScimError> {
    let mut next = settable(schema, current);
    for operation in operations {
        match &operation.target {
            Some(target) => {
                at(current, &mut next, operation.verb, target, &operation.value)?;
            }
            None => each(schema, current, &mut next, operation)?,
        }
    }
    Ok(Value::Object(next))
}

fn settable(schema: &Schema, current: &Value) -> Map<String, Value> {
    let fields = current.as_object().into_iter().flatten();
    let keep = |name: &str| schema.attribute(name).is_some_and(Attribute::is_writable);
    fields
        .filter(|(name, _)| keep(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Without a path, the value names the attributes.
fn each(
    schema: &Schema,
    current: &Value,
    next: &mut Map<String, Value>,
    operation: &Operation,
) -> Result<(), ScimError> {
    let Value::Object(fields) = &operation.value else {
        return Err(ScimError::syntax("without a `path`, `value` must be an object"));
    };
    for (name, value) in fields {
        if name.eq_ignore_ascii_case("schemas") || schema.ignores(name) {
            continue;
        }
        let target = target(schema, name)?;
        at(current, next, operation.verb, &target, value)?;
    }
    Ok(())
}

fn at(
    current: &Value,
    next: &mut Map<String, Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), ScimError> {
    let Target { extension, attribute, .. } = target;
    let was = match extension {
        Some(extension) => current.get(extension.name).and_then(|all| all.get(attribute.name)),
        None => current.get(attribute.name),
    };
    may_change(target, verb, value, was.unwrap_or(&Value::Null))?;
    let holder = match extension {
        None => next,
        Some(extension) => {
            let all = next.entry(extension.name).or_insert_with(|| Value::Object(Map::new()));
            all.as_object_mut().ok_or_else(|| ScimError::syntax("an extension is an object"))?
        }
    };
    if attribute.many {
        many(holder, verb, target, value)
    } else {
        single(holder, verb, target, value)
    }
}

/// Refuses to touch what only the server sets, and what stays as it was made.
fn may_change(target: &Target, verb: Verb, value: &Value, was: &Value) -> Result<(), ScimError> {
    let attribute = target.part.unwrap_or(target.attribute);
    if verb == Verb::Remove && target.attribute.mutability == Mutability::Immutable {
        let detail = format!("`{}` cannot be changed any more", attribute.name);
        return Err(ScimError::bad("mutability", detail));
    }
    if target.part.is_some() && !attribute.is_writable() {
        let detail = format!("`{}` is set by the server only", attribute.name);
        return Err(ScimError::bad("mutability", detail));
    }
    let settable = is_settable(target.attribute, value, Some(was))?;
    if settable {
        return Ok(());
    }
    let detail = format!("`{}` is set by the server only", target.attribute.name);
    Err(ScimError::bad("mutability", detail))
}

fn single(
    holder: &mut Map<String, Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), ScimError> {
    let Target { attribute, part, .. } = target;
    match (verb, part) {
        (Verb::Remove, None) => {
            holder.remove(attribute.name);
        }
        (Verb::Remove, Some(part)) => {
            if let Some(Value::Object(fields)) = holder.get_mut(attribute.name) {
                fields.remove(part.name);
            }
        }
        (Verb::Add | Verb::Replace, Some(part)) => {
            let fields = holder.entry(attribute.name).or_insert_with(|| Value::Object(Map::new()));
            set_part(fields, part, value)?;
        }
        (Verb::Add | Verb::Replace, None) => merge(holder, attribute, value),
    }
    Ok(())
}

/// An object gets the new parts beside the old ones; anything else is replaced.
fn merge(holder: &mut Map<String, Value>, attribute: &Attribute, value: &Value) {
    match (holder.get_mut(attribute.name), value) {
        (Some(Value::Object(there)), Value::Object(more)) if attribute.kind == Kind::Complex => {
            for (name, value) in more {
                let known =
                    attribute.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name));
                there.insert(
                    known.map_or(name.as_str(), |part| part.name).to_owned(),
                    value.clone(),
                );
            }
        }
        _ => {
            holder.insert(attribute.name.to_owned(), value.clone());
        }
    }
}

fn many(
    holder: &mut Map<String, Value>,
    verb: Verb,
    target: &Target,
    value: &Value,
) -> Result<(), ScimError> {
    let Target { attribute, filter, part, .. } = target;
    let there = holder.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(values) = there else {
        return Err(ScimError::syntax(format!("`{}` must be a list", attribute.name)));
    };
    let meant = |one: &Value| filter.as_ref().is_none_or(|filter| filter.holds(one));
    match (verb, part) {
        (Verb::Remove, None) if filter.is_none() && !value.is_null() => {
            let gone = listed(value);
            values.retain(|one| !gone.iter().any(|gone| same(attribute, one, gone)));
        }
        (Verb::Remove, None) => values.retain(|one| !meant(one)),
        (Verb::Remove, Some(part)) => {
            for fields in
                values.iter_mut().filter(|one| meant(one)).filter_map(Value::as_object_mut)
            {
                fields.remove(part.name);
            }
        }
        (Verb::Add | Verb::Replace, Some(part)) => {
            let chosen: Vec<&mut Value> = values.iter_mut().filter(|one| meant(one)).collect();
            must_meet(&chosen)?;
            for one in chosen {
                set_part(one, part, value)?;
            }
        }
        (Verb::Add | Verb::Replace, None) if filter.is_some() => {
            let chosen: Vec<&mut Value> = values.iter_mut().filter(|one| meant(one)).collect();
            must_meet(&chosen)?;
            for one in chosen {
                *one = value.clone();
            }
        }
        (Verb::Replace, None) => *values = listed(value).into_iter().cloned().collect(),
        (Verb::Add, None) => {
            for new in listed(value) {
                match values.iter_mut().find(|one| same(attribute, one, new)) {
                    Some(one) => *one = new.clone(),
                    None => values.push(new.clone()),
                }
            }
        }
    }
    Ok(())
}

/// A path that chooses nothing is a mistake (RFC 7644 section 3.5.2.3).
fn must_meet(chosen: &[&mut Value]) -> Result<(), ScimError> {
    if chosen.is_empty() {
        return Err(ScimError::bad("noTarget", "no value is as the `path` wants it"));
    }
    Ok(())
}

fn set_part(fields: &mut Value, part: &Attribute, value: &Value) -> Result<(), ScimError> {
    let fields = fields.as_object_mut();
    let fields = fields.ok_or_else(|| ScimError::syntax("only an object has parts"))?;
    fields.insert(part.name.to_owned(), value.clone());
    Ok(())
}

/// One value, or each of a list.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// Whether two values of a list are about the same thing.
fn same(attribute: &Attribute, one: &Value, other: &Value) -> bool {
    let naming = |value: &Value| {
        let key = attribute.parts.iter().find(|part| part.required)?;
        value
            .as_object()?
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key.name))
            .map(|(_, value)| value.clone())
    };
    match (naming(one), naming(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
