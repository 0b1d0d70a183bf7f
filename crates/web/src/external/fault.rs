//! Why a call was not carried out: the guide's code, the HTTP status, and the sentence that says it.

use crate::authentication::Unauthenticated;
use crate::body::BodyError;
use crate::locale::Sentence;
use crate::sparing::Sparing;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use dayend_engine::codes::shortened;
use dayend_service::requests::Refusal;
use dayend_wire::codes::ResultCode;
use std::time::Instant;

/// While the store is away, every call is refused.
static UNAVAILABLE: Sparing = Sparing::new();

/// When to come again if the server cannot store or check.
const RETRY_AFTER_S: u64 = 5;
/// When to come again if too much is going on at once.
const OVERLOADED_RETRY_S: u64 = 1;
/// The longest sentence of the service that is passed on.
const REASON_MAX_CHARS: usize = 500;

/// The HTTP status of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Http {
    /// Callers that accept only 200 must see this one all the same.
    Always(StatusCode),
    /// A logical error: 200, and this one for strict callers.
    Strict(StatusCode),
}

/// A call that was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: ResultCode,
    pub(super) http: Http,
    pub(super) sentence: Sentence,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Fault {
    fn new(code: ResultCode, http: Http, sentence: Sentence) -> Self {
        Self { code, http, sentence, headers: Vec::new() }
    }

    /// `-4`: something in the body is wrong.
    pub(super) fn arguments(sentence: Sentence) -> Self {
        Self::new(ResultCode::InvalidArguments, Http::Strict(StatusCode::BAD_REQUEST), sentence)
    }

    /// `-5`: something in the headers is wrong.
    pub(super) fn headers(sentence: Sentence) -> Self {
        Self::new(ResultCode::InvalidHeaders, Http::Strict(StatusCode::BAD_REQUEST), sentence)
    }

    /// 405: the method is not POST.
    pub(super) fn method(method: &str) -> Self {
        let sentence = Sentence::MethodNotAllowed { method: shortened(method) };
        Self::new(ResultCode::Failure, Http::Always(StatusCode::METHOD_NOT_ALLOWED), sentence)
    }

    /// 5xx: the call was not looked at, and may be repeated.
    pub(super) fn outside(status: StatusCode) -> Self {
        let mut fault = Self::new(ResultCode::Failure, Http::Always(status), Sentence::Unavailable);
        fault.headers.push((header::RETRY_AFTER, HeaderValue::from(1_u64)));
        fault
    }

    fn conflict(code: ResultCode, sentence: Sentence) -> Self {
        Self::new(code, Http::Strict(StatusCode::CONFLICT), sentence)
    }

    fn unprocessable(sentence: Sentence) -> Self {
        Self::new(
            ResultCode::InvalidArguments,
            Http::Strict(StatusCode::UNPROCESSABLE_ENTITY),
            sentence,
        )
    }

    /// 429: the caller asked more often than it may.
    fn too_many(retry_after_s: u64) -> Self {
        let http = Http::Always(StatusCode::TOO_MANY_REQUESTS);
        Self::new(ResultCode::Failure, http, Sentence::TooMany { seconds: retry_after_s })
            .with(header::RETRY_AFTER, HeaderValue::from(retry_after_s))
    }

    /// 503: more is asked of the server than it can do.
    fn overloaded() -> Self {
        let http = Http::Always(StatusCode::SERVICE_UNAVAILABLE);
        Self::new(ResultCode::Failure, http, Sentence::Overloaded)
            .with(header::RETRY_AFTER, HeaderValue::from(OVERLOADED_RETRY_S))
    }

    /// The reason is for the log only: it may name files, hosts and statements.
    fn unavailable(reason: &str) -> Self {
        if let Some(left_out) = UNAVAILABLE.line(Instant::now()) {
            tracing::warn!(reason, left_out, "a call of the external interface was answered 503");
        }
        let http = Http::Always(StatusCode::SERVICE_UNAVAILABLE);
        Self::new(ResultCode::Failure, http, Sentence::Unavailable)
            .with(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S))
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ForeignScope => Self::headers(Sentence::UnknownScope),
            Refusal::NotAllowed { who, function, scope } => Self::new(
                ResultCode::Failure,
                Http::Always(StatusCode::FORBIDDEN),
                Sentence::NotAllowed {
                    who: reason(&who),
                    function: reason(&function),
                    scope: reason(&scope),
                },
            ),
            Refusal::Invalid { key, problem } => {
                Self::arguments(Sentence::Invalid { key: reason(&key), problem: reason(&problem) })
            }
            Refusal::NotFound { what, id } => Self::new(
                ResultCode::NotFound,
                Http::Strict(StatusCode::NOT_FOUND),
                Sentence::NotFound { what: what.replace(' ', "-"), id: reason(&id) },
            ),
            Refusal::NothingToRun(why) => Self::conflict(
                ResultCode::NothingToRun,
                Sentence::NothingToRun { reason: reason(&why) },
            ),
            Refusal::AlreadyInterrupted(run) => Self::conflict(
                ResultCode::AlreadyInterrupted,
                Sentence::AlreadyInterrupted { run: run.to_string() },
            ),
            Refusal::WrongState(why) => Self::conflict(
                ResultCode::WrongState,
                Sentence::WrongState { reason: reason(&why) },
            ),
            Refusal::KeyReused(key) => {
                Self::unprocessable(Sentence::KeyReused { key: reason(&key) })
            }
            Refusal::TooMany { retry_after_s } => Self::too_many(retry_after_s),
            Refusal::Overloaded => Self::overloaded(),
            Refusal::Unavailable(why) => Self::unavailable(&why),
            Refusal::BadDefinitions(defects) => {
                Self::unprocessable(Sentence::DefinitionsRefused { count: defects.len() })
            }
        }
    }
}

