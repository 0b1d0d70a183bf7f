//! A batch, naively.

use super::graph::{State, met, unreachable};
use super::roll_up::roll_up;
use dayend_engine::codes::Code;
use dayend_engine::definition::{self, Edge, OnLost};
use dayend_engine::status::Status;
use std::collections::{BTreeMap, BTreeSet};

/// A task that allows it is tried again this often after its executor vanished.
const LOST_MAX: u32 = 100;
/// No delay is longer than a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Whether the group lets a member run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    Waiting,
    Held,
    Excluded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Hold,
    Release,
    Exclude,
    Include,
    ForceOk,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    Lost,
    /// It never started.
    Void,
}

/// One task. Times are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub state: State,
    pub generation: u32,
    pub attempt: u32,
    pub epoch: u32,
    pub retry_at: Option<i64>,
    pub deadline: Option<i64>,
    pub timed_out: bool,
}

/// What must be done after a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// (task, epoch, attempt, generation)
    pub dispatched: BTreeSet<(Code, u32, u32, u32)>,
    pub stopped: BTreeSet<(Code, u32)>,
    pub timed_out: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    definition: BTreeMap<Code, definition::Task>,
    after: BTreeMap<Code, Vec<Edge>>,
    pub tasks: BTreeMap<Code, Task>,
    pub gate: Gate,
    pub interrupted: bool,
    pub generation: u32,
}

type Refused = &'static str;

impl Batch {
    /// `initial` says where a task begins.
    pub(crate) fn new(
        batch: &definition::Batch,
        gate: Gate,
        initial: impl Fn(&Code) -> State,
    ) -> Self {
        let fresh = |task: &definition::Task| Task {
            state: initial(&task.code),
            generation: 1,
            attempt: 0,
            epoch: 0,
            retry_at: None,
            deadline: None,
            timed_out: false,
        };
        let by_code = |task: definition::Task| (task.code.clone(), task);
        Self {
            definition: batch.tasks.iter().map(by_code).collect(),
            after: batch.tasks.iter().map(|task| (task.code.clone(), task.after.clone())).collect(),
            tasks: batch.tasks.iter().map(|task| (task.code.clone(), fresh(&task))).collect(),
            gate,
            interrupted: false,
            generation: 1,
        }
    }

    pub(crate) fn states(&self) -> BTreeMap<Code, State> {
        self.tasks.iter().map(|(code, task)| (code.clone(), task.state)).collect()
    }

    pub(crate) fn unreachable(&self) -> BTreeSet<Code> {
        unreachable(&self.after, &self.states())
    }

    fn all_met(&self, code: &Code) -> bool {
        let gone = self.unreachable();
        let is_met =
            |edge: &Edge| met(edge.on, self.tasks[&edge.task].state, gone.contains(&edge.task));
        self.after[code].iter().all(is_met)
    }

    pub(crate) fn shown(&self, code: &Code) -> Status {
        match self.tasks[code].state {
            State::Held if self.unreachable().contains(code) => Status::NotStarted,
            State::Waiting => Status::NotStarted,
            State::Held => Status::Held,
            State::Excluded => Status::Excluded,
            State::Running | State::Stopping | State::Recycling | State::Backoff => Status::OnGoing,
            State::Successful => Status::Successful,
            State::Failed => Status::Failed,
            State::Interrupted => Status::Interrupted,
            State::Aborted => Status::Aborted,
        }
    }

    pub(crate) fn status(&self) -> Status {
        match self.gate {
            Gate::Waiting => Status::NotStarted,
            Gate::Held => Status::Held,
            Gate::Excluded => Status::Excluded,
            Gate::Open => {
                let gone = self.unreachable();
                let reachable = self.tasks.keys().filter(|code| !gone.contains(*code));
                roll_up(&reachable.map(|code| self.shown(code)).collect::<Vec<_>>())
            }
        }
    }

    /// Nothing runs, and nothing could start even if everything held were released.
    pub(crate) fn ended(&self) -> bool {
        match self.gate {
            Gate::Waiting | Gate::Held => false,
            Gate::Excluded => true,
            Gate::Open => {
                let gone = self.unreachable();
                let open = |(code, task): (&Code, &Task)| {
                    task.state.active() || (task.state.pending() && !gone.contains(code))
                };
                !self.tasks.iter().any(open)
            }
        }
    }

    pub(crate) fn next_wake(&self) -> Option<i64> {
        self.tasks.values().flat_map(|task| [task.retry_at, task.deadline]).flatten().min()
    }

