//! Request bodies of the admin API: strict JSON, under either of its two types.

use super::answer::SCIM_JSON;
use super::error::ScimError;
use super::gate::Call;
use crate::body::{self, ARRIVAL_LIMIT, JSON};
use crate::json::{Repair, read as read_json};
use axum::extract::Request;
use axum::http::request::Parts;
use serde_json::Value;

/// The request's head, and what its body says.
pub(super) async fn read(call: &Call, request: Request) -> Result<(Parts, Value), ScimError> {
    let (parts, body) = request.into_parts();
    if body::require(&parts.headers, SCIM_JSON).is_err() {
        body::require(&parts.headers, JSON)?;
    }
    let limit_bytes = call.app.settings.body_limit_bytes;
    let bytes =
        body::read(&call.app.room, &parts.headers, body, limit_bytes, ARRIVAL_LIMIT).await?;
    // The strict reader goes first: it refuses what the other one would let pass, such as repeated keys.
    read_json(&bytes, Repair::Nothing).map_err(|error| unreadable(&error))?;
    let value = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
    Ok((parts, value))
}

fn unreadable(error: &dyn std::fmt::Display) -> ScimError {
    ScimError::syntax(format!("the body: {error}"))
}
