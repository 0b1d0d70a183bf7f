//! What a request says of a resource: known attributes with values of their types, and nothing that only the server sets.

use super::error::ScimError;
use super::schema::{Attribute, Kind, Mutability, Schema, found};
use dayend_engine::codes::shortened;
use serde_json::{Map, Value};

/// The values of a resource, under the names as the schema writes them.
pub(super) type Input = Map<String, Value>;

/// What the request is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'r> {
    /// To make a resource: what only the server sets is passed over.
    Create,
    /// To change this resource: what only the server sets, or what stays as it was made, must be as it is.
    Change(&'r Value),
}

/// Reads the resource in a request.
pub(super) fn read(
    schema: &Schema,
    sent: &Value,
    purpose: Purpose<'_>,
) -> Result<Input, ScimError> {
    let Value::Object(sent) = sent else {
        return Err(ScimError::syntax("the body must be a JSON object"));
    };
    must_name(schema, sent)?;
    let mut input = Input::new();
    for (name, value) in sent {
        let Some(attribute) = schema.attribute(name) else {
            if schema.ignores(name) {
                continue;
            }
            return Err(unknown(schema.name, name));
        };
        if attribute.name == "schemas" {
            continue;
        }
        let current = match purpose {
            Purpose::Create => None,
            Purpose::Change(current) => Some(current.get(attribute.name).unwrap_or(&Value::Null)),
        };
        if !is_settable(attribute, value, current)? || value.is_null() {
            continue;
        }
        let value = typed(attribute, value, attribute.name)?;
        if input.insert(attribute.name.to_owned(), value).is_some() {
            return Err(ScimError::syntax(format!("`{}` is there twice", attribute.name)));
        }
    }
    input.retain(|_, value| !is_nothing(value));
    for attribute in schema.all().filter(|attribute| attribute.required) {
        if !input.contains_key(attribute.name) {
            return Err(ScimError::value(format!("`{}` is required", attribute.name)));
        }
    }
    Ok(input)
}

/// Whether the value counts: what only the server sets does not, and must not be changed.
pub(super) fn is_settable(
    attribute: &Attribute,
    value: &Value,
    current: Option<&Value>,
) -> Result<bool, ScimError> {
    let Some(current) = current else { return Ok(attribute.is_writable()) };
    // What changes with every change cannot be told to stay.
    let moves = matches!(attribute.name, "meta" | "idcsLastModifiedBy" | "idcsCreatedBy");
    let stays = match attribute.mutability {
        Mutability::ReadWrite | Mutability::WriteOnly => return Ok(true),
        Mutability::ReadOnly => moves || value.is_null() || value == current,
        Mutability::Immutable => value.is_null() || includes(current, value),
    };
    if stays {
        return Ok(attribute.is_writable());
    }
    let why = if attribute.mutability == Mutability::ReadOnly {
        "is set by the server only"
    } else {
        "cannot be changed any more"
    };
    Err(ScimError::bad("mutability", format!("`{}` {why}", attribute.name)))
}

/// Whether all that is sent is there: the server may have added parts of its own.
fn includes(current: &Value, sent: &Value) -> bool {
    match (current, sent) {
        (Value::Object(current), Value::Object(sent)) => sent.iter().all(|(name, value)| {
            let there = current.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            there.is_some_and(|(_, there)| includes(there, value))
        }),
        (Value::String(current), Value::String(sent)) => current.eq_ignore_ascii_case(sent),
        _ => current == sent,
    }
}

/// `schemas`, if it is there, names the type.
fn must_name(schema: &Schema, sent: &Map<String, Value>) -> Result<(), ScimError> {
    let Some((_, schemas)) = sent.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas"))
    else {
        return Ok(());
    };
    let is_named =
        |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(schema.urn));
    if schemas.as_array().is_some_and(|schemas| schemas.iter().any(is_named)) {
        return Ok(());
    }
    Err(ScimError::syntax(format!("`schemas` must hold `{}`", schema.urn)))
}

/// The value in the type of its attribute.
pub(super) fn typed(
    attribute: &'static Attribute,
    value: &Value,
    place: &str,
) -> Result<Value, ScimError> {
    if !attribute.many {
        return one(attribute, value, place);
    }
    let Value::Array(values) = value else {
        return Err(wrong(place, "a list"));
    };
    values
        .iter()
        .map(|value| one(attribute, value, place))
        .collect::<Result<_, _>>()
        .map(Value::Array)
}

