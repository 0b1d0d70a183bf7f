//! Folding reports and ticks into runs, and what follows in the group and its members.

use super::core::Core;
use super::pending::{OWN_ACTOR, OWN_EVENT, PendingWrite, Record, Release, RunsWrite, WriteKind};
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::run::{Effect, Event, Gate, NodeState, Outcome as Ended, Rejected, Transition};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Fact, FileNote, MESSAGE_MAX_BYTES, Outcome, Report};
use dayend_store::port::{HistoryRecord, RunState, Write};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// On whose behalf a step is taken: what the history says.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub actor: Cow<'static, str>,
    pub event: &'static str,
    pub note: Option<serde_json::Value>,
    /// For the node that the step is about.
    pub message: Option<String>,
}

impl Origin {
    pub(super) fn own(message: Option<String>) -> Self {
        Self { actor: Cow::Borrowed(OWN_ACTOR), event: OWN_EVENT, note: None, message }
    }
}

/// A step that follows from another one in the same group commit.
enum Follow {
    Gate {
        gate: Gate,
        reopen: bool,
    },
    Interrupt,
    ForceAll,
    /// What the member is by then, not what it was when it was noticed: more may have happened to it in between.
    Member {
        node: u32,
        member: RunKey,
    },
}

impl<R> Core<R> {
    /// Sends all due ticks.
    pub fn tick(&mut self, now: Timestamp) {
        while let Some((at, run)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, run));
            self.due.remove(&run);
            // A tick is never refused.
            let _ = self.step(run, Event::Tick, now, &Origin::own(None));
        }
    }

    pub(super) fn report(&mut self, report: Report, now: Timestamp) {
        let AttemptId { run, node, epoch } = report.id;
        match &report.fact {
            Fact::Started => {
                let event = Event::Started { node, epoch };
                // Stale ones are of no interest: only the time-out is counted from it.
                if self.step(run, event, report.at, &Origin::own(None)).is_ok() {
                    self.started.insert(report.id, report.at);
                }
            }
            Fact::Accepted { handle } => {
                if self.accepted(report.id, handle.clone(), now) {
                    self.current().reports.push(report);
                }
            }
            Fact::Files { files } => {
                if self.had_files(report.id, files, now) {
                    self.current().reports.push(report);
                }
            }
            Fact::Ended { outcome, message } => {
                let outcome = match outcome {
                    Outcome::Succeeded => Ended::Succeeded,
                    Outcome::Failed => Ended::Failed,
                    Outcome::Lost => Ended::Lost,
                    Outcome::Void => Ended::Void,
                };
                let stopping = self
                    .runs
                    .get(&run)
                    .is_some_and(|live| live.run.state(node) == NodeState::Stopping);
                let message =
                    if stopping { prefixed("interrupted", message) } else { message.clone() };
                let origin = Origin::own(Some(message));
                let aborted = self
                    .runs
                    .get(&run)
                    .is_some_and(|live| live.run.state(node) == NodeState::Aborted);
                if aborted && self.is_in_interrupted_group(run) {
                    return self.stale(report, now);
                }
                match self.step(run, Event::Ended { node, epoch, outcome }, now, &origin) {
                    Ok(()) => self.current().reports.push(report),
                    Err(_) => self.stale(report, now),
                }
            }
        }
    }

    /// A report from an attempt that is not the newest changes nothing, and is on record.
    fn stale(&mut self, report: Report, now: Timestamp) {
        let detail = serde_json::json!({ "node": report.id.node, "epoch": report.id.epoch });
        let history = HistoryRecord {
            run: None,
            at: now,
            actor: OWN_ACTOR.to_owned(),
            event: "stale-report".to_owned(),
            detail: serde_json::json!({ "run": report.id.run, "attempt": detail }).to_string(),
        };
        tracing::warn!(
            run.key = report.id.run.0,
            task = report.id.node,
            "a report of an attempt that is over was ignored"
        );
        let mut pending = PendingWrite::foreign(Write::Audit { history });
        pending.reports.push(report);
        self.open.push(pending);
    }

    /// False: the attempt is not the newest.
    fn accepted(&mut self, id: AttemptId, handle: String, now: Timestamp) -> bool {
        let Some(live) = self.runs.get_mut(&id.run) else { return false };
        if live.run.epoch(id.node) != id.epoch || !live.run.state(id.node).has_attempt() {
            return false;
        }
        live.handles.insert(id.node, handle);
        self.note_as_it_is(id, now);
        true
    }

    /// False: the attempt is not the newest.
    fn had_files(&mut self, id: AttemptId, files: &[FileNote], now: Timestamp) -> bool {
        let Some(live) = self.runs.get_mut(&id.run) else { return false };
        if live.run.epoch(id.node) != id.epoch || !live.run.state(id.node).has_attempt() {
            return false;
        }
        let text = serde_json::to_string(files).expect("lists of texts and numbers");
        live.files.insert(id.node, text);
        self.note_as_it_is(id, now);
        true
    }

    /// Writes down more about an attempt whose node stays what it is.
    fn note_as_it_is(&mut self, id: AttemptId, now: Timestamp) {
        let Some(live) = self.runs.get(&id.run) else { return };
        let nodes = vec![live.run.record_of(id.node)];
        let transition = Transition { nodes, ..Transition::default() };
        self.note(id.run, &transition, now, &Origin::own(None));
    }

    /// Steps one run, then all that follows from it in its group and members.
    pub(super) fn step(
        &mut self,
        run: RunKey,
        event: Event<'_>,
        now: Timestamp,
        origin: &Origin,
    ) -> Result<(), Rejected> {
        let mut follow = VecDeque::new();
        self.step_one(run, event, now, origin, &mut follow)?;
        while let Some((run, next)) = follow.pop_front() {
            let event = match next {
                Follow::Gate { gate, reopen } => Event::Gate { gate, reopen },
                Follow::Interrupt => Event::Interrupt,
                Follow::ForceAll => Event::ForceAll,
                Follow::Member { node, member } => {
                    let Some(live) = self.runs.get(&member) else { continue };
                    Event::Member { node, status: live.run.status(), ended: live.run.ended() }
                }
            };
            // A member that is interrupted or has nothing to force already is as it should be.
            let _ = self.step_one(run, event, now, origin, &mut follow);
        }
        Ok(())
    }

    fn step_one(
        &mut self,
        key: RunKey,
        event: Event<'_>,
        now: Timestamp,
        origin: &Origin,
        follow: &mut VecDeque<(RunKey, Follow)>,
    ) -> Result<(), Rejected> {
        let mut transition = std::mem::take(&mut self.transition);
        let Some(live) = self.runs.get_mut(&key) else { return Err(Rejected::NoSuchNode) };
        let result = live.run.step(&live.compiled.plan, event, now, &mut transition);
        if result.is_ok() {
            for effect in &transition.effects {
                self.effect(key, *effect, follow);
            }
            self.note(key, &transition, now, origin);
            self.tell_group(key, now, origin, follow);
        }
        self.transition = transition;
        result
    }

    fn effect(&mut self, run: RunKey, effect: Effect, follow: &mut VecDeque<(RunKey, Follow)>) {
        let member = |node: u32| {
            self.runs.get(&run).and_then(|live| live.members.get(node as usize)).copied()
        };
        match effect {
            Effect::Dispatch { node, .. } => {
                let live = self.runs.get_mut(&run);
                let begin = live.and_then(|live| {
                    live.handles.remove(&node);
                    live.files.remove(&node);
                    live.begin(node)
                });
                let begin = begin.map(|begin| Release::Start(Box::new(begin)));
                self.current().releases.extend(begin);
            }
            Effect::Stop { node, epoch } => {
                let pending = self.current();
                pending.releases.push(Release::Stop(AttemptId { run, node, epoch }));
                // When a time-out is up nothing is to be written, but the run remembers that it has said so.
                pending.moved.insert(run);
            }
            Effect::WakeAt(at) => self.wake_at(run, at),
            Effect::Gate { node, gate, reopen } => {
                follow.extend(member(node).map(|member| (member, Follow::Gate { gate, reopen })));
            }
            Effect::InterruptMember { node } => {
                follow.extend(member(node).map(|member| (member, Follow::Interrupt)));
            }
            Effect::ForceMember { node } => {
                follow.extend(member(node).map(|member| (member, Follow::ForceAll)));
            }
        }
    }

    pub(super) fn wake_at(&mut self, run: RunKey, at: Timestamp) {
        if self.due.get(&run).is_some_and(|due| *due <= at) {
            return;
        }
        if let Some(later) = self.due.insert(run, at) {
            self.timers.remove(&(later, run));
        }
        self.timers.insert((at, run));
    }

    /// Puts what a step changed into the open group: rows, history, and the delta of the view.
    pub(super) fn note(
        &mut self,
        key: RunKey,
        transition: &Transition,
        now: Timestamp,
        origin: &Origin,
    ) {
        let nodes = transition.nodes.iter().map(|record| record.node);
        let nodes = nodes.chain(transition.touched.iter().copied());
        let shown: Vec<(u32, Status)> = nodes.map(|node| (node, self.shown(key, node))).collect();
        let Some(live) = self.runs.get_mut(&key) else { return };
        let state = live.state_now(now);
        let moved = state != live.row.state;
        if !moved && shown.is_empty() {
            return;
        }
        let about = transition.nodes.first().map(|record| record.node);
        let message = origin
            .message
            .as_ref()
            .map(|message| if transition.timed_out { timed_out(message) } else { message.clone() });
        let message = message.map(|message| cut(&message));
        let rows: Vec<_> = transition
            .nodes
            .iter()
            .map(|record| {
                live.node_row(
                    record,
                    message
                        .as_deref()
                        .filter(|_| Some(record.node) == about && !record.state.has_attempt()),
                )
            })
            .collect();
        live.row.state = state.clone();
        let view = Arc::clone(&live.view);
        let pending = self.current();
        let delta = pending.delta(&view);
        delta.shown.extend(shown);
        delta.state = Some(state.clone());
        if let WriteKind::Runs(runs) = &mut pending.kind {
            if moved {
                runs.changed.insert(key, state.clone());
            }
            if moved || !rows.is_empty() {
                runs.nodes.extend(rows.iter().cloned());
                runs.record(Record {
                    run: key,
                    at: now,
                    actor: origin.actor.clone(),
                    event: origin.event,
                    note: origin.note.clone(),
                    state,
                    nodes: rows,
                });
            }
        }
    }

    /// What callers see of a node; of a member, what they see when they ask for its own id.
    fn shown(&self, key: RunKey, node: u32) -> Status {
        let Some(live) = self.runs.get(&key) else { return Status::NotStarted };
        let member = live.members.get(node as usize).and_then(|member| self.runs.get(member));
        member.map_or_else(|| live.run.shown(node), |member| member.run.status())
    }

    /// Shows in the group's view what the member is now.
    fn show_in_group(&mut self, member: RunKey) {
        let Some(live) = self.runs.get_mut(&member) else { return };
        let (status, parent) = (live.run.status(), live.row.parent);
        if std::mem::replace(&mut live.told_status, status) == status {
            return;
        }
        let Some((group, node)) = parent else { return };
        let view = self.runs.get(&group).map(|group| Arc::clone(&group.view));
        if let Some(view) = view {
            self.current().delta(&view).shown.push((node, status));
        }
    }

    /// Tells the group of a member what the member is now, and the members of a group that it has ended.
    fn tell_group(
        &mut self,
        key: RunKey,
        now: Timestamp,
        origin: &Origin,
        follow: &mut VecDeque<(RunKey, Follow)>,
    ) {
        self.show_in_group(key);
        let Some(live) = self.runs.get(&key) else { return };
        let (status, ended) = (live.run.status(), live.run.ended());
        if let Some((group, node)) = live.row.parent {
            let known =
                self.runs.get(&group).map(|group| (group.run.shown(node), group.run.state(node)));
            let settled = known.is_some_and(|(_, state)| state.is_settled());
            if known.is_some_and(|(shown, _)| shown != status)
                || (ended != settled && status != Status::NotStarted)
            {
                follow.push_back((group, Follow::Member { node, member: key }));
            }
        }
        if live.members.is_empty() || live.told_ended == ended {
            return;
        }
        for member in live.members.clone() {
            self.set_group_ended(member, ended, now, origin);
        }
        if let Some(live) = self.runs.get_mut(&key) {
            live.told_ended = ended;
        }
    }

    fn set_group_ended(&mut self, member: RunKey, ended: bool, now: Timestamp, origin: &Origin) {
        let Some(live) = self.runs.get_mut(&member) else { return };
        live.group_ended = ended;
        self.note(member, &Transition::default(), now, origin);
    }
}

