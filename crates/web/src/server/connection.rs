//! One connection, from its first byte to its last.

use super::activity::{Activity, Exchange};
use super::client_address::PeerAddress;
use super::faces::Answers;
use super::framing::misframed;
use super::limits::{HEAD_BUFFER_BYTES, HEADER_COUNT_MAX, Limits};
use super::paced::Paced;
use super::stopping::Stopping;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// What all connections share.
#[derive(Clone)]
pub(super) struct Connections<A> {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) answers: A,
    pub(super) limits: Limits,
    pub(super) builder: Arc<Builder>,
}

/// How HTTP is spoken: HTTP/1 only, so that a connection has one request at a time.
pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    // The stream itself knows better what is slow: to hyper, idleness is a slow head.
    builder.header_read_timeout(None).max_buf_size(HEAD_BUFFER_BYTES).max_headers(HEADER_COUNT_MAX);
    builder
}

impl<A: Answers> Connections<A> {
    /// Serves one connection until either side ends it. Errors are the peer's: there is nobody to tell.
    pub(super) async fn serve(self, stream: TcpStream, stopping: Stopping) {
        // Answers are small and somebody waits for them.
        let _unimportant = stream.set_nodelay(true);
        let address = stream.peer_addr().ok().map(|peer| PeerAddress(peer.ip()));
        let activity = Arc::new(Activity::new(self.limits));
        let stream = Paced::new(stream, Arc::clone(&activity), self.limits);
        let Some(acceptor) = self.tls.clone() else {
            return self.speak(stream, address, activity, stopping).await;
        };
        let handshake = timeout(self.limits.handshake, acceptor.accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            () = stopping.clone().begins() => return,
        };
        activity.shaken();
        match shaken {
            Ok(Ok(stream)) => self.speak(stream, address, activity, stopping).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        stream: S,
        address: Option<PeerAddress>,
        activity: Arc<Activity>,
        stopping: Stopping,
    ) {
        let peer = Arc::new(Peer {
            answers: self.answers,
            address,
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
    address: Option<PeerAddress>,
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
    if let Some(address) = peer.address {
        request.extensions_mut().insert(address);
    }
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
