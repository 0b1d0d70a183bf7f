//! Reading request bodies: never more than the limit, never longer than the time there is for it.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::timeout;

/// How long a body may take to arrive, from its first byte to its last.
pub const ARRIVAL_LIMIT: Duration = Duration::from_mins(1);
/// So much of a body that is too large is thrown away before it is refused, for so long: a peer that is still sending would
/// otherwise see its connection reset instead of the answer.
const DISCARD_MAX_BYTES: usize = 32 * 1024 * 1024;
const DISCARD_LIMIT: Duration = Duration::from_secs(2);
/// Who sends nothing for so long waits for the answer already.
const SILENCE: Duration = Duration::from_millis(200);
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

/// The whole body behind these headers, if it is at most `limit_bytes` long and arrives within `within`.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
    within: Duration,
) -> Result<Bytes, BodyError> {
    let mut bytes = BytesMut::new();
    each(headers, body, limit_bytes, within, &mut bytes).await?;
    Ok(bytes.freeze())
}

/// Where the pieces of a body go.
pub trait Sink: Send {
    /// Takes the next piece.
    fn take(&mut self, data: Bytes) -> impl Future<Output = ()> + Send;
}

impl Sink for BytesMut {
    async fn take(&mut self, data: Bytes) {
        self.extend_from_slice(&data);
    }
}

/// As [`read`], but hands the body on piece by piece.
pub async fn each(
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
    within: Duration,
    sink: &mut impl Sink,
) -> Result<(), BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit_bytes {
        // Who asked first is told before anything is sent.
        let asked = headers.contains_key(header::EXPECT);
        return refused((!asked).then_some(body), limit_bytes).await;
    }
    match timeout(within, handed_on(body, limit_bytes, sink)).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Err(Unread::Broken)) => Err(BodyError::Broken),
        Ok(Err(Unread::TooLarge(rest))) => refused(Some(rest), limit_bytes).await,
        Ok(Ok(())) => Ok(()),
    }
}

/// Why a body was not read to its end.
enum Unread {
    Broken,
    /// With what there is of it after the limit.
    TooLarge(Body),
}

async fn handed_on(mut body: Body, limit_bytes: usize, sink: &mut impl Sink) -> Result<(), Unread> {
    let mut left = limit_bytes;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        let Some(less) = left.checked_sub(data.len()) else { return Err(Unread::TooLarge(body)) };
        left = less;
        sink.take(data).await;
    }
    Ok(())
}

/// Reads what is left of a body that is too large, within bounds.
async fn refused<T>(rest: Option<Body>, limit_bytes: usize) -> Result<T, BodyError> {
    if let Some(mut rest) = rest {
        let discarding = async {
            let mut left = DISCARD_MAX_BYTES;
            while let Ok(Some(Ok(frame))) = timeout(SILENCE, rest.frame()).await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(less) => left = less,
                    None => break,
                }
            }
        };
        // Whatever it came to, the answer is the same.
        let _ = timeout(DISCARD_LIMIT, discarding).await;
    }
    Err(BodyError::TooLarge { limit_bytes })
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
    use futures_util::{StreamExt, stream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn chunks(sizes: &[usize]) -> Body {
        let chunks: Vec<Result<Bytes, std::io::Error>> =
            sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect();
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_cut_at_its_limit_whether_or_not_it_announced_its_length() {
        let second = Duration::from_secs(1);
        assert_eq!(read(&HeaderMap::new(), Body::from("12345"), 5, second).await.unwrap(), "12345");
        assert_eq!(read(&HeaderMap::new(), chunks(&[2, 3]), 5, second).await.unwrap(), "xxxxx");
        assert_eq!(read(&HeaderMap::new(), Body::empty(), 0, second).await.unwrap(), "");
        let refused = Err(BodyError::TooLarge { limit_bytes: 4 });
        assert_eq!(read(&HeaderMap::new(), Body::from("12345"), 4, second).await, refused);
        assert_eq!(read(&HeaderMap::new(), chunks(&[2, 3]), 4, second).await, refused);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_of_a_body_that_is_too_large_is_read_within_bounds() {
        let refused = Err(BodyError::TooLarge { limit_bytes: 4 });
        let second = Duration::from_secs(1);
        let taken = Arc::new(AtomicUsize::new(0));
        let count = |sizes: Vec<usize>| {
            let taken = Arc::clone(&taken);
            taken.store(0, Ordering::Relaxed);
            Body::from_stream(stream::iter(sizes).map(move |size| {
                taken.fetch_add(size, Ordering::Relaxed);
                Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; size]))
            }))
        };
        assert_eq!(read(&HeaderMap::new(), count(vec![3, 3, 1000]), 4, second).await, refused);
        assert_eq!(taken.load(Ordering::Relaxed), 1006, "the peer is still sending");
        let mebibyte = 1024 * 1024;
        let endless = count(vec![mebibyte; 1000]);
        assert_eq!(read(&HeaderMap::new(), endless, 4, second).await, refused);
        assert!(taken.load(Ordering::Relaxed) <= DISCARD_MAX_BYTES + 2 * mebibyte);

        let then_silent = Body::from_stream(
            stream::iter([Ok::<_, std::io::Error>(Bytes::from("12345"))]).chain(stream::pending()),
        );
        let began = tokio::time::Instant::now();
        assert_eq!(read(&HeaderMap::new(), then_silent, 4, second).await, refused);
        assert!(began.elapsed() <= SILENCE, "who is silent has its answer soon");

        let mut asks_first = HeaderMap::new();
        asks_first.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        assert_eq!(read(&asks_first, Body::from("12345"), 4, second).await, refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(
            read(&HeaderMap::new(), endless, 10, ARRIVAL_LIMIT).await,
            Err(BodyError::TooSlow)
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from("x")),
            Err(std::io::Error::other("gone")),
        ]));
        assert_eq!(
            read(&HeaderMap::new(), broken, 10, Duration::from_secs(1)).await,
            Err(BodyError::Broken)
        );
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
