//! The only connection that writes, on a thread of its own: a transaction runs there from its first statement to its last
//! without waiting for anybody, and no caller can cut it short. A connection on which a transaction could not be ended is
//! closed, which takes the transaction back, and the next turn opens another.

use crate::dialect::{BEGIN_WRITE_SQLITE, COMMIT, ROLLBACK};
use crate::port::{CommitError, StoreError};
use crate::session::Work;
use crate::sqlite::connect::{Access, Place};
use crate::sqlite::files::explained;
use crate::sqlite::held::Held;
use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use tokio::sync::oneshot;

/// The writer's thread.
pub(crate) struct Writer {
    /// None: it was closed, or the store was opened for reading only.
    turns: Mutex<Option<mpsc::Sender<Turn>>>,
    refusal: fn() -> StoreError,
}

type Turn = Box<dyn FnOnce(&mut Seat) + Send>;

/// Where the connection waits between turns.
struct Seat {
    place: Place,
    /// None: it must be opened (again).
    held: Option<Held>,
}

impl Writer {
    /// A writer with its first connection.
    pub(crate) fn new(place: Place, first: Held) -> Result<Self, StoreError> {
        let (turns, waiting) = mpsc::channel::<Turn>();
        let mut seat = Seat { place, held: Some(first) };
        let work = move || {
            for turn in waiting {
                // What panicked has taken the connection with it; whoever asked sees that nobody answers.
                let _panicked = catch_unwind(AssertUnwindSafe(|| turn(&mut seat)));
            }
        };
        thread::Builder::new().name("dayend-writer".to_owned()).spawn(work).map_err(|error| {
            StoreError::Unavailable(format!("there is no thread for the writer: {error}"))
        })?;
        Ok(Self { turns: Mutex::new(Some(turns)), refusal: closed })
    }

    /// A writer that refuses.
    pub(crate) fn refusing() -> Self {
        Self { turns: Mutex::new(None), refusal: read_only }
    }

    /// Runs the work in a transaction of its own. It runs to its end even if nobody waits for it any more.
    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Done, CommitError> {
        let (answer, answered) = oneshot::channel();
        let turn = move |seat: &mut Seat| {
            // Nobody may be there to hear it.
            let _unheard = answer.send(seat.transact(&work));
        };
        self.enter(Box::new(turn)).map_err(CommitError::NotDone)?;
        answered.await.unwrap_or_else(|_| {
            Err(CommitError::Unknown(StoreError::Unavailable("the writer failed".to_owned())))
        })
    }

    /// Lets the turns that wait run, and closes the connection.
    pub(crate) async fn close(&self) {
        let turns = self.turns().take();
        let Some(turns) = turns else { return };
        let (done, closed) = oneshot::channel::<()>();
        let last = move |seat: &mut Seat| {
            drop(seat.held.take());
            drop(done);
        };
        if turns.send(Box::new(last)).is_ok() {
            // It ends by being dropped.
            let _dropped = closed.await;
        }
    }

    /// Looks at the connection between two turns.
    #[cfg(test)]
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Held) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = oneshot::channel();
        let turn = move |seat: &mut Seat| {
            let _unheard = answer.send(look(seat.held.as_mut().unwrap()));
        };
        self.enter(Box::new(turn)).unwrap();
        answered.await.unwrap()
    }

    fn enter(&self, turn: Turn) -> Result<(), StoreError> {
        let turns = self.turns();
        let turns = turns.as_ref().ok_or_else(self.refusal)?;
        turns.send(turn).map_err(|_| closed())
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, Option<mpsc::Sender<Turn>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it was closed".to_owned())
}

fn read_only() -> StoreError {
    StoreError::Unsupported("the database was opened for reading only".to_owned())
}

impl Seat {
    fn transact<W: Work>(&mut self, work: &W) -> Result<W::Done, CommitError> {
        let settled = self.place.check().map_err(CommitError::NotDone);
        let settled = settled.and_then(|()| self.attempt(work));
        settled.map_err(|error| match error {
            CommitError::NotDone(error) => CommitError::NotDone(explained(error, &self.place.path)),
            CommitError::Unknown(error) => CommitError::Unknown(explained(error, &self.place.path)),
        })
    }

    fn attempt<W: Work>(&mut self, work: &W) -> Result<W::Done, CommitError> {
        let held = match self.held.take() {
            Some(held) => Ok(held),
            None => self.place.connect(Access::Write),
        };
        let mut held = held.map_err(CommitError::NotDone)?;
        // The connection is not put back: what is wrong with it is gone with it.
        held.plain(BEGIN_WRITE_SQLITE).map_err(CommitError::NotDone)?;
        let worked = work.run(&mut held).now_or_never();
        let worked = worked.expect("statements on this thread never wait");
        let settled = match worked {
            Err(error) => Err(CommitError::NotDone(error)),
            // After an error it is not open any more, but whether it was made durable is open.
            Ok(done) => held.plain(COMMIT).map(|()| done).map_err(CommitError::Unknown),
        };
        // It fails where SQLite took the transaction back by itself; then only a new connection is above doubt.
        if settled.is_ok() || held.plain(ROLLBACK).is_ok() {
            self.held = Some(held);
        }
        settled
    }
}
