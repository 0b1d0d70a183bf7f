//! A network that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

const SOUND: u8 = 0;
const CUT_AT_COMMITTED: u8 = 1;
const SWALLOW_AT_COMMITTED: u8 = 2;

/// What the server says when a COMMIT is done.
const COMMITTED: &[u8] = b"COMMIT\0";

/// Stands between a store and its server.
pub(super) struct Proxy {
    port: u16,
    fault: Arc<AtomicU8>,
}

impl Proxy {
    pub(super) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::new(AtomicU8::new(SOUND));
        let shared = Arc::clone(&fault);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { port, fault }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The answer to the next COMMIT is lost, and the connection with it.
    pub(super) fn cut_at_committed(&self) {
        self.fault.store(CUT_AT_COMMITTED, Ordering::SeqCst);
    }

    /// The answer to the next COMMIT is lost, and nothing more comes through; neither end is told.
    pub(super) fn swallow_at_committed(&self) {
        self.fault.store(SWALLOW_AT_COMMITTED, Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, server: TcpStream, fault: Arc<AtomicU8>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let upwards = tokio::spawn(upwards(from_client, to_server));
    downwards(from_server, to_client, &fault).await;
    upwards.abort();
}

async fn upwards(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn downwards(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: &AtomicU8) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut bytes).await {
        let Some(part) = bytes.get(..length).filter(|part| !part.is_empty()) else { return };
        if part.windows(COMMITTED.len()).any(|window| window == COMMITTED) {
            match fault.swap(SOUND, Ordering::SeqCst) {
                CUT_AT_COMMITTED => return,
                SWALLOW_AT_COMMITTED => std::future::pending().await,
                _ => {}
            }
        }
        if to.write_all(part).await.is_err() {
            return;
        }
    }
}
