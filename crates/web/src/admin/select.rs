//! Which attributes of a resource are told, and in which order resources come.

use super::error::ScimError;
use super::schema::{Attribute, Path, Returned, Schema};
use dayend_engine::codes::shortened;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Names in one selection.
const NAMES_MAX: usize = 200;

/// What a request wants to be told of each resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    asked: Vec<Path>,
    excluded: Vec<Path>,
    /// The sets of `attributeSets`; empty: the usual one, if no attribute is asked for by name.
    sets: Vec<Set>,
}

/// A set of attributes, by when they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    All,
    Always,
    Never,
    Request,
    Default,
}

impl Selection {
    /// Reads the names that a request gives, each separated from the next by a comma.
    pub(super) fn read(
        schema: &Schema,
        attributes: &str,
        excluded: &str,
        sets: &[String],
    ) -> Result<Self, ScimError> {
        Ok(Self {
            asked: paths(schema, attributes)?,
            excluded: paths(schema, excluded)?,
            sets: sets
                .iter()
                .flat_map(|sets| sets.split(','))
                .map(str::trim)
                .filter(|set| !set.is_empty())
                .map(set_of)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether an attribute that is told only on request is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        let by_name = self.asked.iter().any(|path| path.top().is_some_and(|top| top.name == name));
        by_name || self.sets.iter().any(|set| matches!(set, Set::All | Set::Request))
    }

    /// What is told of the resource.
    pub(super) fn of(&self, schema: &Schema, resource: &Value) -> Value {
        let fields = resource.as_object().into_iter().flatten();
        let mut told = Map::new();
        for (name, value) in fields {
            if let Some(attribute) = schema.attribute(name)
                && let Some(value) = self.part_of(attribute, value)
            {
                told.insert(name.clone(), value);
            }
        }
        Value::Object(told)
    }

    fn part_of(&self, attribute: &'static Attribute, value: &Value) -> Option<Value> {
        if attribute.returned == Returned::Always {
            return Some(value.clone());
        }
        if attribute.returned == Returned::Never {
            return None;
        }
        let mut value = self.asked_part(attribute, value)?;
        for path in named(&self.excluded, attribute) {
            let [part, ..] = path else { return None };
            each(&mut value, &mut |fields| {
                fields.remove(part.name);
            });
        }
        Some(value)
    }

    fn asked_part(&self, attribute: &'static Attribute, value: &Value) -> Option<Value> {
        let in_set = |set: &Set| match set {
            Set::All => true,
            Set::Request => attribute.returned == Returned::Request,
            Set::Default => attribute.returned == Returned::Default,
            Set::Always | Set::Never => false,
        };
        let plain = self.sets.is_empty() && self.asked.is_empty();
        if self.sets.iter().any(in_set) || plain {
            return Some(value.clone());
        }
        let parts: Vec<_> = named(&self.asked, attribute).collect();
        if parts.iter().any(|path| path.is_empty()) {
            return Some(value.clone());
        }
        let kept: BTreeSet<&str> =
            parts.iter().filter_map(|path| path.first()).map(|part| part.name).collect();
        if kept.is_empty() {
            return None;
        }
        let mut value = value.clone();
        each(&mut value, &mut |fields| fields.retain(|name, _| kept.contains(name.as_str())));
        Some(value)
    }
}

/// The rest of each path that begins with the attribute.
fn named<'p>(
    paths: &'p [Path],
    attribute: &'static Attribute,
) -> impl Iterator<Item = &'p [&'static Attribute]> {
    paths.iter().filter_map(|path| {
        let (first, rest) = path.0.split_first()?;
        (first.name == attribute.name).then_some(rest)
    })
}

fn each(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, change)),
        Value::Object(fields) => change(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn paths(schema: &Schema, names: &str) -> Result<Vec<Path>, ScimError> {
    let names: Vec<&str> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > NAMES_MAX {
        return Err(ScimError::value(format!("at most {NAMES_MAX} attributes can be named")));
    }
    // What other servers have and this one does not is not there to be told.
    let known = names.into_iter().filter(|name| !schema.ignores(name));
    known
        .map(|name| {
            schema.path(name).ok_or_else(|| {
                ScimError::value(format!(
                    "`{}` is no attribute of {}",
                    shortened(name),
                    schema.name
                ))
            })
        })
        .collect()
}

fn set_of(name: &str) -> Result<Set, ScimError> {
    let known = [
        ("all", Set::All),
        ("always", Set::Always),
        ("never", Set::Never),
        ("request", Set::Request),
        ("default", Set::Default),
    ];
    let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, set)| set).ok_or_else(|| {
        ScimError::value("`attributeSets` holds all, always, never, request or default")
    })
}

