//! `GET /api/v1/schema`: what a definition may say.

use axum::http::{HeaderName, header};

/// Answers with the JSON Schema of definition documents. It is the same for everybody.
pub(in crate::api) async fn schema() -> ([(HeaderName, &'static str); 2], String) {
    let headers = [
        (header::CONTENT_TYPE, "application/schema+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, dayend_service::definitions::schema().to_string())
}
