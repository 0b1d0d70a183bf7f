//! What went wrong with a file, as a problem.

use crate::files::OciFault;
use crate::problem::Problem;
use axum::http::StatusCode;
use dayend_files::FileName;
use dayend_service::files::{FileError, LinkRefused};
use dayend_wire::problem::ProblemCode;

/// The name in a path.
pub(super) fn named(text: &str) -> Result<FileName, Problem> {
    Ok(FileName::new(text).map_err(FileError::from)?)
}

impl From<OciFault> for Problem {
    fn from(fault: OciFault) -> Self {
        let code = match fault.status {
            _ if fault.code == "QuotaExceeded" => ProblemCode::InsufficientStorage,
            StatusCode::FORBIDDEN => ProblemCode::NotAllowed,
            StatusCode::NOT_FOUND => ProblemCode::NotFound,
            StatusCode::REQUEST_TIMEOUT => ProblemCode::RequestTimeout,
            StatusCode::CONFLICT => ProblemCode::WrongState,
            StatusCode::PRECONDITION_FAILED => ProblemCode::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::BodyTooLarge,
            StatusCode::INTERNAL_SERVER_ERROR => ProblemCode::Internal,
            StatusCode::SERVICE_UNAVAILABLE => ProblemCode::Unavailable,
            StatusCode::INSUFFICIENT_STORAGE => ProblemCode::InsufficientStorage,
            _ => ProblemCode::InvalidRequest,
        };
        let mut problem = Self::new(code, fault.message);
        if fault.status == StatusCode::RANGE_NOT_SATISFIABLE {
            problem = problem.with_status(fault.status);
        }
        problem.headers.extend(fault.headers);
        problem
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        OciFault::from(error).into()
    }
}

impl From<LinkRefused> for Problem {
    fn from(refused: LinkRefused) -> Self {
        match refused {
            LinkRefused::NotAllowed(refusal) => refusal.into(),
            LinkRefused::File(error) => error.into(),
        }
    }
}
