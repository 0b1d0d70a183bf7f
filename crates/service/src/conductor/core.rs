//! The conductor's core: synchronous and pure. Inputs and the time go in; groups to commit come out, and what may be
//! released once they are on disk. The simulation runs this same code.

use super::input::{Answer, Command, Input};
use super::live::Live;
use super::pending::{ClaimKey, PendingWrite, Release, WriteKind};
use super::view::Views;
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::run::Transition;
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Fact, Report};
use dayend_store::port::{Group, GroupId, Outcome, OwnerEpoch, Partition, Takeover};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All live runs of a partition and the group that is being filled.
pub struct Core<R> {
    pub(super) partition: Partition,
    pub(super) epoch: OwnerEpoch,
    pub(super) views: Arc<Views>,
    pub(super) runs: BTreeMap<RunKey, Live>,
    /// When which run wants a tick; each run at most once.
    pub(super) timers: BTreeSet<(Timestamp, RunKey)>,
    pub(super) due: BTreeMap<RunKey, Timestamp>,
    /// When running attempts really started: kept over a reload.
    pub(super) started: BTreeMap<AttemptId, Timestamp>,
    pub(super) open: Vec<PendingWrite<R>>,
    /// Idempotency keys in writes that are not on disk yet.
    pub(super) claims: BTreeSet<ClaimKey>,
    in_flight: Option<InFlight<R>>,
    next_group: i64,
    pub(super) last_run: i64,
    /// Per tenant; ids are unique even when the clock goes back.
    pub(super) last_ms: BTreeMap<String, i64>,
    pub(super) floor_ms: i64,
    /// A buffer for steps.
    pub(super) transition: Transition,
}

struct InFlight<R> {
    id: GroupId,
    writes: Vec<PendingWrite<R>>,
}

/// What the shell does after a commit.
#[derive(Debug)]
pub struct Released<R> {
    pub replies: Vec<(R, Answer)>,
    pub releases: Vec<Release>,
    /// To be folded in again, after `reload`.
    pub reports: Vec<Report>,
    /// Roots of run trees whose memory was dropped: the store has the truth.
    pub reload: BTreeSet<RunKey>,
    /// Another node owns the partition now: this one must stop.
    pub fenced: bool,
}

impl<R> Default for Released<R> {
    fn default() -> Self {
        Self {
            replies: Vec::new(),
            releases: Vec::new(),
            reports: Vec::new(),
            reload: BTreeSet::new(),
            fenced: false,
        }
    }
}

/// What there is to do when no commit is under way.
#[derive(Debug)]
pub enum Next<R> {
    Commit(Group),
    /// Nothing is to be written, only to be answered.
    Answer(Released<R>),
    Nothing,
}

impl<R> Core<R> {
    /// A core that owns a partition and has no runs yet.
    pub fn new(takeover: &Takeover, views: Arc<Views>) -> Self {
        Self {
            partition: takeover.partition,
            epoch: takeover.epoch,
            views,
            runs: BTreeMap::new(),
            timers: BTreeSet::new(),
            due: BTreeMap::new(),
            started: BTreeMap::new(),
            open: Vec::new(),
            claims: BTreeSet::new(),
            in_flight: None,
            next_group: takeover.last_group.0 + 1,
            last_run: takeover.last_run.0,
            last_ms: BTreeMap::new(),
            floor_ms: takeover.last_created_ms,
            transition: Transition::default(),
        }
    }

    /// Folds an input into the open group. Gives it back if its run is not in memory.
    pub fn handle(
        &mut self,
        input: Input<R>,
        now: Timestamp,
    ) -> Result<(), Box<(RunKey, Input<R>)>> {
        match input {
            Input::Report(report) if self.runs.contains_key(&report.id.run) => {
                self.report(report, now);
            }
            Input::Report(report) => return Err(Box::new((report.id.run, Input::Report(report)))),
            Input::Command(Command::Create(create), reply) => self.create(&create, reply, now),
            Input::Command(Command::Verb(verb), reply) if self.runs.contains_key(&verb.run) => {
                self.verb(*verb, reply, now);
            }
            Input::Command(Command::Verb(verb), reply) => {
                return Err(Box::new((verb.run, Input::Command(Command::Verb(verb), reply))));
            }
            Input::Command(Command::Flush, reply) => self.refuse(reply, Answer::Done),
            Input::Command(Command::Foreign(write), reply) => {
                let mut pending = PendingWrite::foreign(*write);
                pending.replies.push((reply, Answer::Written(Outcome::Applied)));
                self.open.push(pending);
            }
        }
        Ok(())
    }

    /// Answers a command about a run that does not exist.
    pub fn refuse(&mut self, reply: R, answer: Answer) {
        self.current().replies.push((reply, answer));
    }

    /// Whether a run is in memory.
    pub fn knows(&self, run: RunKey) -> bool {
        self.runs.contains_key(&run)
    }

