//! The only session that writes. Whoever writes takes it out and puts it back only when the server has said that no
//! transaction is left open on it; a session that is not put back is closed, which takes its transaction back.

use crate::dialect::{BEGIN_WRITE_POSTGRES, COMMIT, ROLLBACK, UNLOCK_POSTGRES};
use crate::port::{CommitError, StoreError};
use crate::postgres::address::{Address, Purpose};
use crate::postgres::error::Trouble;
use crate::postgres::lock;
use crate::postgres::session::{Backend, PgSession};
use crate::session::{Session as _, Work};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tokio::sync::Mutex;

/// How often a transaction that met a conflict is run again.
const RETRIES_MAX: u32 = 5;
/// The longest first pause before that; each later one may be twice as long.
const RETRY_PAUSE_MS: u64 = 20;
/// The first pause before a connection is tried again, and the longest.
const CONNECT_PAUSE: Duration = Duration::from_millis(50);
const CONNECT_PAUSE_MAX: Duration = Duration::from_secs(2);

/// The writing session's place.
pub(crate) struct Writer {
    /// None: the store was opened for reading.
    address: Option<Address>,
    seat: Mutex<Seat>,
}

enum Seat {
    Ready(Box<PgSession>),
    /// A session must be made.
    Empty(Lost),
    Closed,
}

/// What is known of the session before.
#[derive(Clone, Copy)]
struct Lost {
    backend: Backend,
    /// Attempts to connect since.
    failures: u32,
}

/// How an attempt to write ended.
enum Attempt<T> {
    Done(T),
    /// Nothing of it was done, and it may succeed when it runs again.
    Conflict(StoreError),
    Failed(CommitError),
}

impl Writer {
    /// Connects the first session and takes the lock.
    pub(crate) async fn open(address: Address) -> Result<(Self, bool), StoreError> {
        let session = connected(&address, None).await?;
        let flushes = session.flushes;
        let seat = Mutex::new(Seat::Ready(Box::new(session)));
        Ok((Self { address: Some(address), seat }, flushes))
    }

    /// The process that served the session when it was connected.
    pub(crate) async fn backend(&self) -> Option<i64> {
        match &*self.seat.lock().await {
            Seat::Ready(session) => Some(session.backend.pid),
            Seat::Empty(_) | Seat::Closed => None,
        }
    }

    /// Whether the same process serves the session now.
    pub(crate) async fn is_served_by_the_same(&self) -> Result<bool, StoreError> {
        match &mut *self.seat.lock().await {
            Seat::Ready(session) => Ok(session.served_by().await? == session.backend.pid),
            Seat::Empty(_) | Seat::Closed => Ok(false),
        }
    }

    /// A writer that refuses.
    pub(crate) fn refusing() -> Self {
        Self { address: None, seat: Mutex::new(Seat::Closed) }
    }

    /// Runs the work in one transaction and makes it durable.
    pub(crate) async fn write<W: Work>(&self, work: &W) -> Result<W::Done, CommitError> {
        let mut retries = 0;
        loop {
            match self.attempt(work).await {
                Attempt::Done(done) => return Ok(done),
                Attempt::Failed(error) => return Err(error),
                Attempt::Conflict(error) if retries >= RETRIES_MAX => {
                    return Err(CommitError::NotDone(error));
                }
                Attempt::Conflict(error) => {
                    tracing::debug!(%error, retries, "a transaction is run again");
                    tokio::time::sleep(jitter(retries)).await;
                    retries += 1;
                }
            }
        }
    }

    async fn attempt<W: Work>(&self, work: &W) -> Attempt<W::Done> {
        let mut seat = self.seat.lock().await;
        let mut session = match self.taken(&mut seat).await {
            Ok(session) => session,
            Err(error) => return Attempt::Failed(CommitError::NotDone(error)),
        };
        let attempt = run(&mut session, work).await;
        if session.trouble() == Some(Trouble::Broken) {
            // Dropped without a word: nobody listens any more.
            return attempt;
        }
        if !matches!(attempt, Attempt::Done(_))
            && (session.trouble() == Some(Trouble::Again) || session.trouble().is_none())
        {
            session.settle();
            if session.execute(ROLLBACK, &[]).await.is_err() {
                return attempt;
            }
        }
        session.settle();
        *seat = Seat::Ready(session);
        attempt
    }

