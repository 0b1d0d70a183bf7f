//! Whether a resource fulfils a filter.

use super::tree::{Comparison, Filter, Literal};
use crate::admin::schema::{Attribute, Kind};
use dayend_engine::time::Timestamp;
use serde_json::Value;
use std::cmp::Ordering;

impl Filter {
    /// Whether the resource (or the value, for a filter on parts) fulfils the condition.
    pub(in crate::admin) fn holds(&self, resource: &Value) -> bool {
        match self {
            Self::Compare { path, by, with } => compares(resource, &path.0, *by, with),
            Self::Present(path) => some(resource, &path.0, &mut is_there),
            Self::Not(inner) => !inner.holds(resource),
            Self::All(inner) => inner.iter().all(|one| one.holds(resource)),
            Self::Any(inner) => inner.iter().any(|one| one.holds(resource)),
            Self::Within { path, inner } => {
                some(resource, &path.0, &mut |value| inner.holds(value))
            }
        }
    }
}

fn compares(resource: &Value, path: &[&Attribute], by: Comparison, with: &Literal) -> bool {
    let Some(last) = path.last() else { return false };
    let equal = |value: &Value| ordering(last, value, with) == Some(Ordering::Equal);
    match (by, with) {
        (Comparison::Equal, Literal::Nothing) => !some(resource, path, &mut is_there),
        (Comparison::NotEqual, Literal::Nothing) => some(resource, path, &mut is_there),
        (Comparison::NotEqual, _) => !some(resource, path, &mut |value| equal(value)),
        (
            Comparison::Equal
            | Comparison::Contains
            | Comparison::StartsWith
            | Comparison::EndsWith
            | Comparison::Greater
            | Comparison::GreaterOrEqual
            | Comparison::Less
            | Comparison::LessOrEqual,
            _,
        ) => some(resource, path, &mut |value| one_compares(last, value, by, with)),
    }
}

fn one_compares(attribute: &Attribute, value: &Value, by: Comparison, with: &Literal) -> bool {
    let within = |holds: fn(&str, &str) -> bool| match (value, with) {
        (Value::String(value), Literal::Text(text)) if attribute.exact => holds(value, text),
        (Value::String(value), Literal::Text(text)) => {
            holds(&value.to_lowercase(), &text.to_lowercase())
        }
        _ => false,
    };
    let ordered =
        |wanted: fn(Ordering) -> bool| ordering(attribute, value, with).is_some_and(wanted);
    match by {
        Comparison::Equal => ordered(Ordering::is_eq),
        Comparison::NotEqual => ordered(Ordering::is_ne),
        Comparison::Greater => ordered(Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered(Ordering::is_ge),
        Comparison::Less => ordered(Ordering::is_lt),
        Comparison::LessOrEqual => ordered(Ordering::is_le),
        Comparison::Contains => within(|value, text| value.contains(text)),
        Comparison::StartsWith => within(|value, text| value.starts_with(text)),
        Comparison::EndsWith => within(|value, text| value.ends_with(text)),
    }
}

/// How a value stands to the one in the filter; none: they are of different kinds.
fn ordering(attribute: &Attribute, value: &Value, with: &Literal) -> Option<Ordering> {
    match (value, with) {
        (Value::String(value), Literal::Text(text)) if attribute.kind == Kind::Time => {
            Some(value.parse::<Timestamp>().ok()?.cmp(&text.parse().ok()?))
        }
        (Value::String(value), Literal::Text(text)) if attribute.exact => {
            Some(value.as_str().cmp(text))
        }
        (Value::String(value), Literal::Text(text)) => {
            Some(value.to_lowercase().cmp(&text.to_lowercase()))
        }
        (Value::Number(value), Literal::Number(number)) => value.as_f64()?.partial_cmp(number),
        (Value::Bool(value), Literal::Flag(flag)) => Some(value.cmp(flag)),
        (Value::Bool(value), Literal::Text(text)) => Some(value.cmp(&(text == "true"))),
        _ => None,
    }
}

/// Whether one of the values at the path is as wanted.
fn some(value: &Value, path: &[&Attribute], wanted: &mut dyn FnMut(&Value) -> bool) -> bool {
    if let Value::Array(values) = value {
        return values.iter().any(|value| some(value, path, wanted));
    }
    match path.split_first() {
        None => wanted(value),
        Some((first, rest)) => value.get(first.name).is_some_and(|value| some(value, rest, wanted)),
    }
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => true,
    }
}
