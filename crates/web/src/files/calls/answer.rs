//! What the calls answer: a payload, or the envelope of the scheduler's errors.

use crate::body::BodyError;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_service::files::{FileError, LinkRefused};
use dayend_wire::codes::ResultCode;
use dayend_wire::external::{CallStatus, ErrorAnswer, Severity};
use dayend_wire::problem::ProblemCode;
use serde::Serialize;

/// A call that was refused or failed.
#[derive(Debug)]
pub(in crate::files) struct CallFault {
    status: StatusCode,
    code: ResultCode,
    summary: String,
    details: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl CallFault {
    /// 400, `-4`: something in the body or the query is wrong.
    pub(super) fn arguments(details: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ResultCode::InvalidArguments,
            "Invalid arguments.",
            details,
        )
    }

    /// 400, `-5`: the path names another tenant than the token.
    pub(super) fn foreign_tenant() -> Self {
        let details = "The path must begin with the tenant of the access token.";
        Self::new(StatusCode::BAD_REQUEST, ResultCode::InvalidHeaders, "Invalid headers.", details)
    }

    /// 409, `-8`
    pub(super) fn not_uploaded(number: u64) -> Self {
        let details = format!("The file {number} has not been uploaded.");
        Self::new(
            StatusCode::CONFLICT,
            ResultCode::WrongState,
            "The file is not there yet.",
            details,
        )
    }

    fn new(
        status: StatusCode,
        code: ResultCode,
        summary: &str,
        details: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            summary: summary.to_owned(),
            details: details.into(),
            headers: Vec::new(),
        }
    }
}

/// An answer without blanks.
pub(super) fn compact(answer: &impl Serialize) -> Response {
    let text = serde_json::to_vec(answer).expect("answers are structs of texts and numbers");
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl IntoResponse for CallFault {
    fn into_response(self) -> Response {
        let mut response = compact(&ErrorAnswer {
            severity: Severity::Error,
            summary: self.summary,
            batch_run_id: None,
            details: self.details,
            status: CallStatus::Failed,
            status_code: self.code,
        });
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Token, scope and rights are checked as everywhere.
impl From<Problem> for CallFault {
    fn from(problem: Problem) -> Self {
        let status =
            StatusCode::from_u16(problem.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (code, status) = if problem.body.code == ProblemCode::UnknownScope {
            (ResultCode::InvalidHeaders, StatusCode::BAD_REQUEST)
        } else if problem.body.code == ProblemCode::InvalidRequest {
            (ResultCode::InvalidHeaders, status)
        } else {
            (ResultCode::Failure, status)
        };
        if let Some(reason) = &problem.reason {
            tracing::warn!(reason, "a call about files failed");
        }
        let mut fault = Self::new(
            status,
            code,
            &format!("{}.", problem.body.title),
            problem.body.detail.clone(),
        );
        fault.headers = problem.headers;
        fault
    }
}

impl From<LinkRefused> for CallFault {
    fn from(refused: LinkRefused) -> Self {
        match refused {
            LinkRefused::NotAllowed(refusal) => Problem::from(refusal).into(),
            LinkRefused::File(error) => error.into(),
        }
    }
}

impl From<FileError> for CallFault {
    fn from(error: FileError) -> Self {
        use StatusCode as Http;
        let (status, code, summary) = match &error {
            FileError::Name(_) | FileError::Invalid(_) => {
                (Http::BAD_REQUEST, ResultCode::InvalidArguments, "Invalid arguments.")
            }
            FileError::TooLarge { .. } => {
                (Http::PAYLOAD_TOO_LARGE, ResultCode::InvalidArguments, "The file is too large.")
            }
            FileError::NotFound { .. } => {
                (Http::NOT_FOUND, ResultCode::NotFound, "Object does not exist.")
            }
            FileError::Quota(_) | FileError::Full => {
                (Http::INSUFFICIENT_STORAGE, ResultCode::Failure, "There is no room.")
            }
            FileError::Denied(_) => (Http::FORBIDDEN, ResultCode::Failure, "This is not allowed."),
            FileError::Size { .. }
            | FileError::Checksum(_)
            | FileError::Condition(_)
            | FileError::Conflict(_) => {
                (Http::CONFLICT, ResultCode::WrongState, "The file is in another state.")
            }
            FileError::Damaged(_) => {
                (Http::INTERNAL_SERVER_ERROR, ResultCode::Failure, "The file is damaged.")
            }
            FileError::Busy | FileError::Unavailable(_) => {
                tracing::warn!(reason = %error, "a call about files was answered 503");
                let details = "The server cannot do this now: repeat the request a little later.";
                let mut fault = Self::new(
                    Http::SERVICE_UNAVAILABLE,
                    ResultCode::Failure,
                    "The server is not available.",
                    details,
                );
                fault.headers.push((header::RETRY_AFTER, HeaderValue::from_static("5")));
                return fault;
            }
        };
        Self::new(status, code, summary, error.to_string())
    }
}

impl From<BodyError> for CallFault {
    fn from(error: BodyError) -> Self {
        let mut fault = Self::from(Problem::from(error));
        fault.code = ResultCode::InvalidArguments;
        fault
    }
}
