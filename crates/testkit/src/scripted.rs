//! An executor that does as the test says, and remembers what it was asked.

use dayend_engine::codes::AttemptId;
use dayend_executor::port::{Attempt, Executor, Fact, Outcome, Report, Reports};
use dayend_service::clock::Clock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What a scripted attempt of a task does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    /// Succeeds at once.
    #[default]
    Succeed,
    /// Fails at once.
    Fail,
    /// Says nothing until it is stopped or [`Scripted::finish`] is called.
    Hang,
    /// As [`Act::Hang`], but in the executor's queue: nobody says that it began.
    Queue,
}

/// The executor. Attempts of a task take its acts in turn; the last one stays.
pub struct Scripted {
    reports: Arc<dyn Reports>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Grows with each call.
    calls: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    acts: BTreeMap<String, Vec<Act>>,
    /// Have not ended.
    live: BTreeSet<AttemptId>,
    started: Vec<Started>,
    stopped: Vec<AttemptId>,
    adopted: Vec<AttemptId>,
}

/// An attempt that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    pub id: AttemptId,
    pub run: String,
    pub task: String,
    pub attempt: u32,
    pub generation: u32,
    pub key: String,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Scripted").field("calls", &*self.calls.borrow()).finish_non_exhaustive()
    }
}

impl Scripted {
    /// An executor in which every attempt succeeds.
    pub fn new(reports: Arc<dyn Reports>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { reports, clock, state: Mutex::default(), calls: watch::Sender::new(0) })
    }

    /// What the attempts of a task do, one after the other.
    pub fn script(&self, task: &str, acts: &[Act]) {
        self.state().acts.insert(task.to_owned(), acts.to_vec());
    }

    /// Ends an attempt that hangs; one that is over reports once more.
    pub fn finish(&self, id: AttemptId, outcome: Outcome, message: &str) {
        self.state().live.remove(&id);
        self.report(id, Fact::Ended { outcome, message: message.to_owned() });
    }

    /// Tells the conductor something about an attempt.
    pub fn report(&self, id: AttemptId, fact: Fact) {
        self.reports.report(Report { id, at: self.clock.now(), fact });
    }

    /// The attempts that hang.
    pub fn live(&self) -> BTreeSet<AttemptId> {
        self.state().live.clone()
    }

    /// Resolves when an attempt is to be stopped.
    pub async fn stop_of(&self, id: AttemptId) {
        let mut calls = self.calls.subscribe();
        while !self.state().stopped.contains(&id) {
            calls.changed().await.expect("the sender lives in self");
        }
    }

    /// Everything that was started so far.
    pub fn started(&self) -> Vec<Started> {
        self.state().started.clone()
    }

    /// The codes of the tasks that were started, in order.
    pub fn started_tasks(&self) -> Vec<String> {
        self.state().started.iter().map(|started| started.task.clone()).collect()
    }

    /// Everything that was to be stopped so far.
    pub fn stopped(&self) -> Vec<AttemptId> {
        self.state().stopped.clone()
    }

    /// Everything that was to be adopted so far.
    pub fn adopted(&self) -> Vec<AttemptId> {
        self.state().adopted.clone()
    }

    /// The newest attempt of a task, as soon as there is one.
    pub async fn attempt_of(&self, task: &str) -> AttemptId {
        self.attempt(|started| started.task == task).await
    }

    /// The newest attempt of a task in a run, as soon as there is one.
    pub async fn attempt_in(&self, run: &str, task: &str) -> AttemptId {
        self.attempt(|started| started.task == task && started.run == run).await
    }

    async fn attempt(&self, wanted: impl Fn(&Started) -> bool) -> AttemptId {
        let mut calls = self.calls.subscribe();
        loop {
            let found =
                self.state().started.iter().rev().find(|started| wanted(started)).map(|one| one.id);
            if let Some(id) = found {
                return id;
            }
            calls.changed().await.expect("the sender lives in self");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called(&self) {
        self.calls.send_modify(|calls| *calls += 1);
    }
}

impl Executor for Scripted {
    fn start(&self, attempt: Attempt) {
        let task = attempt.code().to_owned();
        let act = {
            let mut state = self.state();
            state.live.insert(attempt.id);
            state.started.push(Started {
                id: attempt.id,
                run: attempt.run_id.to_string(),
                task: task.clone(),
                attempt: attempt.attempt,
                generation: attempt.generation,
                key: attempt.idempotency_key(),
            });
            match state.acts.get_mut(&task) {
                Some(acts) if acts.len() > 1 => acts.remove(0),
                Some(acts) => acts.first().copied().unwrap_or_default(),
                None => Act::Succeed,
            }
        };
        self.called();
        match act {
            Act::Succeed => self.finish(attempt.id, Outcome::Succeeded, ""),
            Act::Fail => self.finish(attempt.id, Outcome::Failed, "it was told to fail"),
            Act::Queue => {}
            Act::Hang => {
                self.report(attempt.id, Fact::Started);
            }
        }
    }

    fn stop(&self, id: AttemptId) {
        self.state().stopped.push(id);
        self.called();
        if self.live().contains(&id) {
            self.finish(id, Outcome::Failed, "stopped");
        }
    }

    fn adopt(&self, attempt: Attempt) {
        self.state().adopted.push(attempt.id);
        self.called();
        self.finish(attempt.id, Outcome::Lost, "nobody knows");
    }
}
