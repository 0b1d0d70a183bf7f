//! A file task: it takes no place from anybody, sleeps until a file comes, and begins anew in the next server.

use super::area::{AreaError, FileArea};
use super::deadline::{Deadline, deadline};
use super::look::{Seen, Wanted};
use crate::executors::Shared;
use crate::live::{Order, Orders, Phase};
use crate::log::AttemptLog;
use crate::port::{Attempt, FileNote, FileUse, Outcome};
use dayend_engine::codes::Scope;
use dayend_engine::definition::FileWork;
use dayend_engine::params::Params;
use dayend_engine::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The pause before an exchange that cannot answer is asked again; it doubles in between.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What is waited for, without what only made it.
struct Wait {
    shared: Arc<Shared>,
    scope: Arc<Scope>,
    wanted: Wanted,
    deadline: Deadline,
    log: AttemptLog,
}

/// How a wait ended.
struct End {
    outcome: Outcome,
    message: String,
    file: Option<FileNote>,
}

impl End {
    fn failed(message: String) -> Self {
        Self { outcome: Outcome::Failed, message, file: None }
    }
}

/// Waits for the file, be it in the server that began with it or in a later one: nothing of it is lost with a server.
pub(crate) async fn run(shared: Arc<Shared>, attempt: Attempt, work: FileWork, mut orders: Orders) {
    let id = attempt.id;
    let mut wait = match Wait::new(&shared, &attempt, &work) {
        Ok(wait) => wait,
        Err(reason) => return shared.live.end(id, Outcome::Failed, &reason),
    };
    shared.live.set_phase(id, Phase::Outside);
    shared.live.started(id, attempt.dispatched_at);
    drop((attempt, work));
    // In a box of its own: what looks takes more room than what waits to be begun.
    let end = tokio::select! {
        biased;
        order = orders.changed() => match order {
            Order::Stop => End::failed(format!("stopped while waiting for `{}`", wait.wanted.pattern)),
            Order::Leave | Order::GoOn => return,
        },
        end = Box::pin(wait.last()) => end,
    };
    wait.log.line(&end.message).await;
    shared.live.files(id, end.file.into_iter().collect());
    shared.live.end(id, end.outcome, &end.message);
}

impl Wait {
    fn new(shared: &Arc<Shared>, attempt: &Attempt, work: &FileWork) -> Result<Self, String> {
        let settings = &shared.settings;
        Ok(Self {
            wanted: Wanted::of(work, &attempt.params),
            deadline: deadline(work, attempt.dispatched_at)?,
            log: AttemptLog::new(shared.dir(attempt.id), settings.limits.log_bytes, settings.now),
            scope: Arc::clone(&attempt.scope),
            shared: Arc::clone(shared),
        })
    }

    async fn last(&mut self) -> End {
        let (shared, scope) = (Arc::clone(&self.shared), Arc::clone(&self.scope));
        // Listening begins before looking, so that nothing slips through in between.
        let Wanted { pattern, marker, .. } = self.wanted.clone();
        let waiting = shared.waits.enter(&scope, pattern, marker);
        self.log.line(&shown(&self.wanted, &self.deadline)).await;
        let area = shared.area().await;
        let (mut told, mut pause) = (String::new(), PAUSE);
        loop {
            let now = (shared.settings.now)();
            let (why, again_at) = match self.look(area.as_ref(), now).await {
                Ok(Seen::Ready { file, count }) => return ready(file, count),
                Ok(Seen::Missing { why, again_at }) => {
                    pause = PAUSE;
                    (why, again_at)
                }
                Err(AreaError::Refused(problem)) => {
                    let name = &self.wanted.pattern;
                    return End::failed(format!("`{name}` cannot be waited for: {problem}"));
                }
                Err(AreaError::NotNow(problem)) => {
                    let at = later(now, pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                    (format!("whether it is there is not known: {problem}"), Some(at))
                }
            };
            if now >= self.deadline.at {
                return End::failed(self.too_late(&why));
            }
            if why != told {
                self.log.line(&why).await;
                told = why;
            }
            let by_itself = later(now, shared.waits.look_after());
            let next = [Some(by_itself), again_at].into_iter().flatten().min();
            let next = next.map_or(self.deadline.at, |next| next.min(self.deadline.at));
            tokio::select! {
                () = waiting.woken() => {}
                () = tokio::time::sleep(between(now, next)) => {}
            }
        }
    }

    async fn look(&self, area: &dyn FileArea, now: Timestamp) -> Result<Seen, AreaError> {
        let _turn = self.shared.looks.acquire().await;
        self.wanted.look(area, &self.scope, now).await
    }

    fn too_late(&self, why: &str) -> String {
        format!("no file `{}` came until {}: {why}", self.wanted.pattern, self.deadline.shown)
    }
}

/// What a task waits for that began to wait at `since`.
pub fn awaited(work: &FileWork, params: &Params, since: Timestamp) -> Result<String, String> {
    Ok(shown(&Wanted::of(work, params), &deadline(work, since)?))
}

fn shown(wanted: &Wanted, deadline: &Deadline) -> String {
    let marker = wanted.marker.as_ref();
    let marker = marker.map_or_else(String::new, |marker| format!(" and its marker `{marker}`"));
    format!("waits for `{}`{marker} until {}", wanted.pattern, deadline.shown)
}

fn ready(file: super::AreaFile, count: usize) -> End {
    let super::AreaFile { name, size_bytes, sha256, .. } = file;
    let others = if count > 1 { format!(", the newest of {count} files") } else { String::new() };
    let message = format!("`{name}`, {size_bytes} bytes, SHA-256 {sha256}{others}");
    let note = FileNote { purpose: FileUse::Awaited, name, size_bytes, sha256 };
    End { outcome: Outcome::Succeeded, message, file: Some(note) }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.plus_ms(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}

fn between(now: Timestamp, next: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(next.0.saturating_sub(now.0)).unwrap_or(0))
}