    /// What a restart would bring back.
    pub(crate) fn reopenable(&self) -> BTreeSet<Code> {
        let gone = self.unreachable();
        let comes_back = |code: &Code, task: &Task| {
            task.state.unsuccessful()
                || task.state == State::Stopping
                || (task.state == State::Held && !gone.contains(code))
        };
        let all = self.tasks.iter().filter(|(code, task)| comes_back(code, task));
        all.map(|(code, _)| code.clone()).collect()
    }

    pub(crate) fn start(&mut self) -> Result<Changed, Refused> {
        if self.ended() {
            return Err("NothingToRun");
        }
        Ok(self.settle(Changed::default()))
    }

    pub(crate) fn interrupt(&mut self) -> Result<Changed, Refused> {
        if self.interrupted {
            return Err("AlreadyInterrupted");
        }
        if self.ended() {
            return Err("RunEnded");
        }
        self.gate = Gate::Open;
        self.interrupted = true;
        let mut changed = Changed::default();
        let gone = self.unreachable();
        for (code, task) in &mut self.tasks {
            if task.state.pending() && !gone.contains(code) {
                task.state = State::Interrupted;
            }
            if [State::Running, State::Recycling].contains(&task.state) {
                task.state = State::Stopping;
                changed.stopped.insert((code.clone(), task.epoch));
            }
            if task.state == State::Backoff {
                task.state = State::Interrupted;
                task.retry_at = None;
            }
        }
        Ok(self.settle(changed))
    }

    pub(crate) fn restart(&mut self) -> Result<Changed, Refused> {
        if self.gate == Gate::Excluded || self.reopenable().is_empty() {
            return Err("NothingToReopen");
        }
        self.reopen();
        Ok(self.settle(Changed::default()))
    }

    fn reopen(&mut self) {
        self.generation += 1;
        self.interrupted = false;
        for task in self.tasks.values_mut() {
            if task.state == State::Stopping {
                task.state = State::Recycling;
            } else if task.state.unsuccessful() || task.state == State::Held {
                task.state = State::Waiting;
                task.generation = self.generation;
                task.attempt = 0;
            }
        }
    }

    /// The group opens or shuts the gate; `reopen` restarts what is not successful.
    pub(crate) fn set_gate(&mut self, gate: Gate, reopen: bool) -> Changed {
        self.gate = gate;
        if reopen {
            self.reopen();
        }
        self.settle(Changed::default())
    }

    pub(crate) fn verb(&mut self, code: &Code, verb: Verb) -> Result<Changed, Refused> {
        if !self.tasks.contains_key(code) {
            return Err("NoSuchNode");
        }
        if verb != Verb::ForceOk {
            if self.interrupted {
                return Err("AlreadyInterrupted");
            }
            if self.ended() {
                return Err("RunEnded");
            }
        }
        let can_start = !self.unreachable().contains(code);
        let task = self.tasks.get_mut(code).unwrap();
        let state = task.state;
        task.state = match verb {
            Verb::Hold if state == State::Waiting && can_start => State::Held,
            Verb::Release if state == State::Held => State::Waiting,
            Verb::Exclude if state.pending() => State::Excluded,
            Verb::Include if state == State::Excluded => State::Waiting,
            Verb::ForceOk if state.unsuccessful() => State::Successful,
            Verb::Hold | Verb::Release | Verb::Exclude | Verb::Include | Verb::ForceOk => {
                return Err("WrongState");
            }
        };
        Ok(self.settle(Changed::default()))
    }

    pub(crate) fn force_all(&mut self) -> Result<Changed, Refused> {
        if !self.tasks.values().any(|task| task.state.unsuccessful()) {
            return Err("NothingToReopen");
        }
        for task in self.tasks.values_mut().filter(|task| task.state.unsuccessful()) {
            task.state = State::Successful;
        }
        Ok(self.settle(Changed::default()))
    }

    pub(crate) fn started(
        &mut self,
        code: &Code,
        epoch: u32,
        now: i64,
    ) -> Result<Changed, Refused> {
        let limit_ms = self.definition.get(code).and_then(|task| task.timeout_ms);
        let task = self.tasks.get_mut(code).ok_or("Stale")?;
        if task.epoch != epoch || !task.state.with_attempt() {
            return Err("Stale");
        }
        if let Some(limit_ms) = limit_ms {
            task.deadline = Some(later(now, limit_ms));
        }
        Ok(self.settle(Changed::default()))
    }

