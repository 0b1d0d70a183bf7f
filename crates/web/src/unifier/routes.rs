//! Where the calls are.

use super::token::{first_version, not_a_get, second_version};
use crate::app::App;
use axum::Router;
use axum::routing::get;

/// `/ws/rest/service/…`; nothing at all unless an app is set for it.
pub(crate) fn router(app: &App) -> Router<App> {
    if app.settings.unifier_client.is_none() {
        return Router::new();
    }
    // A HEAD would issue a token and throw it away.
    Router::new()
        .route("/ws/rest/service/v1/oauth/token", get(first_version).head(not_a_get))
        .route("/ws/rest/service/v2/auth/token", get(second_version).head(not_a_get))
}
