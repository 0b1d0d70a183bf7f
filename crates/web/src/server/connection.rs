//! One connection, from its first byte to its last.

use super::faces::Answers;
use super::framing::misframed;
use super::limits::{
    ERROR_STREAMS_MAX, HEAD_BUFFER_BYTES, HEADER_COUNT_MAX, HEADER_LIST_MAX, Limits,
    RESET_STREAMS_MAX, STREAMS_MAX,
};
use super::stopping::Stopping;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

/// An HTTP/2 peer that does not answer a ping for this long is gone.
const PING: Duration = Duration::from_secs(20);
/// What a connection that is told to close has for it.
const CLOSING: Duration = Duration::from_secs(2);

/// What all connections share.
#[derive(Clone)]
pub(super) struct Connections<A> {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) answers: A,
    pub(super) limits: Limits,
    pub(super) builder: Arc<Builder<TokioExecutor>>,
}

/// How HTTP is spoken.
pub(super) fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BUFFER_BYTES)
        .max_headers(HEADER_COUNT_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_MAX)
        .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
        .max_local_error_reset_streams(ERROR_STREAMS_MAX);
    builder
}

impl<A: Answers> Connections<A> {
    /// Serves one connection until either side ends it. Errors are the peer's: there is nobody to tell.
    pub(super) async fn serve(self, stream: TcpStream, stopping: Stopping) {
        // Answers are small and somebody waits for them.
        let _unimportant = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else { return self.speak(stream, stopping).await };
        let handshake = timeout(self.limits.handshake, acceptor.accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = stopping.clone().begins() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.speak(stream, stopping).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: S,
        stopping: Stopping,
    ) {
        let activity = Arc::new(Activity::new(self.limits));
        let peer = Arc::new(Peer {
            answers: self.answers,
            activity: Arc::clone(&activity),
            stopping: stopping.clone(),
        });
        let service = service_fn(move |request| answer(Arc::clone(&peer), request));
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ended = connection.as_mut() => return,
            () = stopping.begins() => {}
            () = activity.runs_out() => {}
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ended = connection => {}
            () = activity.closed() => {}
        }
    }
}

/// What all requests of a connection share.
struct Peer<A> {
    answers: A,
    activity: Arc<Activity>,
    stopping: Stopping,
}

/// The answer; the exchange lasts until its body is sent or given up.
async fn answer<A: Answers>(
    peer: Arc<Peer<A>>,
    request: Request<Incoming>,
) -> Result<Response<Sent>, Infallible> {
    let exchange = peer.activity.begin();
    let mut request = request.map(Body::new);
    if let Some(misframed) = misframed(&request) {
        request.extensions_mut().insert(misframed);
    }
    let response = peer.answers.answer(request, &peer.stopping).await;
    Ok(response.map(|body| Sent { body, _until_sent: exchange }))
}

/// A body on its way.
struct Sent {
    body: Body,
    _until_sent: Exchange,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// When a connection has had its time.
struct Activity {
    state: Mutex<Exchanges>,
    limits: Limits,
}

struct Exchanges {
    open: usize,
    /// With nothing open: the connection ends then.
    idle_until: Instant,
    /// Whatever is open: no new requests from then on.
    old_at: Instant,
}

/// One request and its answer; its end is the drop.
struct Exchange(Arc<Activity>);

impl Activity {
    fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let exchanges =
            Exchanges { open: 0, idle_until: now + limits.first_request, old_at: now + limits.age };
        Self { state: Mutex::new(exchanges), limits }
    }

    fn begin(self: &Arc<Self>) -> Exchange {
        self.change(|exchanges| exchanges.open += 1);
        Exchange(Arc::clone(self))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Exchanges) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when nothing was asked for too long, or at the end of the connection's life.
    async fn runs_out(&self) {
        loop {
            let now = Instant::now();
            let next_look = self.change(|exchanges| {
                let idle_until =
                    if exchanges.open == 0 { exchanges.idle_until } else { now + self.limits.idle };
                idle_until.min(exchanges.old_at)
            });
            if next_look <= now {
                return;
            }
            sleep_until(next_look).await;
        }
    }

    /// Returns when a connection that was told to close is not worth waiting for: nothing open, or `drain`'s end,
    /// which the listener sees to when the server stops.
    async fn closed(&self) {
        loop {
            sleep_until(Instant::now() + CLOSING).await;
            if self.change(|exchanges| exchanges.open == 0) {
                return;
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let idle = self.0.limits.idle;
        self.0.change(|exchanges| {
            exchanges.open -= 1;
            exchanges.idle_until = Instant::now() + idle;
        });
    }
}
