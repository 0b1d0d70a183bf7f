//! `application/problem+json` (RFC 9457): what `/api/v1` answers instead of a result.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The media type of a [`ProblemBody`].
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What stands before the code in `type`.
pub const TYPE_PREFIX: &str = "urn:dayend:problem:";

/// The catalogue of problems. Codes are stable: callers may branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    InvalidRequest,
    NotAuthenticated,
    NotAllowed,
    UnknownScope,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    NothingToRun,
    AlreadyInterrupted,
    WrongState,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    KeyReused,
    BadDefinitions,
    Busy,
    Internal,
    Unavailable,
    InsufficientStorage,
}

impl ProblemCode {
    /// The whole catalogue, by HTTP status.
    pub const ALL: [Self; 19] = [
        Self::InvalidRequest,
        Self::NotAuthenticated,
        Self::NotAllowed,
        Self::UnknownScope,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::NothingToRun,
        Self::AlreadyInterrupted,
        Self::WrongState,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::KeyReused,
        Self::BadDefinitions,
        Self::Busy,
        Self::Internal,
        Self::Unavailable,
        Self::InsufficientStorage,
    ];

    /// The code as it stands in `type` and `code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::NotAuthenticated => "not-authenticated",
            Self::NotAllowed => "not-allowed",
            Self::UnknownScope => "unknown-scope",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
            Self::NothingToRun => "nothing-to-run",
            Self::AlreadyInterrupted => "already-interrupted",
            Self::WrongState => "wrong-state",
            Self::PreconditionFailed => "precondition-failed",
            Self::BodyTooLarge => "body-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::KeyReused => "key-reused",
            Self::BadDefinitions => "bad-definitions",
            Self::Busy => "busy",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::InsufficientStorage => "insufficient-storage",
        }
    }

    /// The HTTP status that goes with it.
    pub fn http_status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::NotAuthenticated => 401,
            Self::NotAllowed => 403,
            Self::UnknownScope | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::NothingToRun | Self::AlreadyInterrupted | Self::WrongState => 409,
            Self::PreconditionFailed => 412,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::KeyReused | Self::BadDefinitions => 422,
            Self::Busy => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::InsufficientStorage => 507,
        }
    }

    /// The short text that is the same for every occurrence.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "Invalid request",
            Self::NotAuthenticated => "Not authenticated",
            Self::NotAllowed => "Not allowed",
            Self::UnknownScope => "Unknown tenant, service or workspace",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RequestTimeout => "Request not received in time",
            Self::NothingToRun => "Nothing to run",
            Self::AlreadyInterrupted => "Already interrupted",
            Self::WrongState => "Wrong state",
            Self::PreconditionFailed => "Condition does not hold",
            Self::BodyTooLarge => "Body too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::KeyReused => "Idempotency key used with another request",
            Self::BadDefinitions => "Definitions refused",
            Self::Busy => "Too many requests",
            Self::Internal => "Internal error",
            Self::Unavailable => "Not available now",
            Self::InsufficientStorage => "No room left",
        }
    }

    /// Whether the same request may succeed later without a change.
    pub fn retryable(self) -> bool {
        matches!(self, Self::RequestTimeout | Self::Busy | Self::Unavailable)
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// One occurrence of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// [`TYPE_PREFIX`] and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub code: ProblemCode,
    pub detail: String,
    /// Names the occurrence in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    pub retryable: bool,
    /// Every defect of refused definitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<ApiDefect>,
}

/// One thing wrong with a definition document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiDefect {
    pub file: String,
    /// From 1; 0 if not known.
    pub line: u32,
    pub column: u32,
    /// `tasks[3].after[0]`; empty for a whole document.
    pub field: String,
    pub problem: String,
}

impl ProblemBody {
    /// An occurrence of `code`, described by one sentence.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{code}"),
            title: code.title().to_owned(),
            status: code.http_status(),
            code,
            detail: detail.into(),
            instance: None,
            retryable: code.retryable(),
            defects: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_complete_and_its_codes_are_what_serde_writes() {
        let mut lines = Vec::new();
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            lines.push(format!("{} {code}: {}", code.http_status(), code.title()));
        }
        insta::assert_snapshot!(lines.join("\n"), @r"
        400 invalid-request: Invalid request
        401 not-authenticated: Not authenticated
        403 not-allowed: Not allowed
        404 unknown-scope: Unknown tenant, service or workspace
        404 not-found: Not found
        405 method-not-allowed: Method not allowed
        408 request-timeout: Request not received in time
        409 nothing-to-run: Nothing to run
        409 already-interrupted: Already interrupted
        409 wrong-state: Wrong state
        412 precondition-failed: Condition does not hold
        413 body-too-large: Body too large
        415 unsupported-media-type: Unsupported media type
        422 key-reused: Idempotency key used with another request
        422 bad-definitions: Definitions refused
        429 busy: Too many requests
        500 internal: Internal error
        503 unavailable: Not available now
        507 insufficient-storage: No room left
        ");
    }

    #[test]
    fn a_problem_without_extras_shows_none() {
        let problem = ProblemBody::new(ProblemCode::NotFound, "batch `NOPE` does not exist");
        insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap(), @r#"
        {
          "type": "urn:dayend:problem:not-found",
          "title": "Not found",
          "status": 404,
          "code": "not-found",
          "detail": "batch `NOPE` does not exist",
          "retryable": false
        }
        "#);
    }
}
