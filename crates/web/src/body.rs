//! Reading request bodies: never more than the limit, never longer than the time there is for it.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a body may take to arrive, from its first byte to its last.
pub const ARRIVAL_LIMIT: Duration = Duration::from_mins(1);
/// As [`ARRIVAL_LIMIT`], for those who have shown no access token.
pub const STRANGERS_ARRIVAL_LIMIT: Duration = Duration::from_secs(20);
/// A body may fall behind this rate for so long; then it is given up.
pub const RATE_BYTES_PER_S: u64 = 1024;
const BEHIND_LIMIT: Duration = Duration::from_secs(10);
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
    #[error("the bodies of other requests take all the memory for them")]
    NoRoom,
    #[error("the body ended early or is not framed correctly")]
    Broken,
    #[error("the body must be {want} in UTF-8, without `Content-Encoding`")]
    MediaType { want: &'static str },
}

impl BodyError {
    /// The rest of the body is not read, so that an HTTP/1 connection cannot go on.
    pub fn ends_connection(self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::TooSlow | Self::NoRoom | Self::Broken => true,
            Self::MediaType { .. } => false,
        }
    }
}

/// The whole body behind these headers, if it is at most `limit_bytes` long and arrives within `within`.
pub async fn read(
    room: &Arc<Room>,
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
    within: Duration,
) -> Result<Bytes, BodyError> {
    let mut kept = Kept { bytes: BytesMut::new(), held: Held::nothing(room) };
    each(headers, body, limit_bytes, within, &mut kept).await?;
    Ok(if kept.bytes.is_empty() { Bytes::new() } else { Bytes::from_owner(kept) })
}

/// Where the pieces of a body go.
pub trait Sink: Send {
    /// Takes the next piece.
    fn take(&mut self, data: Bytes) -> impl Future<Output = Result<(), BodyError>> + Send;
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
    match handed_on(body, limit_bytes, Instant::now() + within, sink).await {
        Ok(()) => Ok(()),
        Err(Unread::For(error)) => Err(error),
        Err(Unread::TooLarge(rest)) => refused(Some(rest), limit_bytes).await,
    }
}

/// Why a body was not read to its end.
enum Unread {
    For(BodyError),
    /// With what there is of it after the limit.
    TooLarge(Body),
}

async fn handed_on(
    mut body: Body,
    limit_bytes: usize,
    end: Instant,
    sink: &mut impl Sink,
) -> Result<(), Unread> {
    let mut left = limit_bytes;
    let mut behind_until = Instant::now() + BEHIND_LIMIT;
    let too_slow = |_| Unread::For(BodyError::TooSlow);
    while let Some(frame) =
        timeout_at(end.min(behind_until), body.frame()).await.map_err(too_slow)?
    {
        let frame = frame.map_err(|_| Unread::For(BodyError::Broken))?;
        let Ok(data) = frame.into_data() else { continue };
        let Some(less) = left.checked_sub(data.len()) else { return Err(Unread::TooLarge(body)) };
        left = less;
        let (asked, paid) = (Instant::now(), time_for(data.len()));
        timeout_at(end, sink.take(data)).await.map_err(too_slow)?.map_err(Unread::For)?;
        // While we are busy with a piece, nobody falls behind.
        behind_until = (behind_until + asked.elapsed() + paid).min(Instant::now() + BEHIND_LIMIT);
    }
    Ok(())
}

/// What so many bytes take at the least rate.
fn time_for(bytes: usize) -> Duration {
    Duration::from_millis(
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1000) / RATE_BYTES_PER_S,
    )
}

/// The memory that bodies may take, all together.
#[derive(Debug)]
pub struct Room {
    max_bytes: usize,
    held_bytes: AtomicUsize,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self { max_bytes, held_bytes: AtomicUsize::new(0) })
    }
}

