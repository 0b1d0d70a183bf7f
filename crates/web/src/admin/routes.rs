//! Where the administrative endpoints are.

use super::authority::authority;
use super::signing_cert::signing_cert;
use crate::app::App;
use axum::Router;
use axum::routing::get;

/// `/admin/v1/…` and `/ca.pem`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/admin/v1/SigningCert/jwk", get(signing_cert))
        .route("/ca.pem", get(authority))
}
