//! What went wrong, as `application/problem+json` (RFC 9457).

use crate::authentication::Unauthenticated;
use crate::body::BodyError;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_service::requests::{Defect, Refusal};
use dayend_wire::problem::{ApiDefect, MEDIA_TYPE, ProblemBody, ProblemCode};

/// Defects in one answer; the rest is only counted.
const DEFECTS_MAX: usize = 1000;
/// When to come again if storing or checking was impossible.
const UNAVAILABLE_RETRY_S: u64 = 5;
/// When to come again if too much is going on at once.
const OVERLOADED_RETRY_S: u64 = 1;

/// An error answer. Its occurrence number is filled in by the server's outermost layer, which also logs 5xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub body: Box<ProblemBody>,
    /// `WWW-Authenticate`, `Retry-After` and the like.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only: it may name files, statements or hosts.
    pub reason: Option<String>,
}

impl Problem {
    /// A problem with what happened this time.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let body = Box::new(ProblemBody::new(code, detail));
        let problem = Self { body, headers: Vec::new(), reason: None };
        if code == ProblemCode::Unavailable {
            problem.retry_after(UNAVAILABLE_RETRY_S)
        } else {
            problem
        }
    }

    /// 400 for the request's key (or parameter, or header) `key`.
    pub fn invalid(key: &str, problem: impl std::fmt::Display) -> Self {
        Self::new(ProblemCode::InvalidRequest, format!("`{key}`: {problem}"))
    }

    /// 500: our own mistake, told without details.
    pub fn internal() -> Self {
        Self::new(
            ProblemCode::Internal,
            "the server's log tells more under the number in `instance`",
        )
    }

    /// 503: more requests at once than the server takes.
    pub fn overloaded() -> Self {
        let body =
            Box::new(ProblemBody::new(ProblemCode::Unavailable, "the server has too much to do"));
        let problem = Self { body, headers: Vec::new(), reason: None };
        problem.retry_after(OVERLOADED_RETRY_S)
    }

    /// 503: something that the request needs is away; why is for the log.
    fn unavailable(reason: String) -> Self {
        let mut problem =
            Self::new(ProblemCode::Unavailable, "the server cannot do this now, try again later");
        problem.reason = Some(reason);
        problem
    }

    /// 414. The catalogue's code is the general one, only the status tells more.
    pub fn url_too_long(limit_bytes: usize) -> Self {
        let problem = Self::new(
            ProblemCode::InvalidRequest,
            format!("the URL is longer than {limit_bytes} bytes"),
        );
        problem.with_status(StatusCode::URI_TOO_LONG)
    }

    /// 431. The catalogue's code is the general one, only the status tells more.
    pub fn headers_too_large(limit_bytes: usize) -> Self {
        let problem = Self::new(
            ProblemCode::InvalidRequest,
            format!("the headers are larger than {limit_bytes} bytes"),
        );
        problem.with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    }

    /// The same code with a status that tells more.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.body.status = status.as_u16();
        self
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    /// The connection ends with it.
    fn closing(mut self) -> Self {
        self.headers.push((header::CONNECTION, HeaderValue::from_static("close")));
        self
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = serde_json::to_string(&self.body).unwrap_or_else(|_| "{}".to_owned());
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        // The outermost layer writes the body anew when it knows the occurrence number.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let code = match refusal {
            Refusal::ForeignScope => ProblemCode::UnknownScope,
            Refusal::NotAllowed { .. } => ProblemCode::NotAllowed,
            Refusal::Invalid { .. } => ProblemCode::InvalidRequest,
            Refusal::NotFound { .. } => ProblemCode::NotFound,
            Refusal::NothingToRun(_) => ProblemCode::NothingToRun,
            Refusal::AlreadyInterrupted(_) => ProblemCode::AlreadyInterrupted,
            Refusal::WrongState(_) => ProblemCode::WrongState,
            Refusal::KeyReused(_) => ProblemCode::KeyReused,
            Refusal::TooMany { retry_after_s } => {
                return Self::new(ProblemCode::Busy, detail).retry_after(retry_after_s);
            }
            Refusal::Overloaded => return Self::overloaded(),
            Refusal::Unavailable(reason) => return Self::unavailable(reason),
            Refusal::BadDefinitions(defects) => return bad_definitions(defects),
        };
        Self::new(code, detail)
    }
}

