//! What all of them have in common.

use crate::admin::answer;
use crate::admin::body;
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{self, Input, Purpose};
use crate::admin::listing::selection_of;
use crate::admin::schema::Schema;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use dayend_identity::admin::User;
use serde_json::{Map, Value, json};

/// The id in a path.
pub(super) type Id = Result<Path<String>, PathRejection>;

/// The id as a text.
pub(super) fn id_of(id: Id) -> Result<String, ScimError> {
    id.map(|Path(id)| id)
        .map_err(|_| ScimError::syntax("a part of the path is not percent-encoded UTF-8"))
}

/// What the request asks for.
pub(super) async fn asked(
    call: &Call,
    schema: &Schema,
    request: Request,
) -> Result<Input, ScimError> {
    let (parts, sent) = body::read(call, request).await?;
    selection_of(schema, parts.uri.query().unwrap_or_default(), &[])?;
    input::read(schema, &sent, Purpose::Create)
}

/// The user with this id.
pub(super) async fn user(call: &Call, id: &str) -> Result<User, ScimError> {
    let user = call.identity().user(call.tenant(), id).await?;
    user.ok_or_else(|| ScimError::not_found("User", id))
}

/// The answer: what was changed, and what is told of it.
pub(super) fn done(
    call: &Call,
    schema: &Schema,
    status: StatusCode,
    id: &str,
    told: Map<String, Value>,
) -> Response {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(id));
    body.insert("schemas".to_owned(), json!([schema.urn]));
    body.insert(
        "meta".to_owned(),
        json!({ "resourceType": schema.name, "location": call.location(schema.endpoint, id) }),
    );
    body.extend(told);
    answer::json(call.wanted, status, &Value::Object(body))
}
