//! The JSON Schema of definition documents, for editors and other tools.
//!
//! A schema cannot say everything: cycles, references, URLs and header rules are checked by `apply` alone.

use super::document::API_VERSION;
use super::limits::{DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, RETRIES_MAX};
use super::work::METHODS;
use dayend_engine::codes::CODE_MAX_CHARS;
use dayend_engine::definition::{COMMAND_FILES_MAX, NODES_MAX};
use serde_json::{Value, json};

/// The JSON Schema (2020-12) of one document.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Dayend definition",
        "description": "A batch, a batch group or a connection.",
        "oneOf": [
            { "$ref": "#/$defs/Batch" },
            { "$ref": "#/$defs/BatchGroup" },
            { "$ref": "#/$defs/Connection" },
        ],
        "$defs": {
            "Batch": batch(),
            "BatchGroup": group(),
            "Connection": connection(),
            "Task": task(),
            "Member": member(),
            "Command": command(),
            "Http": http(),
            "Sql": sql(),
            "File": file(),
            "CommandFiles": command_files(),
            "Retries": retries(),
            "Code": {
                "description": "A letter, then letters, digits or `_`.",
                "type": "string",
                "pattern": "^[A-Za-z][A-Za-z0-9_]*$",
                "maxLength": CODE_MAX_CHARS,
            },
            "On": {
                "description": "success: the other one succeeded or is excluded; failure: it failed or was aborted; end: it is over.",
                "enum": ["success", "failure", "end"],
            },
            "Duration": {
                "description": "Hours, minutes, seconds and milliseconds, such as 1h30m, 10s or 500ms.",
                "type": "string",
                "pattern": "^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            },
            "Text": {
                "description": "A value that is kept exactly as written.",
                "type": ["string", "number", "boolean"],
            },
            "Params": {
                "description": "Parameters and their default values. `FICMISDATE`, `BATCHRUNID` and `TASKID` are always there and cannot be declared.",
                "type": "object",
                "propertyNames": { "pattern": "^([A-Za-z][A-Za-z0-9_]*|\\$[A-Za-z][A-Za-z0-9_]*\\$)$" },
                "additionalProperties": { "$ref": "#/$defs/Text" },
            },
            "Headers": {
                "description": "Fixed headers; no placeholders and no secrets.",
                "type": "object",
                "additionalProperties": { "$ref": "#/$defs/Text" },
            },
            "Secret": secret(),
        },
    })
}

fn batch() -> Value {
    let own = json!({
        "params": { "$ref": "#/$defs/Params" },
        "tasks": { "type": "array", "items": { "$ref": "#/$defs/Task" }, "minItems": 1, "maxItems": NODES_MAX },
    });
    document("Batch", "Tasks that depend on each other.", &own, &["tasks"])
}

fn group() -> Value {
    let own = json!({
        "members": { "type": "array", "items": { "$ref": "#/$defs/Member" }, "minItems": 1, "maxItems": NODES_MAX },
    });
    document("BatchGroup", "Batches that depend on each other.", &own, &["members"])
}

fn connection() -> Value {
    let own = json!({
        "sqlite": closed("A SQLite file.", &json!({ "path": { "type": "string", "minLength": 1 } }), &["path"]),
        "postgres": closed(
            "A PostgreSQL database.",
            &json!({
                "url": { "description": "postgres://USER@HOST:PORT/DATABASE, without a password.", "type": "string" },
                "password": { "$ref": "#/$defs/Secret" },
            }),
            &["url"],
        ),
        "http": closed(
            "An HTTP service.",
            &json!({
                "base": { "description": "The URL that the URLs of tasks are paths below.", "type": "string", "format": "uri" },
                "headers": { "$ref": "#/$defs/Headers" },
                "secret_headers": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Secret" } },
                "ca_file": { "description": "A PEM file with the authority that signed the server's certificate.", "type": "string" },
            }),
            &["base"],
        ),
    });
    let schema = document(
        "Connection",
        "How to reach another system: exactly one of sqlite, postgres, http.",
        &own,
        &[],
    );
    one_of(schema, &["sqlite", "postgres", "http"])
}

fn task() -> Value {
    let properties = with_titles(&json!({
        "noop": closed("Does nothing and succeeds.", &json!({}), &[]),
        "command": { "$ref": "#/$defs/Command" },
        "http": { "$ref": "#/$defs/Http" },
        "sql": { "$ref": "#/$defs/Sql" },
        "file": { "$ref": "#/$defs/File" },
        "params": { "$ref": "#/$defs/Params" },
        "after": edges(&json!({ "task": { "$ref": "#/$defs/Code" }, "on": { "$ref": "#/$defs/On" } }), &["task"]),
        "timeout": { "description": "How long one attempt may take; no limit if missing.", "$ref": "#/$defs/Duration" },
        "retries": { "$ref": "#/$defs/Retries" },
        "on_lost": {
            "description": "What follows when an attempt's executor vanished without a report.",
            "enum": ["abort", "retry"],
            "default": "abort",
        },
    }));
    let schema = closed(
        "One unit of work: exactly one of noop, command, http, sql, file.",
        &properties,
        &["code"],
    );
    one_of(schema, &["noop", "command", "http", "sql", "file"])
}