/// Sorts by the value at the path; resources without one come last. Equal ones stay as they are.
pub(super) fn sort(resources: &mut [Value], path: &Path, descending: bool) {
    let exact = path.last().is_some_and(|attribute| attribute.exact);
    resources.sort_by_cached_key(|resource| SortKey {
        value: first(resource, &path.0).map(|value| text_of(value, exact)),
        descending,
    });
}

#[derive(PartialEq, Eq)]
struct SortKey {
    value: Option<SortValue>,
    descending: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Number(i64),
    Text(String),
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.value, &other.value) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) if self.descending => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The first value at the path: of a list, the primary one (RFC 7644 section 3.4.2.3) or the first.
fn first<'v>(value: &'v Value, path: &[&Attribute]) -> Option<&'v Value> {
    if let Value::Array(values) = value {
        let is_primary = |one: &&Value| one.get("primary") == Some(&Value::Bool(true));
        let chosen = values.iter().find(is_primary).or_else(|| values.first())?;
        return first(chosen, path);
    }
    match path.split_first() {
        None => Some(value).filter(|value| !value.is_null()),
        Some((name, rest)) => first(value.get(name.name)?, rest),
    }
}

fn text_of(value: &Value, exact: bool) -> SortValue {
    match value {
        Value::Number(number) => SortValue::Number(number.as_i64().unwrap_or(i64::MAX)),
        Value::Bool(flag) => SortValue::Number(i64::from(*flag)),
        Value::String(text) if exact => SortValue::Text(text.clone()),
        Value::String(text) => SortValue::Text(text.to_lowercase()),
        Value::Null | Value::Array(_) | Value::Object(_) => SortValue::Text(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::USER;
    use super::*;
    use serde_json::json;

    fn user() -> Value {
        json!({
            "id": "u1", "schemas": [USER.urn], "userName": "maria", "title": "Night shift", "active": true,
            "emails": [{ "value": "a@b", "type": "work" }], "groups": [{ "value": "g1" }], "password": "hunter2",
        })
    }

    fn told(attributes: &str, excluded: &str, sets: &str) -> Vec<String> {
        let selection = Selection::read(&USER, attributes, excluded, &[sets.to_owned()]).unwrap();
        let told = selection.of(&USER, &user());
        told.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn what_is_told_is_what_is_asked_for_and_never_a_password() {
        let usual = ["id", "schemas", "userName"];
        assert_eq!(
            told("", "", ""),
            ["id", "schemas", "userName", "title", "active", "emails", "groups"]
        );
        assert_eq!(told("title", "", ""), [&usual[..], &["title"]].concat());
        assert_eq!(
            told("password", "", "all"),
            ["id", "schemas", "userName", "title", "active", "emails", "groups"]
        );
        assert_eq!(told("", "", "always"), usual);
        assert_eq!(told("", "", "never"), usual);
        assert_eq!(told("", "", "request"), [&usual[..], &["groups"]].concat());
        assert_eq!(
            told("groups", "", "default"),
            ["id", "schemas", "userName", "title", "active", "emails", "groups"]
        );
        assert_eq!(
            told("", "userName,title,emails", ""),
            ["id", "schemas", "userName", "active", "groups"]
        );
        assert!(Selection::read(&USER, "nonsense", "", &[]).is_err());
        assert!(Selection::read(&USER, "", "", &["some".to_owned()]).is_err());
    }

    #[test]
    fn a_part_can_be_asked_for_or_left_out() {
        let asked = Selection::read(&USER, "emails.value", "", &[]).unwrap().of(&USER, &user());
        assert_eq!(asked["emails"], json!([{ "value": "a@b" }]));
        let left = Selection::read(&USER, "", "emails.value", &[]).unwrap().of(&USER, &user());
        assert_eq!(left["emails"], json!([{ "type": "work" }]));
    }

    #[test]
    fn resources_without_the_value_come_last_in_both_directions() {
        let path = USER.path("title").unwrap();
        let all = [
            json!({ "id": "1", "title": "b" }),
            json!({ "id": "2" }),
            json!({ "id": "3", "title": "A" }),
        ];
        let ids = |descending| {
            let mut all = all.to_vec();
            sort(&mut all, &path, descending);
            all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<String>()
        };
        assert_eq!(ids(false), "312");
        assert_eq!(ids(true), "132");
    }
}
