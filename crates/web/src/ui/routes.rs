//! Where the pages are.

use super::{apps, consent, consents, device, home, password, personal, reset, sign_in, style};
use crate::app::App;
use axum::Router;
use axum::routing::{get, post};

/// `/ui/v1/…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/ui/v1/style.css", get(style::style))
        .route("/ui/v1/", get(home::home))
        .route("/ui/v1/signin", get(sign_in::show).post(sign_in::log_in))
        .route("/ui/v1/consent", post(consent::decide))
        .route("/ui/v1/consents", get(consents::show).post(consents::withdraw))
        .route("/ui/v1/device", get(device::show).post(device::decide))
        .route("/ui/v1/tokens", get(personal::show).post(personal::generate))
        .route("/ui/v1/password", get(password::show).post(password::change))
        .route("/ui/v1/reset", get(reset::show).post(reset::ask))
        .route("/ui/v1/reset/{link}", get(reset::choose).post(reset::set))
        .route("/ui/v1/apps", get(apps::list))
        .route("/ui/v1/apps/{client_id}", get(apps::show).post(apps::renew))
}
