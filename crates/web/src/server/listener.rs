//! Accepting connections until told to stop.

use super::connection::{Connections, builder};
use super::faces::{Answers, Faces};
use super::limits::Limits;
use super::peers::{Peers, Visit};
use super::stopping::Stopping;
use super::tls::{BadTlsMaterial, TlsMaterial};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// After an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Tls(#[from] BadTlsMaterial),
}

/// Serves connections until `shutdown` is done; then what waits answers, the rest gets [`Limits::drain`], and all is closed.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsMaterial>,
    faces: Faces,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_any(listener, tls, faces, limits, shutdown).await
}

/// As [`serve`], with less than all faces.
pub(super) async fn serve_any<A: Answers>(
    listener: TcpListener,
    tls: Option<TlsMaterial>,
    answers: A,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (stop, _) = watch::channel(false);
    let connections = Connections {
        tls: tls.map(|material| material.acceptor()).transpose()?,
        answers,
        limits,
        builder: Arc::new(builder()),
    };
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let places = Places {
        all: Arc::new(Semaphore::new(limits.connections)),
        peers: Peers::new(limits.per_address),
    };
    loop {
        tokio::select! {
            biased;
            () = shutdown.as_mut() => break,
            // Keeps the set small; a connection that panicked was reported by the panic itself.
            Some(_ended) = tasks.join_next() => {}
            (stream, place) = next(&listener, &places) => {
                let (connections, stopping) = (connections.clone(), Stopping::new(&stop));
                tasks.spawn(async move {
                    connections.serve(stream, stopping).await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    let _drained =
        timeout(limits.drain, async { while tasks.join_next().await.is_some() {} }).await;
    tasks.shutdown().await;
    Ok(())
}

/// Places for connections.
struct Places {
    all: Arc<Semaphore>,
    peers: Arc<Peers>,
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Places,
) -> (TcpStream, (OwnedSemaphorePermit, Visit)) {
    let all = Arc::clone(&places.all);
    let place = all.acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(visit) = places.peers.enter(peer.ip()) {
                    return (stream, (place, visit));
                }
                tracing::debug!(%peer, "an address has too many connections");
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
