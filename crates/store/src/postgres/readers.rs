//! The few sessions that read. They are made when they are needed, and left at the first doubt. While the database
//! cannot be reached nobody is kept waiting for it: one tries now and then, and the others are told at once.

use crate::port::StoreError;
use crate::postgres::address::{Address, Purpose};
use crate::postgres::error::Trouble;
use crate::postgres::session::PgSession;
use crate::session::Stored;
use sqlx::postgres::PgArguments;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout};

/// How long nobody tries after an attempt has failed.
const PAUSE: Duration = Duration::from_millis(250);

/// The sessions that read. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    address: Address,
    places: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<PgSession>,
    down: Option<Down>,
    answered_at: Option<Instant>,
    closed: bool,
}

/// The last attempt failed.
struct Down {
    why: String,
    /// Until then nobody tries.
    until: Instant,
}

/// What is asked of a session: the work, and how its answer is taken.
trait Asked: Send + Sync + 'static {
    type Answer: Send + 'static;

    /// Asks; tells `begun` when the first row is there.
    fn ask(
        &self,
        session: &mut PgSession,
        begun: &mut Option<oneshot::Sender<()>>,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;
}

impl Readers {
    /// One session is there already; the others are made when they are needed.
    pub(crate) fn new(address: Address, first: PgSession) -> Self {
        let places = Semaphore::new(usize::try_from(address.limits().readers).unwrap_or(1));
        let state = Mutex::new(State { idle: vec![first], ..State::default() });
        Self { shared: Arc::new(Shared { address, places, state }) }
    }

    /// The first row, if there is one.
    pub(crate) async fn find<T: Stored>(
        &self,
        sql: &'static str,
        arguments: PgArguments,
    ) -> Result<Option<T>, StoreError> {
        self.answer(First { sql, arguments, kind: std::marker::PhantomData }).await
    }

    /// All rows.
    pub(crate) async fn list<T: Stored>(
        &self,
        sql: &'static str,
        arguments: PgArguments,
    ) -> Result<Vec<T>, StoreError> {
        self.answer(All { sql, arguments, kind: std::marker::PhantomData }).await
    }

    /// Reads in a task of its own: a caller who gives up leaves no half-read answer behind, and a session that takes
    /// long to make is there for the next one.
    async fn answer<A: Asked>(&self, asked: A) -> Result<A::Answer, StoreError> {
        self.shared.may_try()?;
        let limit = self.shared.address.limits().read_timeout;
        let (begun, first) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let reading = tokio::spawn(async move { shared.read(&asked, Some(begun)).await });
        // The task drops its end when it ends without a row.
        if timeout(limit, first).await.is_err() {
            return Err(self.shared.late(limit));
        }
        reading.await.unwrap_or_else(|error| {
            Err(StoreError::Unavailable(format!("the work was cut short ({error})")))
        })
    }

    /// Waits for what is being read, and closes all sessions.
    pub(crate) async fn close(&self) {
        let sessions = {
            let mut state = self.shared.state();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        for session in sessions {
            session.close().await;
        }
        let all = self.shared.address.limits().readers;
        let limit = self.shared.address.limits().read_timeout;
        // Whoever still waits for a server that does not answer is left alone.
        if let Ok(Ok(places)) = timeout(limit, self.shared.places.acquire_many(all)).await {
            places.forget();
        }
        self.shared.places.close();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<A: Asked>(
        &self,
        asked: &A,
        mut begun: Option<oneshot::Sender<()>>,
    ) -> Result<A::Answer, StoreError> {
        let _place = self.places.acquire().await.map_err(|_| closed())?;
        let again_until = Instant::now() + self.address.limits().read_timeout;
        loop {
            let (mut session, is_new) = match self.idle()? {
                Some(session) => (session, false),
                None => (self.connect().await?, true),
            };
            let answer = asked.ask(&mut session, &mut begun).await;
            if session.trouble().is_none() {
                self.answered();
                self.put_back(session).await;
                return answer;
            }
            let ended_while_idle = !is_new && session.trouble() == Some(Trouble::Broken);
            if ended_while_idle && Instant::now() < again_until {
                // So have the others, which are as old.
                self.state().idle.clear();
                continue;
            }
            return answer;
        }
    }

    fn idle(&self) -> Result<Option<PgSession>, StoreError> {
        let mut state = self.state();
        if state.closed { Err(closed()) } else { Ok(state.idle.pop()) }
    }

    async fn put_back(&self, session: PgSession) {
        if let Some(unwanted) = self.keep(session) {
            unwanted.close().await;
        }
    }

    /// Keeps the session for the next one who asks, or gives it back.
    fn keep(&self, session: PgSession) -> Option<PgSession> {
        let mut state = self.state();
        if state.closed {
            return Some(session);
        }
        state.idle.push(session);
        None
    }

    async fn connect(&self) -> Result<PgSession, StoreError> {
        let connected = self.address.connect(Purpose::Read).await;
        if let Err(StoreError::Unavailable(why)) = &connected {
            self.is_down(why.clone());
        }
        connected
    }

    /// After a failure one tries, and while it does, the others need not wait for it.
    fn may_try(&self) -> Result<(), StoreError> {
        let now = Instant::now();
        let mut state = self.state();
        let Some(down) = &mut state.down else { return Ok(()) };
        if now < down.until {
            return Err(StoreError::Unavailable(down.why.clone()));
        }
        down.until = now + self.address.limits().read_timeout;
        Ok(())
    }

    fn answered(&self) {
        let mut state = self.state();
        state.down = None;
        state.answered_at = Some(Instant::now());
    }

    fn is_down(&self, why: String) {
        self.state().down = Some(Down { why, until: Instant::now() + PAUSE });
    }

    /// There was no answer in time. If nobody else had one meanwhile, it is not the question's fault.
    fn late(&self, limit: Duration) -> StoreError {
        let why = "it does not answer in time";
        let answers = self.state().answered_at.is_some_and(|at| at.elapsed() < limit);
        if !answers {
            self.is_down(why.to_owned());
        }
        StoreError::Unavailable(why.to_owned())
    }
}

struct First<T> {
    sql: &'static str,
    arguments: PgArguments,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: Stored> Asked for First<T> {
    type Answer = Option<T>;

    async fn ask(
        &self,
        session: &mut PgSession,
        begun: &mut Option<oneshot::Sender<()>>,
    ) -> Result<Option<T>, StoreError> {
        let found = session.find_with(self.sql, self.arguments.clone()).await;
        if found.is_ok() {
            begin(begun);
        }
        found
    }
}

struct All<T> {
    sql: &'static str,
    arguments: PgArguments,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: Stored> Asked for All<T> {
    type Answer = Vec<T>;

    async fn ask(
        &self,
        session: &mut PgSession,
        begun: &mut Option<oneshot::Sender<()>>,
    ) -> Result<Vec<T>, StoreError> {
        let (mut rows, mut broken) = (Vec::new(), None);
        let take = |row| {
            begin(begun);
            match row {
                Ok(row) => rows.push(row),
                Err(error) => broken = broken.take().or(Some(error)),
            }
        };
        session.each_with(self.sql, self.arguments.clone(), take).await?;
        broken.map_or(Ok(rows), Err)
    }
}

fn begin(begun: &mut Option<oneshot::Sender<()>>) {
    if let Some(begun) = begun.take() {
        // A caller who has given up does not listen.
        let _ = begun.send(());
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it was closed".to_owned())
}
