//! What the answers of all types have in common.

use crate::admin::answer::version;
use crate::admin::gate::Call;
use crate::admin::schema::Schema;
use dayend_engine::time::Timestamp;
use dayend_identity::model::{Author, Stamp};
use serde_json::{Map, Value, json};

/// Completes a resource with what every one has. `beside`: what changes its version besides what it says.
pub(in crate::admin) fn finished(
    call: &Call,
    schema: &Schema,
    mut fields: Map<String, Value>,
    (created, stamp): (Timestamp, &Stamp),
    beside: &str,
) -> Value {
    let mut schemas = vec![schema.urn];
    schemas.extend(
        schema.extensions.iter().map(|one| one.name).filter(|name| fields.contains_key(*name)),
    );
    fields.insert("schemas".to_owned(), json!(schemas));
    for (name, author) in
        [("idcsCreatedBy", &stamp.created_by), ("idcsLastModifiedBy", &stamp.modified_by)]
    {
        if !author.name.is_empty() {
            fields.insert(name.to_owned(), told_author(call, author));
        }
    }
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let modified = Timestamp(stamp.modified_at.max(created.0));
    let says = Value::Object(fields);
    let version = version(&says, beside);
    let Value::Object(mut fields) = says else { return Value::Null };
    let meta = meta(call, schema, &id, (created, modified), &version);
    fields.insert("meta".to_owned(), meta);
    Value::Object(fields)
}

/// The part `meta`.
pub(in crate::admin) fn meta(
    call: &Call,
    schema: &Schema,
    id: &str,
    (created, modified): (Timestamp, Timestamp),
    version: &str,
) -> Value {
    json!({
        "resourceType": schema.name, "created": created.to_string(), "lastModified": modified.to_string(),
        "location": call.location(schema.endpoint, id), "version": version,
    })
}

fn told_author(call: &Call, author: &Author) -> Value {
    let mut told = Map::new();
    told.insert("display".to_owned(), json!(author.name));
    let endpoint = match author.kind.as_str() {
        "User" => "Users",
        "App" => "Apps",
        _ => return Value::Object(told),
    };
    told.insert("type".to_owned(), json!(author.kind));
    told.insert("value".to_owned(), json!(author.id));
    told.insert("$ref".to_owned(), json!(call.location(endpoint, &author.id)));
    Value::Object(told)
}

/// Puts a text in, unless it is empty.
pub(super) fn put_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), json!(text));
    }
}

/// Puts a list in, unless it is empty.
pub(super) fn put_list(fields: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        fields.insert(name.to_owned(), Value::Array(list));
    }
}
