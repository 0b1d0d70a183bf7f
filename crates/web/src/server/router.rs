//! All faces under one router.

use super::fallback::{method_not_allowed, not_found};
use super::{health, layers};
use crate::app::App;
use crate::{admin, api, external, oauth};
use axum::Router;

/// Everything that the server answers, at the root and below the base path.
pub fn router(app: App) -> Router {
    let faces = Router::new()
        .merge(oauth::router())
        .merge(admin::router())
        .merge(api::router(&app))
        .method_not_allowed_fallback(method_not_allowed)
        .merge(external::router());
    let faces = layers::bounded(faces)
        .merge(health::router().method_not_allowed_fallback(method_not_allowed));
    let everywhere = match app.settings.base_path.as_str() {
        "" => faces,
        base_path => Router::new().nest(base_path, faces.clone()).merge(faces),
    };
    let secure = app.settings.base_url.starts_with("https://");
    layers::wrapped(everywhere.fallback(not_found).with_state(app), secure)
}