impl RunsWrite {
    /// Appends to the run's last record if both are the engine's own steps; else begins a new one.
    pub(super) fn record(&mut self, record: Record) {
        let last = self.last_record.get(&record.run).copied();
        let own = record.event == OWN_EVENT;
        if let Some(earlier) = last
            .and_then(|at| self.records.get_mut(at))
            .filter(|earlier| own && earlier.event == OWN_EVENT)
        {
            earlier.nodes.extend(record.nodes);
            earlier.state = record.state;
        } else {
            self.last_record.insert(record.run, self.records.len());
            self.records.push(record);
        }
    }
}

fn prefixed(word: &str, message: &str) -> String {
    if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") }
}

fn timed_out(message: &str) -> String {
    prefixed("the time-out was reached", message)
}

/// Cuts a message to what is kept, at a character boundary.
fn cut(message: &str) -> String {
    if message.len() <= MESSAGE_MAX_BYTES {
        return message.to_owned();
    }
    let mut end = MESSAGE_MAX_BYTES - '…'.len_utf8();
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", message.get(..end).unwrap_or_default())
}

/// The part of a run's state that a new run is stored with.
pub(super) fn not_begun(gate: Gate) -> RunState {
    RunState {
        gate: gate as u8,
        interrupted: false,
        generation: 1,
        status: Status::NotStarted,
        ended: false,
        started_at: None,
        ended_at: None,
    }
}