/// A part of the room, given back at its end.
struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Held {
    fn nothing(room: &Arc<Room>) -> Self {
        Self { room: Arc::clone(room), bytes: 0 }
    }

    /// Takes more, if there is so much.
    fn more(&mut self, bytes: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.room.max_bytes);
        let took = self.room.held_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        if took.is_ok() {
            self.bytes += bytes;
        }
        took.is_ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A body with the room that it takes.
struct Kept {
    bytes: BytesMut,
    held: Held,
}

impl Sink for Kept {
    async fn take(&mut self, data: Bytes) -> Result<(), BodyError> {
        if !self.held.more(data.len()) {
            return Err(BodyError::NoRoom);
        }
        self.bytes.extend_from_slice(&data);
        Ok(())
    }
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
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

    async fn alone(
        headers: &HeaderMap,
        body: Body,
        limit_bytes: usize,
        within: Duration,
    ) -> Result<Bytes, BodyError> {
        read(&Room::new(usize::MAX), headers, body, limit_bytes, within).await
    }

    fn chunks(sizes: &[usize]) -> Body {
        let chunks: Vec<Result<Bytes, std::io::Error>> =
            sizes.iter().map(|size| Ok(Bytes::from(vec![b'x'; *size]))).collect();
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_cut_at_its_limit_whether_or_not_it_announced_its_length() {
        let second = Duration::from_secs(1);
        assert_eq!(
            alone(&HeaderMap::new(), Body::from("12345"), 5, second).await.unwrap(),
            "12345"
        );
        assert_eq!(alone(&HeaderMap::new(), chunks(&[2, 3]), 5, second).await.unwrap(), "xxxxx");
        assert_eq!(alone(&HeaderMap::new(), Body::empty(), 0, second).await.unwrap(), "");
        let refused = Err(BodyError::TooLarge { limit_bytes: 4 });
        assert_eq!(alone(&HeaderMap::new(), Body::from("12345"), 4, second).await, refused);
        assert_eq!(alone(&HeaderMap::new(), chunks(&[2, 3]), 4, second).await, refused);
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
        assert_eq!(alone(&HeaderMap::new(), count(vec![3, 3, 1000]), 4, second).await, refused);
        assert_eq!(taken.load(Ordering::Relaxed), 1006, "the peer is still sending");
        let mebibyte = 1024 * 1024;
        let endless = count(vec![mebibyte; 1000]);
        assert_eq!(alone(&HeaderMap::new(), endless, 4, second).await, refused);
        assert!(taken.load(Ordering::Relaxed) <= DISCARD_MAX_BYTES + 2 * mebibyte);

        let then_silent = Body::from_stream(
            stream::iter([Ok::<_, std::io::Error>(Bytes::from("12345"))]).chain(stream::pending()),
        );
        let began = tokio::time::Instant::now();
        assert_eq!(alone(&HeaderMap::new(), then_silent, 4, second).await, refused);
        assert!(began.elapsed() <= SILENCE, "who is silent has its answer soon");

        let mut asks_first = HeaderMap::new();
        asks_first.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        assert_eq!(alone(&asks_first, Body::from("12345"), 4, second).await, refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(
            alone(&HeaderMap::new(), endless, 10, ARRIVAL_LIMIT).await,
            Err(BodyError::TooSlow)
        );
    }

    /// So many bytes each second, for ever.
    fn trickle(bytes_per_s: usize) -> Body {
        Body::from_stream(stream::unfold((), move |()| async move {
            let _second = timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes_per_s])), ()))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_falls_behind_the_least_rate_is_given_up_early() {
        let (mebibyte, began) = (1024 * 1024, Instant::now());
        let slow = alone(&HeaderMap::new(), trickle(100), mebibyte, ARRIVAL_LIMIT).await;
        assert_eq!(slow, Err(BodyError::TooSlow));
        assert!(began.elapsed() < BEHIND_LIMIT + Duration::from_secs(2), "{:?}", began.elapsed());
        let began = Instant::now();
        let steady = alone(&HeaderMap::new(), trickle(1024), mebibyte, ARRIVAL_LIMIT).await;
        assert_eq!(steady, Err(BodyError::TooSlow));
        assert_eq!(began.elapsed(), ARRIVAL_LIMIT, "the rate is enough, the time is not");
        // What came fast at first does not pay for silence later.
        let burst = chunks(&[512 * 1024]).into_data_stream().chain(trickle(1).into_data_stream());
        let began = Instant::now();
        let then_slow =
            alone(&HeaderMap::new(), Body::from_stream(burst), mebibyte, ARRIVAL_LIMIT).await;
        assert_eq!(then_slow, Err(BodyError::TooSlow));
        assert!(began.elapsed() < BEHIND_LIMIT + Duration::from_secs(2), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn bodies_take_no_more_memory_than_there_is_room_and_give_it_back() {
        let (room, second) = (Room::new(10), Duration::from_secs(1));
        let none = HeaderMap::new();
        let first = read(&room, &none, chunks(&[3, 3]), 10, second).await.unwrap();
        let copy = first.clone();
        assert_eq!(read(&room, &none, chunks(&[3, 3]), 10, second).await, Err(BodyError::NoRoom));
        let second_one = read(&room, &none, chunks(&[4]), 10, second).await.unwrap();
        drop(first);
        assert_eq!(read(&room, &none, chunks(&[1]), 10, second).await, Err(BodyError::NoRoom));
        drop((copy, second_one));
        assert_eq!(room.held_bytes.load(Ordering::Relaxed), 0);
        read(&room, &none, chunks(&[5, 5]), 10, second).await.unwrap();
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from("12345678")),
            Err(std::io::Error::other("gone")),
        ]));
        assert_eq!(read(&room, &none, broken, 10, second).await, Err(BodyError::Broken));
        assert_eq!(room.held_bytes.load(Ordering::Relaxed), 0, "what was refused holds nothing");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = Body::from_stream(stream::iter([
            Ok(Bytes::from("x")),
            Err(std::io::Error::other("gone")),
        ]));
        assert_eq!(
            alone(&HeaderMap::new(), broken, 10, Duration::from_secs(1)).await,
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