fn one(attribute: &'static Attribute, value: &Value, place: &str) -> Result<Value, ScimError> {
    match (attribute.kind, value) {
        (Kind::Text | Kind::Time, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => {
            Ok(value.clone())
        }
        (Kind::Number, Value::Number(number)) if number.is_u64() => Ok(value.clone()),
        (Kind::Complex, Value::Object(fields)) => parts(attribute, fields, place),
        // Certificates are sent by some clients as any value: only a text says something.
        (Kind::Text | Kind::Time, _) => Err(wrong(place, "a text")),
        (Kind::Flag, _) => Err(wrong(place, "true or false")),
        (Kind::Number, _) => Err(wrong(place, "a whole number that is not negative")),
        (Kind::Complex, _) => Err(wrong(place, "an object")),
    }
}

fn parts(
    attribute: &'static Attribute,
    fields: &Map<String, Value>,
    place: &str,
) -> Result<Value, ScimError> {
    let mut read = Map::new();
    for (name, value) in fields {
        let part = found(attribute.parts, name).ok_or_else(|| unknown(place, name))?;
        if !part.is_writable() || value.is_null() {
            continue;
        }
        let place = format!("{place}.{}", part.name);
        let value = typed(part, value, &place)?;
        if read.insert(part.name.to_owned(), value).is_some() {
            return Err(ScimError::syntax(format!("`{place}` is there twice")));
        }
    }
    read.retain(|_, value| !is_nothing(value));
    match attribute.parts.iter().find(|part| part.required && !read.contains_key(part.name)) {
        Some(part) => Err(ScimError::value(format!("`{place}.{}` is required", part.name))),
        None => Ok(Value::Object(read)),
    }
}

/// Whether the value says as much as none (RFC 7643 section 2.5).
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn wrong(place: &str, wanted: &str) -> ScimError {
    ScimError::syntax(format!("`{place}` must be {wanted}"))
}

fn unknown(of: &str, name: &str) -> ScimError {
    ScimError::syntax(format!("`{}` is no attribute of {of}", shortened(name)))
}

/// What an input says, by name.
pub(super) trait Says {
    /// A text.
    fn text(&self, name: &str) -> Option<&str>;
    /// True or false.
    fn flag(&self, name: &str) -> Option<bool>;
    /// A number.
    fn number(&self, name: &str) -> Option<u64>;
    /// A list of texts.
    fn texts(&self, name: &str) -> Vec<String>;
    /// A list of objects.
    fn objects(&self, name: &str) -> Vec<&Input>;
    /// An object.
    fn object(&self, name: &str) -> Option<&Input>;
}

impl Says for Input {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Value::as_u64)
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let values = self.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn objects(&self, name: &str) -> Vec<&Input> {
        let values = self.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_object).collect()
    }

    fn object(&self, name: &str) -> Option<&Input> {
        self.get(name).and_then(Value::as_object)
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{APP, USER};
    use super::*;
    use serde_json::json;

    #[test]
    fn a_new_resource_is_read_without_what_only_the_server_sets() {
        let sent = json!({
            "schemas": [USER.urn, "urn:x"], "USERNAME": "maria", "id": "mine", "meta": {}, "groups": [{ "value": "g" }],
            "name": { "givenname": "Maria", "formatted": "x", "familyName": null }, "emails": [], "addresses": [{ "x": 1 }],
        });
        let input = read(&USER, &sent, Purpose::Create).unwrap();
        assert_eq!(
            Value::Object(input),
            json!({ "userName": "maria", "name": { "givenName": "Maria" } })
        );
    }

    #[test]
    fn what_is_no_resource_of_the_type_is_refused_with_the_place() {
        #[rustfmt::skip]
        let cases = [
            ("a list",            json!([]),                                                        "the body must be a JSON object"),
            ("another schema",    json!({ "schemas": [APP.urn], "userName": "m" }),                 "`schemas` must hold"),
            ("schemas as a text", json!({ "schemas": USER.urn, "userName": "m" }),                  "`schemas` must hold"),
            ("misspelt",          json!({ "userName": "m", "pasword": "x" }),                       "`pasword` is no attribute of User"),
            ("misspelt within",   json!({ "userName": "m", "name": { "first": "x" } }),             "`first` is no attribute of name"),
            ("twice",             json!({ "userName": "m", "username": "n" }),                      "`userName` is there twice"),
            ("a number",          json!({ "userName": 1 }),                                         "`userName` must be a text"),
            ("a text",            json!({ "userName": "m", "active": "true" }),                     "`active` must be true or false"),
            ("no list",           json!({ "userName": "m", "emails": { "value": "a@b" } }),         "`emails` must be a list"),
            ("no object",         json!({ "userName": "m", "emails": ["a@b"] }),                    "`emails` must be an object"),
            ("nothing",           json!({}),                                                        "`userName` is required"),
            ("null is nothing",   json!({ "userName": null }),                                      "`userName` is required"),
            ("a part is missing", json!({ "userName": "m", "emails": [{ "type": "work" }] }),       "`emails.value` is required"),
        ];
        for (name, sent, want) in cases {
            let refused = read(&USER, &sent, Purpose::Create).unwrap_err();
            assert!(refused.detail.starts_with(want), "{name}: {}", refused.detail);
            assert_eq!(refused.status, 400, "{name}");
        }
    }

    #[test]
    fn a_change_may_repeat_what_it_cannot_change() {
        let current = json!({
            "id": "a1", "name": "client", "displayName": "App", "basedOnTemplate": { "value": "CustomWebAppTemplateId", "wellKnownId": "CustomWebAppTemplateId" },
        });
        let change = |field: &str, value: Value| {
            let mut sent = json!({ "displayName": "App" });
            sent[field] = value;
            read(&APP, &sent, Purpose::Change(&current))
        };
        for (field, value) in [
            ("id", json!("a1")),
            ("name", json!("client")),
            ("meta", json!({ "version": "old" })),
            ("basedOnTemplate", json!({ "value": "CustomWebAppTemplateId" })),
        ] {
            assert!(change(field, value).is_ok(), "{field}");
        }
        for (field, value) in [
            ("id", json!("a2")),
            ("name", json!("other")),
            ("clientSecret", json!("mine")),
            ("basedOnTemplate", json!({ "value": "CustomBrowserMobileTemplateId" })),
        ] {
            let refused = change(field, value).unwrap_err();
            assert_eq!(refused.scim_type, Some("mutability"), "{field}");
        }
    }
}
