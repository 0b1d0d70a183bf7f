//! Problems (RFC 9457): the error bodies of every face but the external interface and the token endpoint.

use serde::{Deserialize, Serialize};

/// What kind of problem; each has a page in `docs/errors/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    InvalidRequest,
    NotAuthenticated,
    NotAllowed,
    NotFound,
    UnknownScope,
    MethodNotAllowed,
    RequestTimeout,
    WrongState,
    AlreadyInterrupted,
    NothingToRun,
    BodyTooLarge,
    UrlTooLong,
    UnsupportedMediaType,
    KeyReused,
    BadDefinitions,
    Internal,
    MethodUnknown,
    Busy,
    Unavailable,
}

impl ProblemCode {
    /// All codes.
    pub const ALL: [Self; 19] = [
        Self::InvalidRequest,
        Self::NotAuthenticated,
        Self::NotAllowed,
        Self::NotFound,
        Self::UnknownScope,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::WrongState,
        Self::AlreadyInterrupted,
        Self::NothingToRun,
        Self::BodyTooLarge,
        Self::UrlTooLong,
        Self::UnsupportedMediaType,
        Self::KeyReused,
        Self::BadDefinitions,
        Self::Internal,
        Self::MethodUnknown,
        Self::Busy,
        Self::Unavailable,
    ];

    /// The last part of `type`: `urn:dayend:problem:<code>`.
    pub fn as_str(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        self.facts().1
    }

    /// A sentence that is the same for every occurrence.
    pub fn title(self) -> &'static str {
        self.facts().2
    }

    /// The code in a `type` URN.
    pub fn from_type(urn: &str) -> Option<Self> {
        let name = urn.strip_prefix(TYPE_PREFIX)?;
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    #[rustfmt::skip]
    fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid-request", 400, "The request is not valid"),
            Self::NotAuthenticated => ("not-authenticated", 401, "A valid access token is required"),
            Self::NotAllowed => ("not-allowed", 403, "A right is missing"),
            Self::NotFound => ("not-found", 404, "It does not exist"),
            Self::UnknownScope => ("unknown-scope", 404, "The tenant, service or workspace does not exist"),
            Self::MethodNotAllowed => ("method-not-allowed", 405, "The method is not allowed here"),
            Self::RequestTimeout => ("request-timeout", 408, "The request arrived too slowly"),
            Self::WrongState => ("wrong-state", 409, "The run's state does not allow this"),
            Self::AlreadyInterrupted => ("already-interrupted", 409, "The run is already interrupted"),
            Self::NothingToRun => ("nothing-to-run", 409, "There is nothing to run"),
            Self::BodyTooLarge => ("body-too-large", 413, "The body is too large"),
            Self::UrlTooLong => ("url-too-long", 414, "The URL is too long"),
            Self::UnsupportedMediaType => ("unsupported-media-type", 415, "The body's type is not supported"),
            Self::KeyReused => ("key-reused", 422, "The idempotency key was used for another request"),
            Self::BadDefinitions => ("bad-definitions", 422, "The definitions have defects"),
            Self::Internal => ("internal", 500, "The server made a mistake"),
            Self::MethodUnknown => ("method-unknown", 501, "The method is not known"),
            Self::Busy => ("busy", 503, "The server has too much to do"),
            Self::Unavailable => ("unavailable", 503, "The server cannot do this now"),
        }
    }
}

/// What every `type` begins with.
const TYPE_PREFIX: &str = "urn:dayend:problem:";

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemBody {
    /// `urn:dayend:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// `urn:uuid:…`, the number to look for in the server's log; also in `X-Request-Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What is wrong with definitions, in the order of the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<ApiDefect>,
}

impl ProblemBody {
    /// A problem without an occurrence number.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            instance: None,
            defects: Vec::new(),
        }
    }

    /// The code, if this version knows it.
    pub fn code(&self) -> Option<ProblemCode> {
        ProblemCode::from_type(&self.kind)
    }
}

/// One thing wrong with (or, as a warning, odd about) a definition document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiDefect {
    /// The name of the file as sent.
    pub file: String,
    /// From 1; 0 if not known.
    pub line: u32,
    pub column: u32,
    /// `tasks[3].after[0]`; empty for a whole document.
    pub field: String,
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_its_own_name_that_leads_back_to_it() {
        let names: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            assert_eq!(ProblemBody::new(code, "x").code(), Some(code));
        }
        assert_eq!(ProblemCode::from_type("urn:dayend:problem:"), None);
        assert_eq!(ProblemCode::from_type("about:blank"), None);
    }

    #[test]
    fn every_code_has_a_page() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors/");
        for code in ProblemCode::ALL {
            let page = std::fs::read_to_string(format!("{pages}{}.md", code.as_str())).unwrap();
            assert!(page.starts_with(&format!("# {}\n", code.title())), "{}", code.as_str());
            assert!(page.contains(&format!("HTTP {}", code.status())), "{}", code.as_str());
        }
    }
}
