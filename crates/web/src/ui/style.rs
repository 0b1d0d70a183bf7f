//! `GET /ui/v1/style.css`: how the pages look.

use axum::http::{HeaderName, header};

/// One file for all pages, with nothing from elsewhere.
const STYLE: &str = include_str!("../../templates/style.css");

/// Answers with the style sheet; browsers keep it for an hour.
pub(super) async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, STYLE)
}
