//! What is answered where nothing else answers.

use crate::problem::Problem;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_wire::problem::ProblemCode;

/// 404.
pub(super) async fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound, "there is nothing at this path")
}

/// 405; the router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(
        ProblemCode::MethodNotAllowed,
        format!("{method} is not among the methods in `Allow`"),
    )
}

/// Turns the 405 of an `OPTIONS` request, which has the right `Allow`, into its answer.
pub(super) fn answer_options(response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    match response.headers().get(header::ALLOW).cloned() {
        Some(allow) => (StatusCode::NO_CONTENT, [(header::ALLOW, allow)]).into_response(),
        None => response,
    }
}
