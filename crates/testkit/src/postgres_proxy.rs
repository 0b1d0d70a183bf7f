//! A network between a program and its PostgreSQL server that fails when it is told to. It knows one word of the
//! protocol: what the server says when a COMMIT is done.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const SOUND: u8 = 0;
const CUT_AT_COMMITTED: u8 = 1;
const SWALLOW_AT_COMMITTED: u8 = 2;

/// What the server says when a COMMIT is done.
const COMMITTED: &[u8] = b"COMMIT\0";

/// Stands between a program and its server, in threads of its own until the process ends.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    faults: Arc<Faults>,
}

#[derive(Debug, Default)]
struct Faults {
    /// What happens at the next COMMIT.
    at_committed: AtomicU8,
    /// How much later everything reaches the server.
    delay_ms: AtomicU64,
}

impl Proxy {
    /// Begins to carry what comes to a port of its own to the port of a server.
    pub fn before(server_port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Without a server the client sees its connection end.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) {
                    carry(client, server, &shared);
                }
            }
        });
        Ok(Self { port, faults })
    }

    /// Where the program finds its server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The answer to the next COMMIT is lost, and the connection with it.
    pub fn cut_at_committed(&self) {
        self.faults.at_committed.store(CUT_AT_COMMITTED, Ordering::SeqCst);
    }

    /// The answer to the next COMMIT is lost, and nothing more comes through; neither end is told.
    pub fn swallow_at_committed(&self) {
        self.faults.at_committed.store(SWALLOW_AT_COMMITTED, Ordering::SeqCst);
    }

    /// Whether no answer is to be lost any more.
    pub fn is_sound(&self) -> bool {
        self.faults.at_committed.load(Ordering::SeqCst) == SOUND
    }

    /// Every round trip takes so much longer.
    pub fn slow(&self, delay: Duration) {
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.faults.delay_ms.store(delay_ms, Ordering::SeqCst);
    }
}

fn carry(client: TcpStream, server: TcpStream, faults: &Arc<Faults>) {
    let ends = || -> io::Result<_> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        Ok((client.try_clone()?, server.try_clone()?))
    };
    let Ok((from_client, to_server)) = ends() else { return };
    let (upwards_faults, downwards_faults) = (Arc::clone(faults), Arc::clone(faults));
    thread::spawn(move || upwards(from_client, to_server, &upwards_faults));
    thread::spawn(move || {
        downwards(&server, &client, &downwards_faults);
        // Both may have ended already.
        let _ = (server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both));
    });
}

fn upwards(mut from: TcpStream, mut to: TcpStream, faults: &Faults) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut bytes) {
        let Some(part) = bytes.get(..length).filter(|part| !part.is_empty()) else { break };
        let delay_ms = faults.delay_ms.load(Ordering::SeqCst);
        if delay_ms > 0 {
            thread::sleep(Duration::from_millis(delay_ms));
        }
        if to.write_all(part).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn downwards(mut from: &TcpStream, mut to: &TcpStream, faults: &Faults) {
    let mut bytes = vec![0; 64 * 1024];
    // The end of what came before: the word may come in two parts.
    let mut seen: Vec<u8> = Vec::new();
    while let Ok(length) = from.read(&mut bytes) {
        let Some(part) = bytes.get(..length).filter(|part| !part.is_empty()) else { return };
        seen.extend_from_slice(part);
        if seen.windows(COMMITTED.len()).any(|window| window == COMMITTED) {
            match faults.at_committed.swap(SOUND, Ordering::SeqCst) {
                CUT_AT_COMMITTED => return,
                SWALLOW_AT_COMMITTED => loop {
                    thread::park();
                },
                _ => {}
            }
            seen.clear();
        }
        seen.drain(..seen.len().saturating_sub(COMMITTED.len() - 1));
        if to.write_all(part).is_err() {
            return;
        }
    }
}