    pub(crate) fn attempt_ended(
        &mut self,
        code: &Code,
        epoch: u32,
        end: End,
        now: i64,
    ) -> Result<Changed, Refused> {
        let (interrupted, generation) = (self.interrupted, self.generation);
        let policy = self.definition.get(code).ok_or("Stale")?.clone();
        let task = self.tasks.get_mut(code).ok_or("Stale")?;
        let late = task.state == State::Aborted
            && (end == End::Succeeded || end == End::Failed)
            && !interrupted;
        if task.epoch == 0 || task.epoch != epoch || !(task.state.with_attempt() || late) {
            return Err("Stale");
        }
        let mut changed = Changed { timed_out: task.timed_out, ..Changed::default() };
        let failed = end == End::Failed || (end == End::Succeeded && task.timed_out);
        let again = end == End::Lost
            && policy.on_lost == OnLost::Retry
            && task.state == State::Running
            && task.attempt < LOST_MAX;
        task.deadline = None;
        task.timed_out = false;
        if task.state == State::Stopping {
            task.state = State::Interrupted;
        } else if task.state == State::Recycling {
            task.state = State::Waiting;
            task.generation = generation;
            task.attempt = 0;
        } else if end == End::Void {
            // As if it had never been: the same attempt, with another token.
            task.attempt -= 1;
            self.dispatch(code, &mut changed);
        } else if again {
            self.dispatch(code, &mut changed);
        } else if !failed {
            task.state = if end == End::Lost { State::Aborted } else { State::Successful };
        } else if !late && task.attempt <= policy.retries.max {
            task.state = State::Backoff;
            task.retry_at = Some(later(now, delay_ms(policy.retries, task.attempt)));
        } else {
            task.state = State::Failed;
        }
        Ok(self.settle(changed))
    }

    pub(crate) fn tick(&mut self, now: i64) -> Changed {
        let mut changed = Changed::default();
        for code in self.tasks.keys().cloned().collect::<Vec<_>>() {
            let task = self.tasks.get_mut(&code).unwrap();
            if task.deadline.is_some_and(|at| at <= now) {
                task.deadline = None;
                task.timed_out = true;
                changed.stopped.insert((code.clone(), task.epoch));
            }
            if task.retry_at.is_some_and(|at| at <= now) {
                self.dispatch(&code, &mut changed);
            }
        }
        self.settle(changed)
    }

    /// The server starts again: time-outs count from the dispatch until the attempts report.
    pub(crate) fn reload(&mut self, dispatched_at: &BTreeMap<Code, i64>) {
        for (code, task) in &mut self.tasks {
            let limit_ms = self.definition.get(code).and_then(|task| task.timeout_ms);
            let at = dispatched_at.get(code).filter(|_| task.state.with_attempt());
            task.deadline = at.zip(limit_ms).map(|(at, limit_ms)| later(*at, limit_ms));
            task.timed_out = false;
        }
    }

    fn dispatch(&mut self, code: &Code, changed: &mut Changed) {
        let task = self.tasks.get_mut(code).unwrap();
        task.state = State::Running;
        task.epoch += 1;
        task.attempt += 1;
        task.retry_at = None;
        changed.dispatched.insert((code.clone(), task.epoch, task.attempt, task.generation));
    }

    /// What follows from a change: while an interrupt stands, all that could still start is interrupted; else all that
    /// is ready starts.
    fn settle(&mut self, mut changed: Changed) -> Changed {
        let gone = self.unreachable();
        let codes: Vec<Code> =
            self.tasks.keys().filter(|code| !gone.contains(*code)).cloned().collect();
        for code in &codes {
            let state = self.tasks[code].state;
            if self.interrupted && state.pending() {
                self.tasks.get_mut(code).unwrap().state = State::Interrupted;
            }
        }
        let ready = |code: &&Code| self.tasks[*code].state == State::Waiting && self.all_met(code);
        let ready: Vec<&Code> = codes.iter().filter(ready).collect();
        if self.gate == Gate::Open && !self.interrupted {
            for code in ready {
                self.dispatch(code, &mut changed);
            }
        }
        changed
    }
}

fn later(now: i64, delay_ms: u64) -> i64 {
    let micros = i128::from(now) + i128::from(delay_ms) * 1000;
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// The backoff, doubled once for each retry before this one, up to the maximum and a day.
fn delay_ms(retries: definition::Retries, attempt: u32) -> u64 {
    let most = retries.max_backoff_ms.unwrap_or(DAY_MS).min(DAY_MS);
    let mut delay = u128::from(retries.backoff_ms);
    for _ in 1..attempt {
        delay = (delay * 2).min(u128::from(u64::MAX));
    }
    u64::try_from(delay).unwrap_or(u64::MAX).min(most)
}