fn member() -> Value {
    let edge = json!({
        "batch": { "$ref": "#/$defs/Code" },
        "task": { "$ref": "#/$defs/Code" },
        "on": { "$ref": "#/$defs/On" },
    });
    let mut after = edges(&edge, &[]);
    if let Some(edge) = after.pointer_mut("/items/oneOf/1") {
        let schema = one_of(edge.take(), &["batch", "task"]);
        *edge = schema;
    }
    closed(
        "A batch in a group.",
        &json!({ "batch": { "$ref": "#/$defs/Code" }, "after": after }),
        &["batch"],
    )
}

fn command() -> Value {
    let properties = json!({
        "argv": {
            "description": "The program and its arguments; no shell is involved.",
            "type": "array",
            "items": { "$ref": "#/$defs/Text" },
            "minItems": 1,
        },
        "env": {
            "description": "Extra environment variables.",
            "type": "object",
            "propertyNames": { "pattern": "^(?!DAYEND_)[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": { "$ref": "#/$defs/Text" },
        },
        "files": { "$ref": "#/$defs/CommandFiles" },
    });
    closed("A program to run.", &properties, &["argv"])
}

fn command_files() -> Value {
    let name = json!({ "type": "string", "minLength": 1 });
    let optional = json!({ "type": "boolean", "default": false });
    let input = json!({
        "name": { "description": "A name; `?`, `*` and `**` are wildcards, and the newest file that matches is taken.", "type": "string", "minLength": 1 },
        "as": { "description": "A path below the attempt's directory; the last part of the name if missing.", "type": "string", "minLength": 1 },
        "optional": optional,
    });
    let output = json!({ "path": name, "name": name, "optional": optional });
    let list =
        |item: Value| json!({ "type": "array", "items": item, "maxItems": COMMAND_FILES_MAX });
    let properties = json!({
        "in": list(closed("A file that is fetched before the command starts.", &input, &["name"])),
        "out": list(closed("A file that is collected after the command succeeded.", &output, &["path"])),
    });
    closed("What a command reads from the file exchange and leaves there.", &properties, &[])
}

fn file() -> Value {
    let properties = json!({
        "name": { "description": "A name; `?`, `*` and `**` are wildcards.", "type": "string", "minLength": 1 },
        "by": { "description": "The wait ends at the first such time, hh:mm.", "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" },
        "zone": { "description": "Where `by` is meant, such as Europe/Zurich.", "type": "string", "default": "UTC" },
        "within": { "description": "How long the wait may take.", "$ref": "#/$defs/Duration" },
        "marker": { "description": "Another file that must be there too.", "type": "string", "minLength": 1 },
        "min_bytes": { "description": "Smaller files do not count.", "type": "integer", "minimum": 0 },
        "stable": { "description": "How long the file must not have been replaced.", "$ref": "#/$defs/Duration" },
    });
    let mut schema =
        closed("Waits for a file. At least one of by, within.", &properties, &["name"]);
    let ends = json!([{ "required": ["by"] }, { "required": ["within"] }]);
    merge(&mut schema, &json!({ "anyOf": ends, "dependentRequired": { "zone": ["by"] } }));
    schema
}

fn http() -> Value {
    let properties = json!({
        "method": { "enum": METHODS, "default": "POST" },
        "url": { "description": "A whole URL, or a path below the connection's base.", "type": "string", "minLength": 1 },
        "connection": { "$ref": "#/$defs/Code" },
        "headers": { "$ref": "#/$defs/Headers" },
        "body": { "description": "Extra keys of the JSON body.", "type": "object" },
    });
    closed("A request to send.", &properties, &["url"])
}

fn sql() -> Value {
    let properties = json!({
        "connection": { "$ref": "#/$defs/Code" },
        "statement": { "description": "The statement; placeholders become bound values.", "type": "string", "minLength": 1 },
    });
    closed("A statement to execute.", &properties, &["connection", "statement"])
}

fn retries() -> Value {
    let properties = json!({
        "max": { "description": "Attempts after the first.", "type": "integer", "minimum": 0, "maximum": RETRIES_MAX },
        "backoff": { "description": "The delay before the first retry; it doubles with each further one.", "$ref": "#/$defs/Duration" },
        "max_backoff": { "description": "The longest delay.", "$ref": "#/$defs/Duration" },
    });
    closed("How often a failed attempt is repeated, and how long apart.", &properties, &["max"])
}

fn secret() -> Value {
    let properties = json!({
        "env": { "description": "A variable in the server's environment.", "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
        "file": { "description": "A file that the server can read.", "type": "string", "minLength": 1 },
    });
    one_of(
        closed("Where a secret is read from: exactly one of env, file.", &properties, &[]),
        &["env", "file"],
    )
}

/// A list of codes or of maps with these fields.
fn edges(fields: &Value, required: &[&str]) -> Value {
    json!({
        "description": "What must come first; all of it.",
        "type": "array",
        "items": { "oneOf": [{ "$ref": "#/$defs/Code" }, closed("An edge.", fields, required)] },
        "uniqueItems": true,
    })
}

fn document(kind: &str, description: &str, own: &Value, required: &[&str]) -> Value {
    let mut properties =
        json!({ "apiVersion": { "const": API_VERSION }, "kind": { "const": kind } });
    merge(&mut properties, &with_titles(own));
    let required: Vec<&str> =
        ["apiVersion", "kind", "code"].iter().chain(required).copied().collect();
    closed(description, &properties, &required)
}

fn with_titles(own: &Value) -> Value {
    let mut properties = json!({
        "code": { "$ref": "#/$defs/Code" },
        "name": {
            "description": "Free text; the code if missing.",
            "type": "string",
            "minLength": 1,
            "maxLength": NAME_MAX_CHARS,
        },
        "description": { "type": "string", "maxLength": DESCRIPTION_MAX_CHARS },
    });
    merge(&mut properties, own);
    properties
}

fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from.clone());
    }
}