    /// When [`Core::tick`] is due.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next group, unless one is under way. A `probe` is made even of nothing: it tells whether the store works.
    pub fn next(&mut self, now: Timestamp, probe: bool) -> Next<R> {
        if self.in_flight.is_some() || (self.open.is_empty() && !probe) {
            return Next::Nothing;
        }
        let mut writes = self.take_group();
        if !probe && writes.iter().all(PendingWrite::is_empty) {
            return Next::Answer(self.answer(writes));
        }
        if writes.iter().any(|pending| pending.claim_key().is_some()) {
            // A write with a key may lose for the key's sake; one without tells whether the partition is still ours.
            writes.push(PendingWrite::of_runs(None));
        }
        let id = GroupId(self.next_group);
        self.next_group += 1;
        let group = Group {
            id,
            partition: self.partition,
            epoch: self.epoch,
            at: now,
            writes: writes.iter_mut().map(PendingWrite::take_write).collect(),
        };
        self.in_flight = Some(InFlight { id, writes });
        Next::Commit(group)
    }

    /// What goes into the next group. Steps on top of one that may lose the race for its key wait until that is known.
    fn take_group(&mut self) -> Vec<PendingWrite<R>> {
        let mut undecided = BTreeSet::new();
        let builds_on = |undecided: &BTreeSet<RunKey>, pending: &PendingWrite<R>| {
            !undecided.is_empty() && pending.runs().any(|run| undecided.contains(&run))
        };
        let mut end = 0;
        for pending in &self.open {
            if builds_on(&undecided, pending) {
                break;
            }
            // Nobody else knows a new run yet.
            if pending.claim_key().is_some() && pending.new_views.is_empty() {
                undecided.extend(pending.runs());
            }
            end += 1;
        }
        let later = self.open.split_off(end);
        std::mem::replace(&mut self.open, later)
    }

    fn answer(&mut self, writes: Vec<PendingWrite<R>>) -> Released<R> {
        let mut released = Released::default();
        let touched = writes.iter().flat_map(PendingWrite::runs).collect();
        for pending in writes {
            self.release(pending, &mut released);
        }
        self.evict(&touched);
        released
    }

    /// The group under way, if any.
    pub fn in_flight(&self) -> Option<GroupId> {
        self.in_flight.as_ref().map(|in_flight| in_flight.id)
    }

    /// The writes of the group under way.
    fn flying(&self) -> impl Iterator<Item = &PendingWrite<R>> {
        self.in_flight.iter().flat_map(|in_flight| &in_flight.writes)
    }

    /// Everybody who waits for a group, under way or open: what they asked for may take long to be decided.
    pub fn take_replies(&mut self) -> Vec<R> {
        let flying = self.in_flight.iter_mut().flat_map(|in_flight| &mut in_flight.writes);
        let waiting = flying.chain(&mut self.open);
        waiting
            .flat_map(|pending| std::mem::take(&mut pending.replies))
            .map(|(reply, _)| reply)
            .collect()
    }

    /// The group under way is on disk.
    pub fn committed(&mut self, outcomes: Vec<Outcome>) -> Released<R> {
        let Some(in_flight) = self.in_flight.take() else { return Released::default() };
        let decided: Vec<_> = in_flight.writes.into_iter().zip(outcomes).collect();
        let fenced = |(pending, outcome): &(PendingWrite<R>, Outcome)| {
            *outcome == Outcome::LostRace
                && matches!(pending.kind, WriteKind::Runs(_))
                && pending.claim_key().is_none()
        };
        if decided.iter().any(fenced) {
            return self.fenced(decided);
        }
        let mut released = Released::default();
        let mut touched = BTreeSet::new();
        for (pending, outcome) in decided {
            match outcome {
                Outcome::Applied => {
                    touched.extend(pending.runs());
                    self.release(pending, &mut released);
                }
                Outcome::LostRace => self.lost_race(pending, &mut released),
            }
        }
        self.evict(&touched);
        released
    }

    /// Nothing of the group under way was written: what it and the open group changed is dropped from memory.
    pub fn not_done(&mut self, reason: &str) -> Released<R> {
        let mut released = Released::default();
        let in_flight = self.in_flight.take().map(|in_flight| in_flight.writes).unwrap_or_default();
        let open = std::mem::take(&mut self.open);
        for pending in in_flight.into_iter().chain(open) {
            self.forget(pending, &Answer::NotStored(reason.to_owned()), &mut released);
        }
        released
    }

    /// Another node owns the partition: no run of the group was written, and none will be.
    fn fenced(&mut self, decided: Vec<(PendingWrite<R>, Outcome)>) -> Released<R> {
        let mut released = Released { fenced: true, ..Released::default() };
        let gone = Answer::NotStored("this server no longer owns its runs".to_owned());
        let open = std::mem::take(&mut self.open).into_iter();
        let undone = open.map(|pending| (pending, Outcome::LostRace));
        for (pending, outcome) in decided.into_iter().chain(undone) {
            match outcome {
                Outcome::Applied => self.release(pending, &mut released),
                Outcome::LostRace => self.forget(pending, &gone, &mut released),
            }
        }
        // They are the new owner's now.
        self.views.close();
        released.reports.clear();
        released.reload.clear();
        released
    }

