//! What the admin API says of itself: `ServiceProviderConfig`, `ResourceTypes` and `Schemas` (RFC 7643 sections 5 to 7).

use super::answer;
use super::error::ScimError;
use super::gate::Call;
use super::resources::answered;
use super::schema::{Attribute, Kind, LISTED, Mutability, Returned, Schema};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// The name in a path.
type Name = Result<Path<String>, PathRejection>;

/// `GET /admin/v1/ServiceProviderConfig`.
pub(super) async fn config(call: Call) -> Response {
    let no = json!({ "supported": false });
    let body = json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 1000 },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "xmlDataFormat": no,
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "OAuth 2.0 access token",
            "description": "An access token of this server, in the header `Authorization`", "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/admin/v1/ServiceProviderConfig", call.app.settings.base_url),
        },
    });
    answer::json(call.wanted, StatusCode::OK, &body)
}

/// `GET /admin/v1/ResourceTypes`.
pub(super) async fn resource_types(call: Call) -> Response {
    let all = LISTED.map(|schema| resource_type(&call, schema));
    answer::json(call.wanted, StatusCode::OK, &list(&all))
}

/// `GET /admin/v1/ResourceTypes/{name}`.
pub(super) async fn one_resource_type(call: Call, name: Name) -> Response {
    let found = one(&name, "ResourceType", |schema, name| schema.name == name);
    let result = found
        .map(|schema| answer::json(call.wanted, StatusCode::OK, &resource_type(&call, schema)));
    answered(call.wanted, result)
}

/// `GET /admin/v1/Schemas`.
pub(super) async fn schemas(call: Call) -> Response {
    let all = LISTED.map(|schema| told(&call, schema));
    answer::json(call.wanted, StatusCode::OK, &list(&all))
}

/// `GET /admin/v1/Schemas/{urn}`.
pub(super) async fn one_schema(call: Call, name: Name) -> Response {
    let found = one(&name, "Schema", |schema, name| schema.urn == name);
    let result =
        found.map(|schema| answer::json(call.wanted, StatusCode::OK, &told(&call, schema)));
    answered(call.wanted, result)
}

fn one(
    name: &Name,
    what: &str,
    is_meant: impl Fn(&Schema, &str) -> bool,
) -> Result<&'static Schema, ScimError> {
    let Ok(Path(name)) = name else {
        return Err(ScimError::syntax("a part of the path is not percent-encoded UTF-8"));
    };
    let found = LISTED.into_iter().find(|schema| is_meant(schema, name));
    found.ok_or_else(|| ScimError::not_found(what, name))
}

fn list(all: &[Value]) -> Value {
    json!({
        "schemas": [LIST_RESPONSE], "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
    })
}

fn resource_type(call: &Call, schema: &Schema) -> Value {
    let extensions: Vec<Value> = schema
        .extensions
        .iter()
        .map(|extension| json!({ "schema": extension.name, "required": false }))
        .collect();
    json!({
        "schemas": [RESOURCE_TYPE], "id": schema.name, "name": schema.name, "description": schema.description,
        "endpoint": format!("/{}", schema.endpoint), "schema": schema.urn, "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": call.location("ResourceTypes", schema.name) },
    })
}

fn told(call: &Call, schema: &Schema) -> Value {
    json!({
        "schemas": [SCHEMA], "id": schema.urn, "name": schema.name, "description": schema.description,
        "attributes": schema.all().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": call.location("Schemas", schema.urn) },
    })
}

fn attribute(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Number => "integer",
        Kind::Time => "dateTime",
        Kind::Complex => "complex",
    };
    let mutability = match attribute.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    };
    let returned = match attribute.returned {
        Returned::Always => "always",
        Returned::Default => "default",
        Returned::Request => "request",
        Returned::Never => "never",
    };
    let mut told = json!({
        "name": attribute.name, "type": kind, "multiValued": attribute.many, "required": attribute.required,
        "caseExact": attribute.exact, "mutability": mutability, "returned": returned,
        "uniqueness": if attribute.unique { "server" } else { "none" },
    });
    if let Some(fields) = told.as_object_mut().filter(|_| !attribute.parts.is_empty()) {
        let parts: Vec<Value> = attribute.parts.iter().map(self::attribute).collect();
        fields.insert("subAttributes".to_owned(), Value::Array(parts));
    }
    told
}