fn closed(description: &str, properties: &Value, required: &[&str]) -> Value {
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// `schema` with exactly one of `fields` required too.
fn one_of(mut schema: Value, fields: &[&str]) -> Value {
    let choices: Vec<Value> = fields.iter().map(|field| json!({ "required": [field] })).collect();
    merge(&mut schema, &json!({ "oneOf": choices }));
    schema
}

#[cfg(test)]
mod tests {
    use super::super::connections::{
        HTTP_TARGET_FIELDS, POSTGRES_FIELDS, SECRET_FIELDS, SQLITE_FIELDS,
    };
    use super::super::document::head_fields;
    use super::super::files::{FILE_FIELDS, FILES_FIELDS, INPUT_FIELDS, OUTPUT_FIELDS};
    use super::super::groups::MEMBER_FIELDS;
    use super::super::tasks::{RETRIES_FIELDS, TASK_FIELDS};
    use super::super::work::{COMMAND_FIELDS, HTTP_FIELDS, SQL_FIELDS};
    use super::*;
    use dayend_engine::definition::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn the_schema_is_as_published() {
        insta::assert_snapshot!("schema", serde_json::to_string_pretty(&schema()).unwrap());
    }

    #[test]
    fn the_schema_knows_the_fields_that_the_reader_knows() {
        let schema = schema();
        let (batch, group, connection) = (
            head_fields(Kind::Batch),
            head_fields(Kind::BatchGroup),
            head_fields(Kind::Connection),
        );
        let cases: [(&str, &[&str]); 16] = [
            ("/$defs/Batch", &batch),
            ("/$defs/BatchGroup", &group),
            ("/$defs/Connection", &connection),
            ("/$defs/Task", &TASK_FIELDS),
            ("/$defs/Member", &MEMBER_FIELDS),
            ("/$defs/Command", &COMMAND_FIELDS),
            ("/$defs/Http", &HTTP_FIELDS),
            ("/$defs/Sql", &SQL_FIELDS),
            ("/$defs/File", &FILE_FIELDS),
            ("/$defs/CommandFiles", &FILES_FIELDS),
            ("/$defs/CommandFiles/properties/in/items", &INPUT_FIELDS),
            ("/$defs/CommandFiles/properties/out/items", &OUTPUT_FIELDS),
            ("/$defs/Retries", &RETRIES_FIELDS),
            ("/$defs/Connection/properties/sqlite", &SQLITE_FIELDS),
            ("/$defs/Connection/properties/postgres", &POSTGRES_FIELDS),
            ("/$defs/Connection/properties/http", &HTTP_TARGET_FIELDS),
        ];
        for (place, fields) in cases {
            assert_eq!(properties(&schema, place), fields.iter().copied().collect(), "{place}");
        }
        assert_eq!(properties(&schema, "/$defs/Secret"), SECRET_FIELDS.into());
    }

    fn properties<'s>(schema: &'s Value, place: &str) -> BTreeSet<&'s str> {
        schema.pointer(place).unwrap()["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }
}