    fn release(&mut self, pending: PendingWrite<R>, released: &mut Released<R>) {
        self.give_up_claim(&pending);
        for report in &pending.reports {
            if matches!(report.fact, Fact::Ended { .. }) {
                self.started.remove(&report.id);
            }
        }
        for view in pending.new_views {
            self.views.add(view);
        }
        for (view, delta) in pending.deltas.into_values() {
            view.apply(delta);
        }
        released.replies.extend(pending.replies);
        released.releases.extend(pending.releases);
    }

    /// The key is in the store now, or free again.
    fn give_up_claim(&mut self, pending: &PendingWrite<R>) {
        if let Some(key) = pending.claim_key() {
            self.claims.remove(key);
        }
    }

    fn lost_race(&mut self, pending: PendingWrite<R>, released: &mut Released<R>) {
        match &pending.kind {
            WriteKind::Foreign(_) => {
                let lost = Answer::Written(Outcome::LostRace);
                self.forget(pending, &lost, released);
            }
            WriteKind::Runs(_) => {
                self.forget(pending, &Answer::Raced, released);
                self.forget_what_builds_on_it(released);
            }
        }
    }

    /// Steps on top of a lost one must not be written, nor steps on top of those, nor any that the memory that is
    /// read again would miss.
    fn forget_what_builds_on_it(&mut self, released: &mut Released<R>) {
        let lost = Answer::NotStored("another request came first; try again".to_owned());
        loop {
            let open = std::mem::take(&mut self.open);
            let (kept, without_ground): (Vec<_>, Vec<_>) = open
                .into_iter()
                .partition(|pending| pending.runs().all(|run| self.runs.contains_key(&run)));
            self.open = kept;
            if without_ground.is_empty() {
                return;
            }
            for pending in without_ground {
                self.forget(pending, &lost, released);
            }
        }
    }

    /// Drops from memory what a write that did not happen had changed.
    fn forget(&mut self, pending: PendingWrite<R>, answer: &Answer, released: &mut Released<R>) {
        self.give_up_claim(&pending);
        let new: BTreeSet<RunKey> = pending.new_views.iter().map(|view| view.row.key).collect();
        for run in pending.runs() {
            let root = self.root(run);
            if let Some(root) = root {
                self.drop_tree(root);
                if !new.contains(&root) {
                    released.reload.insert(root);
                }
            }
        }
        released
            .replies
            .extend(pending.replies.into_iter().map(|(reply, _)| (reply, answer.clone())));
        released.reports.extend(pending.reports);
    }

    /// Drops what has ended; nothing is lost, the store has it.
    pub fn evict(&mut self, touched: &BTreeSet<RunKey>) {
        let roots: BTreeSet<RunKey> = touched.iter().filter_map(|run| self.root(*run)).collect();
        let changing = self.open.iter().chain(self.flying()).flat_map(PendingWrite::runs);
        let changing: BTreeSet<RunKey> = changing.filter_map(|run| self.root(run)).collect();
        for root in roots.difference(&changing) {
            if self.is_tree_over(*root) {
                self.end_views(*root);
                self.drop_tree(*root);
            }
        }
    }

    fn is_tree_over(&self, root: RunKey) -> bool {
        let over = |key: &RunKey| {
            self.runs.get(key).is_none_or(|member| member.is_over() || member.is_closed())
        };
        self.runs.get(&root).is_some_and(|live| live.is_over() && live.members.iter().all(over))
    }

    /// The group run of a member, or the run itself.
    pub(super) fn root(&self, run: RunKey) -> Option<RunKey> {
        self.runs.get(&run).map(|live| live.row.parent.map_or(run, |(group, _)| group))
    }

    /// Readers still see them for a while.
    fn end_views(&self, root: RunKey) {
        let Some(live) = self.runs.get(&root) else { return };
        for key in live.members.iter().chain([&root]) {
            if let Some(live) = self.runs.get(key) {
                self.views.end(&live.view);
            }
        }
    }

    pub(super) fn drop_tree(&mut self, root: RunKey) {
        let Some(live) = self.runs.remove(&root) else { return };
        for key in live.members.iter().chain([&root]) {
            self.runs.remove(key);
            if let Some(at) = self.due.remove(key) {
                self.timers.remove(&(at, *key));
            }
        }
    }

    /// The write that steps go into.
    pub(super) fn current(&mut self) -> &mut PendingWrite<R> {
        if self.open.last().is_none_or(|last| last.sealed) {
            self.open.push(PendingWrite::of_runs(None));
        }
        self.open.last_mut().expect("a write was just pushed if there was none")
    }
}

impl<R> std::fmt::Debug for Core<R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Core")
            .field("runs", &self.runs.len())
            .field("timers", &self.timers.len())
            .field("started", &self.started.len())
            .field("claims", &self.claims.len())
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}
