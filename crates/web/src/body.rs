//! Reading request bodies: never more than the limit, never longer than the time there is for it.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;
use tokio::time::timeout;

/// How long a body may take to arrive, from its first byte to its last.
pub const ARRIVAL_LIMIT: Duration = Duration::from_mins(1);
/// The type of JSON bodies.
pub const JSON: &str = "application/json";
/// The type of form bodies.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body ended early or is not framed correctly")]
    Broken,
    #[error("the body must be {want} in UTF-8, without `Content-Encoding`")]
    MediaType { want: &'static str },
}

impl BodyError {
    /// The rest of the body is not read, so that an HTTP/1 connection cannot go on.
    pub fn ends_connection(self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::TooSlow | Self::Broken => true,
            Self::MediaType { .. } => false,
        }
    }
}

/// The whole body, if it is at most `limit_bytes` long and arrives within `within`.
pub async fn read(body: Body, limit_bytes: usize, within: Duration) -> Result<Bytes, BodyError> {
    let too_large = BodyError::TooLarge { limit_bytes };
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit_bytes) {
        return Err(too_large);
    }
    match timeout(within, Limited::new(body, limit_bytes).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

/// Refuses a body that does not say it is `want` (another charset than UTF-8 and any encoding are refused too).
pub fn require(headers: &HeaderMap, want: &'static str) -> Result<(), BodyError> {
    let refused = BodyError::MediaType { want };
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return Err(refused) };
    let mut parts = value.to_str().map_err(|_| refused)?.split(';').map(str::trim);
    let is_wanted = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(want));
    let is_plain =
        headers.get_all(header::CONTENT_ENCODING).iter().all(|encoding| encoding == "identity");
    if is_wanted && is_plain && parts.all(is_harmless) { Ok(()) } else { Err(refused) }
}

/// Whether a parameter of a media type leaves the text UTF-8.
fn is_harmless(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let charset = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset")
        || charset.eq_ignore_ascii_case("utf-8")
        || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use futures_util::stream;

    fn chunks(sizes: &[usize]) -> Body {
        let chunks: Vec<Result<Bytes, std::io::Error>> =
            sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect();
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_cut_at_its_limit_whether_or_not_it_announced_its_length() {
        let second = Duration::from_secs(1);
        assert_eq!(read(Body::from("12345"), 5, second).await.unwrap(), "12345");
        assert_eq!(read(chunks(&[2, 3]), 5, second).await.unwrap(), "xxxxx");
        assert_eq!(read(Body::empty(), 0, second).await.unwrap(), "");
        let refused = Err(BodyError::TooLarge { limit_bytes: 4 });
        assert_eq!(read(Body::from("12345"), 4, second).await, refused);
        assert_eq!(read(chunks(&[2, 3]), 4, second).await, refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(endless, 10, ARRIVAL_LIMIT).await, Err(BodyError::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from("x")),
            Err(std::io::Error::other("gone")),
        ]));
        assert_eq!(read(broken, 10, Duration::from_secs(1)).await, Err(BodyError::Broken));
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        let cases: [(&[&str], bool); 12] = [
            (&["application/json"], true),
            (&["Application/JSON; charset=UTF-8"], true),
            (&["application/json;charset=\"utf-8\""], true),
            (&["application/json; version=1"], true),
            (&["application/json; charset=iso-8859-1"], false),
            (&["application/json; charset = utf-16"], false),
            (&["application/jsonx"], false),
            (&["application/x-www-form-urlencoded"], false),
            (&["text/plain"], false),
            (&[""], false),
            (&[], false),
            (&["application/json", "application/json"], false),
        ];
        for (values, want) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, value.parse().unwrap());
            }
            assert_eq!(require(&headers, JSON).is_ok(), want, "{values:?}");
        }
    }

    #[test]
    fn an_encoded_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
        assert_eq!(require(&headers, JSON), Ok(()));
        headers.append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(require(&headers, JSON), Err(BodyError::MediaType { want: JSON }));
    }
}
