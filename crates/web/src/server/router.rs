//! All faces put together.

use super::faces::Faces;
use super::fallback::{method_not_allowed, not_found};
use super::health;
use crate::app::App;
use crate::{admin, api, files, oauth, ui, unifier};
use axum::Router;

/// Everything that the server answers, at the root and below the base path.
pub fn faces(app: App) -> Faces {
    let faces = routes(&app);
    let everywhere = match app.settings.base_path.as_str() {
        "" => faces,
        base_path => Router::new().nest(base_path, faces.clone()).merge(faces),
    };
    let secure = app.settings.base_url.starts_with("https://");
    let router = everywhere.fallback(not_found).with_state(app.clone());
    Faces::new(router, app, secure)
}

/// Every route but the five calls of the interface, which are answered before any of these is looked for.
pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .merge(oauth::router())
        .merge(unifier::router(app))
        .merge(admin::router(app))
        .merge(ui::router())
        .merge(api::router(app))
        .merge(files::router())
        .method_not_allowed_fallback(method_not_allowed)
        .merge(health::router().method_not_allowed_fallback(method_not_allowed))
}

/// The same as a router, to be served by others or laid into another one.
pub fn router(app: App) -> Router {
    Router::new().fallback_service(faces(app))
}