impl From<Unauthenticated> for Fault {
    fn from(refused: Unauthenticated) -> Self {
        let sentence = match &refused {
            Unauthenticated::Missing => Sentence::TokenMissing,
            Unauthenticated::Invalid => Sentence::TokenInvalid,
            Unauthenticated::Repeated => Sentence::TokenRepeated,
            Unauthenticated::Narrow => Sentence::TokenNarrow,
            Unauthenticated::Unavailable(why) => return Self::unavailable(why),
        };
        let status = match refused {
            Unauthenticated::Narrow => StatusCode::FORBIDDEN,
            Unauthenticated::Missing
            | Unauthenticated::Invalid
            | Unauthenticated::Repeated
            | Unauthenticated::Unavailable(_) => StatusCode::UNAUTHORIZED,
        };
        let mut fault = Self::new(ResultCode::Failure, Http::Always(status), sentence);
        fault
            .headers
            .extend(refused.challenge().map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        fault
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        let (http, sentence) = match error {
            BodyError::TooLarge { limit_bytes } => (
                Http::Always(StatusCode::PAYLOAD_TOO_LARGE),
                Sentence::BodyTooLarge { limit: limit_bytes },
            ),
            BodyError::TooSlow => {
                (Http::Always(StatusCode::REQUEST_TIMEOUT), Sentence::BodyTooSlow)
            }
            BodyError::NoRoom => {
                let close = HeaderValue::from_static("close");
                return Self::overloaded().with(header::CONNECTION, close);
            }
            BodyError::Broken => (Http::Strict(StatusCode::BAD_REQUEST), Sentence::BodyBroken),
            BodyError::MediaType { .. } => {
                (Http::Always(StatusCode::UNSUPPORTED_MEDIA_TYPE), Sentence::NotJsonType)
            }
        };
        let fault = Self::new(ResultCode::InvalidArguments, http, sentence);
        if error.ends_connection() {
            fault.with(header::CONNECTION, HeaderValue::from_static("close"))
        } else {
            fault
        }
    }
}

/// A text of the service, with control characters made visible and cut to what an answer may repeat.
fn reason(text: &str) -> String {
    let mut short: String = text.chars().take(REASON_MAX_CHARS).flat_map(visible).collect();
    if text.chars().nth(REASON_MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn visible(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_unicode().collect() } else { vec![letter] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_service::requests::Defect;

    #[test]
    fn every_refusal_has_the_code_of_the_guide_and_a_status_for_strict_callers() {
        let run = || "EOD_2026-10-30_1793318400000_1".parse().unwrap();
        let text = |text: &str| text.to_owned();
        let defect =
            Defect { file: text("f"), line: 1, column: 1, field: text(""), problem: text("p") };
        let not_allowed = Refusal::NotAllowed {
            who: text("anna"),
            function: "BATCH_EXEC".to_owned(),
            scope: text("T/S/W"),
        };
        let invalid = Refusal::Invalid { key: text("heldTasks"), problem: text("T9 is no task") };
        let missing = Refusal::NotFound { what: "batch", id: text("NOPE") };
        #[rustfmt::skip]
        let cases = [
            (Refusal::ForeignScope,                 "-5", Http::Strict(StatusCode::BAD_REQUEST)),
            (not_allowed,                           "-1", Http::Always(StatusCode::FORBIDDEN)),
            (invalid,                               "-4", Http::Strict(StatusCode::BAD_REQUEST)),
            (missing,                               "-3", Http::Strict(StatusCode::NOT_FOUND)),
            (Refusal::NothingToRun(text("x")),      "-6", Http::Strict(StatusCode::CONFLICT)),
            (Refusal::AlreadyInterrupted(run()),    "-7", Http::Strict(StatusCode::CONFLICT)),
            (Refusal::WrongState(text("x")),        "-8", Http::Strict(StatusCode::CONFLICT)),
            (Refusal::KeyReused(text("x")),         "-4", Http::Strict(StatusCode::UNPROCESSABLE_ENTITY)),
            (Refusal::TooMany { retry_after_s: 2 }, "-1", Http::Always(StatusCode::TOO_MANY_REQUESTS)),
            (Refusal::Overloaded,                   "-1", Http::Always(StatusCode::SERVICE_UNAVAILABLE)),
            (Refusal::Unavailable(text("x")),       "-1", Http::Always(StatusCode::SERVICE_UNAVAILABLE)),
            (Refusal::BadDefinitions(vec![defect]), "-4", Http::Strict(StatusCode::UNPROCESSABLE_ENTITY)),
        ];
        for (refusal, code, http) in cases {
            let shown = format!("{refusal:?}");
            let fault = Fault::from(refusal);
            assert_eq!((fault.code.as_str(), fault.http), (code, http), "{shown}");
        }
    }

    #[test]
    fn a_fault_of_the_store_is_told_without_its_reason() {
        let fault = Fault::from(Refusal::Unavailable("disk I/O error in /var/lib/x".to_owned()));
        assert_eq!(fault.sentence, Sentence::Unavailable);
        assert_eq!(fault.headers, [(header::RETRY_AFTER, HeaderValue::from_static("5"))]);
        assert_eq!(Fault::from(Unauthenticated::Unavailable("x".to_owned())), fault);
    }

    #[test]
    fn who_is_turned_away_is_told_when_to_come_again() {
        let retry = |refusal: Refusal| {
            let headers = Fault::from(refusal).headers;
            headers.iter().find(|(name, _)| *name == header::RETRY_AFTER).unwrap().1.clone()
        };
        assert_eq!(retry(Refusal::TooMany { retry_after_s: 7 }), "7");
        assert_eq!(retry(Refusal::Overloaded), "1");
    }

    #[test]
    fn no_token_and_a_bad_token_are_401_with_a_challenge() {
        for refused in
            [Unauthenticated::Missing, Unauthenticated::Invalid, Unauthenticated::Repeated]
        {
            let fault = Fault::from(refused);
            assert_eq!(
                (fault.code, fault.http),
                (ResultCode::Failure, Http::Always(StatusCode::UNAUTHORIZED))
            );
            assert!(
                fault.headers.iter().any(|(name, _)| name == header::WWW_AUTHENTICATE),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn what_the_service_repeats_of_the_caller_is_cut_and_made_visible() {
        assert_eq!(reason("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(reason(&"x".repeat(501)), format!("{}…", "x".repeat(500)));
    }
}
