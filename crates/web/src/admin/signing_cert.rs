//! `GET /admin/v1/SigningCert/jwk`: the public signing keys.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::Value;

/// Answers with the JWK set. Keys overlap when they are rotated, so verifiers may keep it for a while.
pub(super) async fn signing_cert(
    State(app): State<App>,
) -> ([(HeaderName, &'static str); 2], Json<Value>) {
    // Public keys are for pages of all origins.
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(app.service.jwks()))
}
