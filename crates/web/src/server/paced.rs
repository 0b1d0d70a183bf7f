//! A stream that gives up a peer who is too slow: with the head of a request, or with taking its answer.

use super::activity::Activity;
use super::limits::Limits;
use crate::body::RATE_BYTES_PER_S;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The bytes of a connection below TLS, with limits to how slow they may be.
pub(super) struct Paced<S> {
    stream: S,
    activity: Arc<Activity>,
    limits: Limits,
    head: Deadline,
    answer: Deadline,
}

/// A moment that is only watched while somebody waits.
#[derive(Default)]
struct Deadline(Option<Pin<Box<Sleep>>>);

impl<S> Paced<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>, limits: Limits) -> Self {
        Self { stream, activity, limits, head: Deadline::default(), answer: Deadline::default() }
    }

    /// What a write came to, if the peer takes its answer fast enough.
    fn paced(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Pending if self.answer.is_over(context, self.limits.stall) => {
                Poll::Ready(Err(too_slow("did not take its answer")))
            }
            Poll::Ready(Ok(bytes)) => {
                self.answer.earns(bytes, self.limits.stall);
                wrote
            }
            Poll::Pending | Poll::Ready(Err(_)) => wrote,
        }
    }
}

impl Deadline {
    /// Whether the time is over that began with the first call.
    fn is_over(&mut self, context: &mut Context<'_>, within: Duration) -> bool {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + within)));
        sleep.as_mut().poll(context).is_ready()
    }

    /// Bytes that moved are worth the time that they may take, and what was earned is worth no more than `at_most`.
    fn earns(&mut self, bytes: usize, at_most: Duration) {
        let Some(sleep) = &mut self.0 else { return };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let worth = Duration::from_millis(bytes.saturating_mul(1000) / RATE_BYTES_PER_S);
        let latest = Instant::now() + at_most;
        let until = sleep.deadline().checked_add(worth).map_or(latest, |until| until.min(latest));
        sleep.as_mut().reset(until);
    }

    fn ends(&mut self) {
        self.0 = None;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        match read {
            Poll::Ready(_) => {
                if buffer.filled().len() > before {
                    this.activity.received();
                }
            }
            Poll::Pending if !this.activity.is_in_head() => this.head.ends(),
            Poll::Pending => {
                if this.head.is_over(context, this.limits.head) {
                    return Poll::Ready(Err(too_slow("did not finish the head of its request")));
                }
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.paced(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.paced(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.answer.ends();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn too_slow(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the peer {what} in time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;

    fn paced(buffer: usize) -> (Paced<DuplexStream>, Arc<Activity>, DuplexStream) {
        let (near, far) = duplex(buffer);
        let limits = Limits::default();
        let activity = Arc::new(Activity::new(limits));
        (Paced::new(near, Arc::clone(&activity), limits), activity, far)
    }

    /// The clock of these tests goes on by itself when nobody has anything to do.
    async fn passes(time: Duration) {
        timeout(time, std::future::pending::<()>()).await.expect_err("nothing else happens");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_however_it_dribbles() {
        let (mut near, activity, mut far) = paced(100);
        let dribbling = tokio::spawn(async move {
            passes(Duration::from_secs(50)).await;
            while far.write_all(b"x").await.is_ok() {
                passes(Duration::from_secs(1)).await;
            }
        });
        let began = Instant::now();
        let mut sink = [0; 10];
        let error = loop {
            match near.read(&mut sink).await {
                Ok(_) => assert!(activity.is_in_head()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), 60, "nothing for 50 s, then 10 s for the head");
        drop(near);
        dribbling.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_being_answered_may_take_its_time() {
        let (mut near, activity, mut far) = paced(100);
        far.write_all(b"GET").await.unwrap();
        let mut sink = [0; 10];
        assert_eq!(near.read(&mut sink).await.unwrap(), 3);
        let exchange = activity.begin();
        let (read, ()) = tokio::join!(near.read(&mut sink), async {
            passes(Duration::from_hours(1)).await;
            drop(exchange);
            far.write_all(b"x").await.unwrap();
        });
        assert_eq!(read.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_of_its_answer_is_given_up() {
        let (mut near, _, _far) = paced(100);
        let began = Instant::now();
        let error = near.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), Limits::default().stall);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_less_than_the_least_rate_is_given_up_and_one_at_the_rate_is_not() {
        for (bytes, good) in [(1_usize, false), (900, false), (1100, true)] {
            let (mut near, _, mut far) = paced(2048);
            let taking = tokio::spawn(async move {
                let mut sink = vec![0; bytes];
                while far.read_exact(&mut sink).await.is_ok() {
                    passes(Duration::from_secs(1)).await;
                }
            });
            let wrote = near.write_all(&vec![0; 1_000_000]).await;
            assert_eq!(wrote.is_ok(), good, "{bytes} bytes a second: {wrote:?}");
            drop(near);
            taking.await.unwrap();
        }
    }
}