    /// Takes the session out of its seat, or makes another one.
    async fn taken(&self, seat: &mut Seat) -> Result<Box<PgSession>, StoreError> {
        let Some(address) = &self.address else {
            return Err(StoreError::Unsupported(
                "the database was opened for reading only".to_owned(),
            ));
        };
        match std::mem::replace(seat, Seat::Closed) {
            Seat::Ready(session) => {
                // Until the session is put back, it counts as lost.
                *seat = Seat::Empty(Lost { backend: session.backend, failures: 0 });
                Ok(session)
            }
            Seat::Empty(lost) => {
                let failures = lost.failures.saturating_add(1);
                *seat = Seat::Empty(Lost { failures, ..lost });
                tokio::time::sleep(connect_pause(lost.failures)).await;
                let session = connected(address, Some(lost.backend)).await?;
                *seat = Seat::Empty(Lost { backend: session.backend, failures: 0 });
                tracing::info!("connected to the database again");
                Ok(Box::new(session))
            }
            Seat::Closed => Err(StoreError::Unavailable("it was closed".to_owned())),
        }
    }

    /// Waits for the work under way, lets the lock go and closes the session.
    pub(crate) async fn close(&self) {
        let mut seat = self.seat.lock().await;
        if let Seat::Ready(mut session) = std::mem::replace(&mut *seat, Seat::Closed) {
            let unlocked: Result<Option<(String,)>, StoreError> =
                session.find_driver(UNLOCK_POSTGRES, &[]).await;
            if let Err(error) = unlocked {
                tracing::debug!(%error, "the lock falls with the session");
            }
            session.close().await;
        }
    }
}

/// BEGIN and COMMIT stand as statements of their own: with the driver's own transactions, work that is cut short while
/// it begins would leave a transaction open.
async fn run<W: Work>(session: &mut PgSession, work: &W) -> Attempt<W::Done> {
    if let Err(error) = session.execute(BEGIN_WRITE_POSTGRES, &[]).await {
        return match session.trouble() {
            // The session ended while it waited, and nothing was asked of it yet: another one may do it.
            Some(Trouble::Broken | Trouble::Again) => Attempt::Conflict(error),
            None => Attempt::Failed(CommitError::NotDone(error)),
        };
    }
    let done = match work.run(session).await {
        Ok(done) => done,
        Err(error) if session.trouble() == Some(Trouble::Again) => return Attempt::Conflict(error),
        Err(error) => return Attempt::Failed(CommitError::NotDone(error)),
    };
    match session.execute(COMMIT, &[]).await {
        Ok(_) => Attempt::Done(done),
        Err(error) => match session.trouble() {
            Some(Trouble::Broken) => Attempt::Failed(CommitError::Unknown(error)),
            Some(Trouble::Again) => Attempt::Conflict(error),
            // The server refused: then it took the transaction back.
            None => Attempt::Failed(CommitError::NotDone(error)),
        },
    }
}

async fn connected(address: &Address, lost: Option<Backend>) -> Result<PgSession, StoreError> {
    let limits = address.limits();
    let mut session = address.connect(Purpose::Write).await?;
    lock::take(&mut session, lost, limits.lock_timeout, &address.shown).await?;
    Ok(session)
}

fn connect_pause(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        some => CONNECT_PAUSE.saturating_mul(1 << some.min(10)).min(CONNECT_PAUSE_MAX),
    }
}

/// Somewhere below the longest pause, so that two who met once do not meet again.
fn jitter(retries: u32) -> Duration {
    let longest_ms = RETRY_PAUSE_MS << retries.min(10);
    Duration::from_millis(RandomState::new().hash_one(retries) % longest_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        assert_eq!(connect_pause(0), Duration::ZERO);
        assert_eq!(connect_pause(1), Duration::from_millis(100));
        assert!(connect_pause(2) > connect_pause(1));
        assert_eq!(connect_pause(u32::MAX), CONNECT_PAUSE_MAX);
        assert!((0..RETRIES_MAX).all(|retries| jitter(retries) < Duration::from_millis(640)));
    }
}
