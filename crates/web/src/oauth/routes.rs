//! Where the OAuth endpoints are.

use super::token::token;
use crate::app::App;
use axum::Router;
use axum::routing::post;

/// `/oauth2/v1/…`.
pub fn router() -> Router<App> {
    Router::new().route("/oauth2/v1/token", post(token))
}
