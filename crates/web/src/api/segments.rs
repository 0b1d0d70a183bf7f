//! The parts of a path that name runs, tasks and tokens.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use dayend_wire::problem::ProblemCode;
use serde::de::DeserializeOwned;

/// As [`Path`], but what cannot be decoded is a problem like any other.
#[derive(Clone, Debug)]
pub(super) struct Segments<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let decoded = Path::from_request_parts(parts, state).await;
        decoded.map(|Path(segments)| Self(segments)).map_err(|_| {
            Problem::new(
                ProblemCode::InvalidRequest,
                "a part of the path is not percent-encoded UTF-8",
            )
        })
    }
}
