//! The world around the server: what it wants is done, with faults; and it dies and starts again.

use super::block_on::block_on;
use super::invariants;
use super::mutations::Mutation;
use super::server::Server;
use super::world::{Check, Event, Fate, World};
use dayend_engine::codes::RunKey;
use dayend_executor::port::Report;
use dayend_service::conductor::ConductorSettings;
use dayend_service::conductor::core::Core;
use dayend_service::conductor::desk::{Desk, Want};
use dayend_service::conductor::input::{Command, Input};
use dayend_service::conductor::load::{Tree, Unfinished};
use dayend_service::conductor::pending::Release;
use dayend_service::conductor::view::Views;
use dayend_store::port::{Group, GroupId, Outcome, Partition, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

impl World {
    pub(super) fn fold(&mut self, input: Input<u64>) {
        let wall = self.wall();
        if let Some(server) = self.server.as_mut().filter(|server| !server.desk.is_stopping()) {
            server.desk.fold(input, wall);
        }
    }

    /// A command reaches the server's queue.
    pub(super) fn arrive(&mut self, request: usize, command: Command) -> Check {
        if let Some(command) = self.perturb_command(request, command)? {
            self.commands.push_back((request, command));
        }
        Ok(())
    }

    /// While a group is full, commands wait in the queue.
    fn take_commands(&mut self) {
        while self.server.as_ref().is_some_and(|server| server.desk.takes_commands()) {
            let Some((request, command)) = self.commands.pop_front() else { return };
            self.fold(Input::Command(command, request as u64));
        }
    }

    /// After every event: the server goes once through its loop, and the world does what it wants.
    pub(super) fn serve(&mut self) -> Check {
        let now = self.now();
        self.take_commands();
        let Some(server) = &mut self.server else { return Ok(()) };
        if !server.desk.is_stopping() {
            server.desk.tick(now);
        }
        server.desk.go_on(now);
        let mut wants = Vec::new();
        server.desk.take_wants(&mut wants);
        for want in wants {
            if self.random.chance(self.faults.crash_halfway) {
                self.crash();
                return Ok(());
            }
            self.grant(want)?;
        }
        let Some(server) = &self.server else { return Ok(()) };
        if server.desk.is_done() {
            self.crash();
            return Ok(());
        }
        invariants::views_show_what_was_acknowledged(server, &self.watch)?;
        invariants::only_the_owner_conducts(server)?;
        invariants::what_is_to_stop_was_told(&self.watch, &self.made)?;
        self.set_alarm();
        Ok(())
    }

    fn grant(&mut self, want: Want<u64>) -> Check {
        let life = Some(self.life);
        let Some(want) = self.perturb_want(want)? else { return Ok(()) };
        match want {
            Want::Commit(group) => self.begin_commit(group),
            Want::Read(run) => self.soon(self.faults.load_us, life, Event::LoadReads(run)),
            Want::Release(Release::Start(begin)) => return self.start(&begin.attempt),
            Want::Release(Release::Stop(id)) => self.stop(id),
            Want::Reply(request, answer) => return self.answered(request, &answer),
            Want::Again(report) => self.schedule(0, life, Event::Deliver(report)),
        }
        Ok(())
    }

    fn begin_commit(&mut self, mut group: Group) {
        self.perturb_group(&mut group);
        let faults = &self.faults;
        let fates = [
            (faults.not_done, Fate::NotDone),
            (faults.unknown_done, Fate::UnknownDone),
            (faults.unknown_not_done, Fate::UnknownNotDone),
        ];
        let random = &mut self.random;
        let fate = fates.into_iter().find(|(rate, _)| random.chance(*rate));
        let fate = fate.map_or(Fate::Done, |(_, fate)| fate);
        let event = Event::CommitLands(Box::new(group), fate);
        self.soon(self.faults.commit_us, Some(self.life), event);
    }

    pub(super) fn commit_lands(&mut self, group: &Group, fate: Fate) -> Check {
        let life = Some(self.life);
        let written = matches!(fate, Fate::Done | Fate::UnknownDone);
        let trusted = || vec![Outcome::Applied; group.writes.len()];
        let outcomes = if written { self.write(group)? } else { trusted() };
        let fate = self.perturb_fate(group, fate)?;
        let why = || "the disk refused".to_owned();
        let answer = match fate {
            Fate::Done => Event::CommitAnswers(Ok(outcomes)),
            Fate::NotDone => Event::CommitAnswers(Err(why())),
            Fate::UnknownDone | Fate::UnknownNotDone => Event::CommitSettles(group.id),
        };
        self.soon(self.faults.commit_us, life, answer);
        Ok(())
    }

    pub(super) fn write(&mut self, group: &Group) -> Result<Vec<Outcome>, String> {
        let store = Arc::clone(&self.store);
        let mut tables = store.tables();
        if self.mutation == Some(Mutation::ForgetKeys) {
            tables.claims.clear();
        }
        let outcomes = tables.commit(group);
        if let Some(defect) = tables.defects.first() {
            return Err(defect.clone());
        }
        self.watch.committed(group, &outcomes, &tables, &self.graphs, &self.made)?;
        Ok(outcomes)
    }

    /// Asks until the store says what became of the group.
    pub(super) fn commit_settles(&mut self, group: GroupId) {
        self.store.set_unavailable(self.random.chance(self.faults.read));
        let settled = block_on(self.store.was_committed(group));
        self.store.set_unavailable(false);
        match settled {
            Ok(Some(outcomes)) => self.commit_answers(Ok(outcomes)),
            Ok(None) => self.commit_answers(Err("the connection was lost".to_owned())),
            Err(_) => {
                self.sums.doubts += 1;
                if let Some(server) = &mut self.server {
                    server.desk.doubtful();
                }
                self.schedule(50_000, Some(self.life), Event::CommitSettles(group));
            }
        }
    }

    pub(super) fn commit_answers(&mut self, done: Result<Vec<Outcome>, String>) {
        let steady = self.now().steady;
        if done.is_err() {
            self.sums.failed_commits += 1;
        } else {
            self.watch.acknowledged();
        }
        if let Some(server) = &mut self.server {
            server.desk.finish_commit(done, steady);
        }
    }

    pub(super) fn load_reads(&mut self, run: RunKey) {
        let tree = self.read_tree(run);
        let event = Event::LoadArrives(run, Box::new(tree));
        self.soon(self.faults.load_us, Some(self.life), event);
    }

    pub(super) fn load_arrives(&mut self, run: RunKey, tree: Result<Option<Tree>, StoreError>) {
        let now = self.now();
        if let Some(server) = self.server.as_mut().filter(|server| !server.desk.is_stopping()) {
            server.desk.loaded(run, tree, now);
        }
    }

    /// The server sleeps until something is due.
    fn set_alarm(&mut self) {
        let Some(server) = self.server.as_ref().filter(|server| !server.desk.is_stopping()) else {
            return;
        };
        let at = server.desk.quiet_for(self.now()).map(|quiet_for| {
            let left_us = i64::try_from(quiet_for.as_micros()).unwrap_or(i64::MAX);
            self.mono_us.saturating_add(left_us)
        });
        if let Some(at) = at.filter(|at| self.wake != Some(*at)) {
            self.schedule(at - self.mono_us, Some(self.life), Event::Wake(at));
        }
        self.wake = at;
    }

    pub(super) fn woken(&mut self, at: i64) {
        if self.wake == Some(at) {
            self.wake = None;
        }
    }

    /// Everything in memory is lost, and what was on its way to or from the server.
    pub(super) fn crash(&mut self) {
        if self.server.take().is_none() {
            return;
        }
        self.sums.crashes += 1;
        self.life += 1;
        self.wake = None;
        self.commands.clear();
        self.processes_die();
        self.unanswered();
        self.soon(3_000_000, None, Event::Recover);
    }

    /// The server is told to stop: it ends what is on its way to the store.
    pub(super) fn stop_server(&mut self) {
        if let Some(server) = &mut self.server {
            server.desk.stop();
        }
    }

    /// A server starts; if it cannot, it is started again.
    pub(super) fn recover(&mut self) -> Check {
        if self.server.is_some() {
            return Ok(());
        }
        self.store.set_unavailable(self.random.chance(self.faults.read / 2));
        let recovered = self.try_to_recover();
        self.store.set_unavailable(false);
        match recovered {
            Ok(unfinished) => unfinished.iter().try_for_each(|found| self.find_again(found)),
            Err(StoreError::Unavailable(_)) => {
                self.soon(1_000_000, None, Event::Recover);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Exactly as the conductor starts, with settings of its own each time.
    fn try_to_recover(&mut self) -> Result<Vec<Unfinished>, StoreError> {
        let partition = Partition(0);
        let views = Arc::new(Views::default());
        let store = Arc::clone(&self.store);
        let mut core = Core::new(&block_on(store.take_over(partition))?, Arc::clone(&views));
        let (mut seen, mut unfinished) = (BTreeSet::new(), Vec::new());
        for row in block_on(store.live_runs(partition))? {
            let root = row.parent.map_or(row.key, |(group, _)| group);
            if !seen.insert(root) {
                continue;
            }
            if let Some(tree) = block_on(Tree::read(store.as_ref(), &self.catalogue, root))? {
                unfinished.extend(core.recover(tree, self.wall())?);
            }
        }
        self.watch.acknowledged();
        let settings = self.some_settings();
        self.server = Some(Server::new(Desk::new(core, settings), views));
        Ok(unfinished)
    }

    fn some_settings(&mut self) -> ConductorSettings {
        let usual = ConductorSettings::default();
        let bursts = [1, 2, 3, usual.burst];
        let pauses = [1, 50, 700].map(Duration::from_millis);
        ConductorSettings {
            burst: self.random.pick(&bursts).copied().unwrap_or(usual.burst),
            retry_pause: self.random.pick(&pauses).copied().unwrap_or(usual.retry_pause),
            ..usual
        }
    }

    fn find_again(&mut self, found: &Unfinished) -> Check {
        let attempt = &found.begin.attempt;
        if self.perturb_adoption(attempt)? {
            return Ok(());
        }
        self.adopt(attempt);
        if found.stopping {
            self.stop(attempt.id);
        }
        Ok(())
    }

    /// A report on its way, unless there is nobody to tell.
    pub(super) fn deliver(&mut self, report: Report) {
        if self.server.is_none() {
            return;
        }
        let life = Some(self.life);
        if self.random.chance(self.faults.twice) {
            self.soon(self.faults.report_us * 4, life, Event::Deliver(report.clone()));
        }
        let late = self.random.chance(self.faults.late);
        let most_us = self.faults.report_us * if late { 20 } else { 1 };
        self.soon(most_us, life, Event::Deliver(report));
    }
}