fn bad_definitions(defects: Vec<Defect>) -> Problem {
    let count = defects.len();
    let detail = match count {
        1 => "1 defect was found, nothing was stored".to_owned(),
        _ if count > DEFECTS_MAX => format!(
            "{count} defects were found, the first {DEFECTS_MAX} are told, nothing was stored"
        ),
        _ => format!("{count} defects were found, nothing was stored"),
    };
    let mut problem = Problem::new(ProblemCode::BadDefinitions, detail);
    problem.body.defects = defects.into_iter().take(DEFECTS_MAX).map(to_wire).collect();
    problem
}

/// A defect as it is told to callers.
pub(crate) fn to_wire(defect: Defect) -> ApiDefect {
    let Defect { file, line, column, field, problem } = defect;
    ApiDefect { file, line, column, field, problem }
}

impl From<Unauthenticated> for Problem {
    fn from(refused: Unauthenticated) -> Self {
        let (detail, challenge) = (refused.to_string(), refused.challenge());
        let code = match refused {
            Unauthenticated::Missing | Unauthenticated::Invalid => ProblemCode::NotAuthenticated,
            Unauthenticated::Repeated => ProblemCode::InvalidRequest,
            Unauthenticated::Narrow => ProblemCode::NotAllowed,
            Unauthenticated::Unavailable(reason) => return Self::unavailable(reason),
        };
        let mut problem = Self::new(code, detail);
        problem.headers.extend(challenge.map(|value| (header::WWW_AUTHENTICATE, value)));
        problem
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge { .. } => ProblemCode::BodyTooLarge,
            BodyError::TooSlow => ProblemCode::RequestTimeout,
            BodyError::Broken => ProblemCode::InvalidRequest,
            BodyError::MediaType { .. } => ProblemCode::UnsupportedMediaType,
            BodyError::NoRoom => return Self::overloaded().closing(),
        };
        let problem = Self::new(code, error.to_string());
        if error.ends_connection() { problem.closing() } else { problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn shown(problem: impl Into<Problem>) -> String {
        let response = problem.into().into_response();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let headers: Vec<String> = parts
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
            .collect();
        format!(
            "{}\n{}{}",
            parts.status,
            headers.concat(),
            String::from_utf8(body.to_vec()).unwrap()
        )
    }

    #[test]
    fn every_refusal_has_its_status() {
        let text = || "x".to_owned();
        let run = || "EOD_2026-10-30_1_1".parse().unwrap();
        let cases = [
            (Refusal::ForeignScope, 404, "unknown-scope"),
            (
                Refusal::NotAllowed {
                    who: text(),
                    function: "BATCH_EXEC".to_owned(),
                    scope: text(),
                },
                403,
                "not-allowed",
            ),
            (Refusal::Invalid { key: text(), problem: text() }, 400, "invalid-request"),
            (Refusal::NotFound { what: "run", id: text() }, 404, "not-found"),
            (Refusal::NothingToRun(text()), 409, "nothing-to-run"),
            (Refusal::AlreadyInterrupted(run()), 409, "already-interrupted"),
            (Refusal::WrongState(text()), 409, "wrong-state"),
            (Refusal::KeyReused(text()), 422, "key-reused"),
            (Refusal::TooMany { retry_after_s: 2 }, 429, "busy"),
            (Refusal::Overloaded, 503, "unavailable"),
            (Refusal::Unavailable(text()), 503, "unavailable"),
            (Refusal::BadDefinitions(Vec::new()), 422, "bad-definitions"),
        ];
        for (refusal, status, code) in cases {
            let problem = Problem::from(refusal);
            assert_eq!((problem.body.status, problem.body.code.as_str()), (status, code));
        }
    }

    #[tokio::test]
    async fn refused_definitions_name_every_defect() {
        let defect = |line| Defect {
            file: "night.yaml".to_owned(),
            line,
            column: 3,
            field: "tasks[0].after[0]".to_owned(),
            problem: "no task `X`".to_owned(),
        };
        let many = (0..=1000).map(defect).collect();
        let Problem { body, .. } = Refusal::BadDefinitions(many).into();
        assert_eq!(
            (body.defects.len(), body.detail.as_str()),
            (1000, "1001 defects were found, the first 1000 are told, nothing was stored")
        );
        insta::assert_snapshot!(shown(Refusal::BadDefinitions(vec![defect(7)])).await, @r#"
        422 Unprocessable Entity
        content-type: application/problem+json
        cache-control: no-store
        {"type":"urn:dayend:problem:bad-definitions","title":"Definitions refused","status":422,"code":"bad-definitions","detail":"1 defect was found, nothing was stored","retryable":false,"defects":[{"file":"night.yaml","line":7,"column":3,"field":"tasks[0].after[0]","problem":"no task `X`"}]}
        "#);
    }

    #[tokio::test]
    async fn problems_carry_the_headers_that_their_status_calls_for() {
        let answers = [
            shown(Unauthenticated::Missing).await,
            shown(Unauthenticated::Repeated).await,
            shown(Unauthenticated::Unavailable("the disk is full".to_owned())).await,
            shown(BodyError::TooLarge { limit_bytes: 1024 }).await,
            shown(BodyError::MediaType { want: "application/json" }).await,
            shown(Problem::url_too_long(8192)).await,
            shown(Refusal::Overloaded).await,
            shown(Refusal::TooMany { retry_after_s: 2 }).await,
        ];
        insta::assert_snapshot!(answers.join("\n\n"), @r#"
        401 Unauthorized
        content-type: application/problem+json
        cache-control: no-store
        www-authenticate: Bearer realm="dayend"
        {"type":"urn:dayend:problem:not-authenticated","title":"Not authenticated","status":401,"code":"not-authenticated","detail":"an access token is required: send `Authorization: Bearer <token>`","retryable":false}

        400 Bad Request
        content-type: application/problem+json
        cache-control: no-store
        www-authenticate: Bearer realm="dayend", error="invalid_request"
        {"type":"urn:dayend:problem:invalid-request","title":"Invalid request","status":400,"code":"invalid-request","detail":"the request has more than one `Authorization` header","retryable":false}

        503 Service Unavailable
        content-type: application/problem+json
        cache-control: no-store
        retry-after: 5
        {"type":"urn:dayend:problem:unavailable","title":"Not available now","status":503,"code":"unavailable","detail":"the server cannot do this now, try again later","retryable":true}

        413 Payload Too Large
        content-type: application/problem+json
        cache-control: no-store
        connection: close
        {"type":"urn:dayend:problem:body-too-large","title":"Body too large","status":413,"code":"body-too-large","detail":"the body is larger than 1024 bytes","retryable":false}

        415 Unsupported Media Type
        content-type: application/problem+json
        cache-control: no-store
        {"type":"urn:dayend:problem:unsupported-media-type","title":"Unsupported media type","status":415,"code":"unsupported-media-type","detail":"the body must be application/json in UTF-8, without `Content-Encoding`","retryable":false}

        414 URI Too Long
        content-type: application/problem+json
        cache-control: no-store
        {"type":"urn:dayend:problem:invalid-request","title":"Invalid request","status":414,"code":"invalid-request","detail":"the URL is longer than 8192 bytes","retryable":false}

        503 Service Unavailable
        content-type: application/problem+json
        cache-control: no-store
        retry-after: 1
        {"type":"urn:dayend:problem:unavailable","title":"Not available now","status":503,"code":"unavailable","detail":"the server has too much to do","retryable":true}

        429 Too Many Requests
        content-type: application/problem+json
        cache-control: no-store
        retry-after: 2
        {"type":"urn:dayend:problem:busy","title":"Too many requests","status":429,"code":"busy","detail":"there are too many requests of yours","retryable":true}
        "#);
    }

    #[test]
    fn every_problem_has_its_page() {
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        for code in ProblemCode::ALL {
            let page = std::fs::read_to_string(format!("{pages}/{code}.md")).unwrap();
            assert!(page.starts_with(&format!("# {}\n", code.title())), "{code}");
            assert!(
                page.contains(&format!("`urn:dayend:problem:{code}`, HTTP {}", code.http_status())),
                "{code}"
            );
        }
        let index = std::fs::read_to_string(format!("{pages}/README.md")).unwrap();
        for code in ProblemCode::ALL {
            assert!(index.contains(&format!("({code}.md)")), "{code} is missing in the index");
        }
        let count = std::fs::read_dir(pages).unwrap().count();
        assert_eq!(count, ProblemCode::ALL.len() + 1, "a page without a problem");
    }
}
