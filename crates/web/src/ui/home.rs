//! `/ui/v1/`: what people can do here.

use super::page::{Frame, page, unavailable};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    administrator: bool,
}

/// The list of pages.
pub(super) async fn home(visit: Visit) -> Response {
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, "/ui/v1/") };
    let response = match visit.app.service.identity().is_administrator(&session).await {
        Ok(administrator) => {
            page(StatusCode::OK, &Home { frame: Frame::for_visit(&visit), administrator })
        }
        Err(error) => unavailable(&visit.app, &error),
    };
    visit.answer(response)
}
