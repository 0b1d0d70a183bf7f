//! The world around the server: what it wants is done, with faults; and it dies and starts again.

use super::block_on::block_on;
use super::invariants;
use super::server::{Server, Want};
use super::world::{Check, Event, Fate, World};
use dayend_engine::codes::RunKey;
use dayend_executor::port::Report;
use dayend_service::conductor::core::Core;
use dayend_service::conductor::input::Input;
use dayend_service::conductor::load::Tree;
use dayend_service::conductor::pending::Release;
use dayend_service::conductor::view::Views;
use dayend_store::port::{Group, GroupId, Outcome, Partition, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

impl World {
    pub(super) fn fold(&mut self, input: Input<u64>) {
        let wall = self.wall();
        if let Some(server) = &mut self.server {
            server.fold(input, wall);
        }
    }

    /// After every event: the server goes once through its loop, and the world does what it wants.
    pub(super) fn serve(&mut self) -> Check {
        let (wall, mono_us) = (self.wall(), self.mono_us);
        let Some(server) = &mut self.server else { return Ok(()) };
        server.tick(wall, mono_us);
        server.before_waiting(wall);
        while let Some(server) = &mut self.server {
            let wants = std::mem::take(&mut server.wants);
            if wants.is_empty() {
                break;
            }
            for want in wants {
                if self.random.chance(self.faults.crash_halfway) {
                    self.crash();
                    return Ok(());
                }
                self.grant(want)?;
            }
        }
        let Some(server) = &self.server else { return Ok(()) };
        invariants::views_show_what_was_acknowledged(server, &self.watch)?;
        invariants::only_the_owner_conducts(server)?;
        self.set_alarm();
        Ok(())
    }

    fn grant(&mut self, want: Want) -> Check {
        let life = Some(self.life);
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

    fn begin_commit(&mut self, group: Group) {
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
        let outcomes = if written { self.write(group)? } else { Vec::new() };
        let why = || "the disk refused".to_owned();
        let answer = match fate {
            Fate::Done => Event::CommitAnswers(Ok(outcomes)),
            Fate::NotDone => Event::CommitAnswers(Err(why())),
            Fate::UnknownDone | Fate::UnknownNotDone => Event::CommitSettles(group.id),
        };
        self.soon(self.faults.commit_us, life, answer);
        Ok(())
    }

    fn write(&mut self, group: &Group) -> Result<Vec<Outcome>, String> {
        let store = Arc::clone(&self.store);
        let mut tables = store.tables();
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
            Err(_) => self.schedule(50_000, Some(self.life), Event::CommitSettles(group)),
        }
    }

    pub(super) fn commit_answers(&mut self, done: Result<Vec<Outcome>, String>) {
        let mono_us = self.mono_us;
        if done.is_err() {
            self.sums.failed_commits += 1;
        } else {
            self.watch.acknowledged();
        }
        if let Some(server) = &mut self.server {
            server.finish_commit(done, mono_us);
        }
    }

    pub(super) fn load_reads(&mut self, run: RunKey) {
        let tree = self.read_tree(run);
        let event = Event::LoadArrives(run, Box::new(tree));
        self.soon(self.faults.load_us, Some(self.life), event);
    }

    pub(super) fn load_arrives(&mut self, run: RunKey, tree: Result<Option<Tree>, StoreError>) {
        let (wall, mono_us) = (self.wall(), self.mono_us);
        if let Some(server) = &mut self.server {
            server.loaded(run, tree, wall, mono_us);
        }
    }

    /// The server sleeps until something is due.
    fn set_alarm(&mut self) {
        let Some(server) = &self.server else { return };
        let wall = self.wall();
        let due = server.core.next_wake();
        let due = due.map(|at| self.mono_us + at.0.saturating_sub(wall.0).max(0));
        let at = [due, server.resume_at, server.loads.retry_at].into_iter().flatten().min();
        let at = at.map(|at| at.max(self.mono_us));
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
        self.processes_die();
        self.unanswered();
        self.soon(3_000_000, None, Event::Recover);
    }

    /// A server starts, exactly as the conductor does.
    pub(super) fn recover(&mut self) -> Check {
        let partition = Partition(0);
        let views = Arc::new(Views::default());
        let store = Arc::clone(&self.store);
        let takeover = block_on(store.take_over(partition)).map_err(|error| error.to_string())?;
        let mut core = Core::new(&takeover, Arc::clone(&views));
        let live = block_on(store.live_runs(partition)).map_err(|error| error.to_string())?;
        let (mut seen, mut unfinished) = (BTreeSet::new(), Vec::new());
        for row in live {
            let root = row.parent.map_or(row.key, |(group, _)| group);
            if !seen.insert(root) {
                continue;
            }
            let tree = block_on(Tree::read(store.as_ref(), &self.catalogue, root));
            if let Some(tree) = tree.map_err(|error| error.to_string())? {
                let found = core.recover(tree, self.wall()).map_err(|error| error.to_string())?;
                unfinished.extend(found);
            }
        }
        self.watch.acknowledged();
        self.server = Some(Server::new(core, views));
        for found in unfinished {
            let id = found.begin.attempt.id;
            self.adopt(&found.begin.attempt);
            if found.stopping {
                self.stop(id);
            }
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
