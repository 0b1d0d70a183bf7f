//! Where the OAuth endpoints are.

use super::authorize::{authorize, authorize_posted};
use super::cors::preflight;
use super::device::device;
use super::discovery::{idcs, openid};
use super::introspect::introspect;
use super::logout::{log_out, log_out_posted};
use super::revoke::revoke;
use super::token::token;
use super::userinfo::userinfo;
use crate::app::App;
use axum::Router;
use axum::routing::{get, post};

/// `/oauth2/v1/…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/oauth2/v1/token", post(token).options(preflight))
        .route("/oauth2/v1/revoke", post(revoke))
        .route("/oauth2/v1/introspect", post(introspect))
        .route("/oauth2/v1/device", post(device))
        .route("/oauth2/v1/userinfo", get(userinfo).post(userinfo).options(preflight))
        .route("/oauth2/v1/authorize", get(authorize).post(authorize_posted))
        .route("/oauth2/v1/userlogout", get(log_out).post(log_out_posted))
        .route("/.well-known/openid-configuration", get(openid))
        .route("/.well-known/oauth-authorization-server", get(openid))
        .route("/.well-known/idcs-configuration", get(idcs))
}
