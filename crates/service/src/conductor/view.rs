//! What readers see of a run: a byte a task and the roll-up, as of the last commit.

use crate::compiled::Compiled;
use dayend_engine::codes::RunId;
use dayend_engine::status::Status;
use dayend_store::port::{RunRow, RunState};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// The committed view of one run.
#[derive(Debug)]
pub struct View {
    /// The fixed part; `row.state` is as of creation.
    pub row: RunRow,
    pub compiled: Arc<Compiled>,
    /// The ids of a group's member runs, in node order.
    pub members: Vec<RunId>,
    seen: RwLock<Seen>,
    revision: watch::Sender<u64>,
}

/// The part of a view that moves.
#[derive(Clone, Debug)]
pub struct Seen {
    pub shown: Vec<Status>,
    pub state: RunState,
    pub revision: u64,
}

/// What one commit changes in a view.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    pub shown: Vec<(u32, Status)>,
    pub state: Option<RunState>,
}

impl View {
    /// A view of a run that is committed as given. Revisions grow from `revision`, over server starts too.
    pub fn new(
        row: RunRow,
        compiled: Arc<Compiled>,
        members: Vec<RunId>,
        shown: Vec<Status>,
        revision: u64,
    ) -> Self {
        let seen = RwLock::new(Seen { shown, state: row.state.clone(), revision });
        Self { row, compiled, members, seen, revision: watch::Sender::new(revision) }
    }

    /// Reads under the lock; keep it short.
    pub fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Resolves when the revision is no longer `seen`.
    pub async fn changed_since(&self, seen: u64) {
        let mut revisions = self.revision.subscribe();
        // The sender lives as long as `self`.
        let _ = revisions.wait_for(|revision| *revision != seen).await;
    }

    /// What it takes in memory, roughly; never changes.
    fn bytes(&self) -> usize {
        let row = &self.row;
        let scope = [&row.scope.tenant, &row.scope.service, &row.scope.workspace];
        let texts = scope.into_iter().chain([&row.params, &row.choices, &row.triggered_by]);
        let members = self.members.iter().map(|id| id.as_str().len());
        let nodes = self.compiled.plan.len() as usize;
        VIEW_BYTES + texts.map(String::len).chain(members).sum::<usize>() + nodes * NODE_BYTES
    }

    /// What the store says now, where that is something else.
    pub(super) fn replace(&self, shown: Vec<Status>, state: &RunState) {
        let differs = self.read(|seen| seen.shown != shown || seen.state != *state);
        if differs {
            let shown = (0_u32..).zip(shown).collect();
            self.apply(Delta { shown, state: Some(state.clone()) });
        }
    }

    pub(super) fn apply(&self, delta: Delta) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        for (node, status) in delta.shown {
            if let Some(slot) = seen.shown.get_mut(node as usize) {
                *slot = status;
            }
        }
        if let Some(state) = delta.state {
            seen.state = state;
        }
        seen.revision += 1;
        self.revision.send_replace(seen.revision);
    }
}

/// What the views of ended runs take in memory at most; the newest one stays whatever it takes.
const KEPT_MAX_BYTES: usize = 32 * 1024 * 1024;
/// What a view takes besides its texts and nodes, roughly.
const VIEW_BYTES: usize = 1536;
/// What a node takes: its state, and a share of the definition, which the view keeps in memory.
const NODE_BYTES: usize = 16;

/// The views of all live runs of this node and of those that ended last, by tenant and run id.
///
/// An ended run keeps the view that it had while it was live, and gets it back when a verb loads the run again: for
/// readers there is one view all the time.
#[derive(Debug, Default)]
pub struct Views {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_tenant: HashMap<String, HashMap<RunId, Shelved>>,
    /// Of the ended runs, the longest unused number first.
    ended: BTreeMap<u64, Arc<View>>,
    ended_bytes: usize,
    next: u64,
    /// How many views were let go.
    let_go: u64,
    /// Somebody else may change the runs: nothing is kept of those that ended.
    closed: bool,
}

#[derive(Debug)]
struct Shelved {
    view: Arc<View>,
    /// Its number among the ended ones.
    ended: Option<u64>,
}

/// There was no view. With it, what is read from the store afterwards can be kept, unless a view came and went meanwhile:
/// then what was read may be older than what that view had shown.
#[derive(Clone, Copy, Debug)]
pub struct Absence(u64);

impl Views {
    /// The view of a live run, or of one that ended lately.
    pub fn find(&self, tenant: &str, id: &str) -> Option<Arc<View>> {
        self.look_up(tenant, id).ok()
    }

    /// As [`Views::find`], with what is needed to keep what the store says instead.
    pub(crate) fn look_up(&self, tenant: &str, id: &str) -> Result<Arc<View>, Absence> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.by_tenant.get(tenant).and_then(|runs| runs.get(id));
        found.map(|shelved| Arc::clone(&shelved.view)).ok_or(Absence(known.let_go))
    }

    /// Whether the run is conducted by this node now.
    pub fn is_live(&self, tenant: &str, id: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.by_tenant.get(tenant).and_then(|runs| runs.get(id));
        found.is_some_and(|shelved| shelved.ended.is_none())
    }

    /// The run is live from now on.
    pub(super) fn add(&self, view: Arc<View>) {
        self.change(|known| known.put(view, None));
    }

    /// The run has ended; its view is kept for a while.
    pub(super) fn end(&self, view: &Arc<View>) {
        self.change(|known| known.end(Arc::clone(view)));
    }

    /// Keeps the view of an ended run that was read from the store since it was found absent. The answer is the view to
    /// be shown: another one, if there is one by now.
    pub(crate) fn keep(&self, view: Arc<View>, absence: Absence) -> Arc<View> {
        self.change(|known| {
            let (tenant, id) = (view.row.scope.tenant.as_str(), view.row.run_id.as_str());
            if let Some(newer) = known.by_tenant.get(tenant).and_then(|runs| runs.get(id)) {
                return Arc::clone(&newer.view);
            }
            if known.let_go == absence.0 && view.read(|seen| seen.state.ended) {
                known.end(Arc::clone(&view));
            }
            view
        })
    }

    /// Another node may change the runs from now on: what has ended is read from the store.
    pub(super) fn close(&self) {
        self.change(|known| {
            known.closed = true;
            known.trim(0, 0);
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn put(&mut self, view: Arc<View>, ended: Option<u64>) {
        let tenant = view.row.scope.tenant.as_str();
        if !self.by_tenant.contains_key(tenant) {
            self.by_tenant.insert(tenant.to_owned(), HashMap::new());
        }
        let Some(runs) = self.by_tenant.get_mut(tenant) else { return };
        let before = runs.insert(view.row.run_id.clone(), Shelved { view, ended });
        if let Some(number) = before.and_then(|shelved| shelved.ended) {
            self.unlist(number);
        }
    }

    fn end(&mut self, view: Arc<View>) {
        self.next += 1;
        let number = self.next;
        self.put(Arc::clone(&view), Some(number));
        self.ended_bytes += view.bytes();
        self.ended.insert(number, view);
        if self.closed {
            self.trim(0, 0);
        } else {
            self.trim(KEPT_MAX_BYTES, 1);
        }
    }

    /// Lets views of ended runs go, oldest first, down to so many bytes, or to so many views.
    fn trim(&mut self, max_bytes: usize, always: usize) {
        while self.ended_bytes > max_bytes && self.ended.len() > always {
            let Some((_, view)) = self.ended.pop_first() else { return };
            self.ended_bytes -= view.bytes();
            self.let_go += 1;
            if let Some(runs) = self.by_tenant.get_mut(&view.row.scope.tenant) {
                runs.remove(&view.row.run_id);
            }
        }
    }

    /// It is live again, or ended anew.
    fn unlist(&mut self, number: u64) {
        if let Some(view) = self.ended.remove(&number) {
            self.ended_bytes -= view.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::Source;
    use dayend_engine::codes::{RunKey, Scope};
    use dayend_engine::definition::{Group, Kind, Member};
    use dayend_engine::plan::Plan;
    use dayend_engine::time::Timestamp;
    use dayend_store::port::VersionKey;

    const TENANT: &str = "T";

    fn view(ms: i64, ended: bool, params: &str) -> Arc<View> {
        let code = || "B".parse().unwrap();
        let date = "2026-10-30".parse().unwrap();
        let state = RunState {
            gate: 0,
            interrupted: false,
            generation: 1,
            status: Status::Failed,
            ended,
            started_at: None,
            ended_at: ended.then_some(Timestamp(ms)),
        };
        let row = RunRow {
            key: RunKey(ms),
            run_id: RunId::new(&code(), date, ms),
            scope: Scope {
                tenant: TENANT.to_owned(),
                service: "S".to_owned(),
                workspace: "W".to_owned(),
            },
            kind: Kind::BatchGroup,
            code: code(),
            mis_date: date,
            version: VersionKey(1),
            parent: None,
            rerun_of: None,
            params: params.to_owned(),
            choices: String::new(),
            triggered_by: String::new(),
            created_at: Timestamp(ms),
            state,
        };
        let members = vec![Member { batch: code(), after: Vec::new() }];
        let group =
            Group { code: code(), name: String::new(), description: String::new(), members };
        let plan = Plan::of_group(&group).unwrap();
        let source = Source::Group(group);
        let compiled = Arc::new(Compiled { key: VersionKey(1), version: 1, plan, source });
        Arc::new(View::new(row, compiled, Vec::new(), vec![Status::Failed], 1))
    }

    fn found(views: &Views, view: &View) -> Option<Arc<View>> {
        views.find(TENANT, view.row.run_id.as_str())
    }

    fn absence(views: &Views, view: &View) -> Absence {
        views.look_up(TENANT, view.row.run_id.as_str()).unwrap_err()
    }

    #[test]
    fn an_ended_run_keeps_its_view_and_has_it_when_it_is_live_again() {
        let (views, run) = (Views::default(), view(1, false, ""));
        let live = || views.is_live(TENANT, run.row.run_id.as_str());
        assert!(found(&views, &run).is_none() && !live());
        views.add(Arc::clone(&run));
        assert!(live());
        views.end(&run);
        assert!(!live());
        assert!(Arc::ptr_eq(&found(&views, &run).unwrap(), &run));
        views.add(Arc::clone(&run));
        assert!(live());
        assert!(views.find("other", run.row.run_id.as_str()).is_none(), "in its tenant only");
        let known = views.known.read().unwrap();
        assert_eq!((known.ended.len(), known.ended_bytes), (0, 0));
    }

    #[test]
    fn what_was_read_before_a_run_came_and_went_is_shown_once_but_not_kept() {
        let views = Views::default();
        let (read, newer) = (view(1, true, ""), view(1, false, ""));
        let before = absence(&views, &read);
        views.add(Arc::clone(&newer));
        assert!(Arc::ptr_eq(&views.keep(Arc::clone(&read), before), &newer), "live by now");
        views.end(&newer);
        assert!(Arc::ptr_eq(&views.keep(Arc::clone(&read), before), &newer), "ended anew");
        views.change(|known| known.trim(0, 0));
        assert!(Arc::ptr_eq(&views.keep(Arc::clone(&read), before), &read));
        assert!(found(&views, &read).is_none(), "it may be older than what was let go");
        let now = absence(&views, &read);
        views.keep(Arc::clone(&read), now);
        assert!(Arc::ptr_eq(&found(&views, &read).unwrap(), &read));
    }

    #[test]
    fn only_an_ended_run_is_kept_by_who_read_it() {
        let (views, run) = (Views::default(), view(1, false, ""));
        let absence = absence(&views, &run);
        assert!(Arc::ptr_eq(&views.keep(Arc::clone(&run), absence), &run));
        assert!(found(&views, &run).is_none());
    }

    #[test]
    fn the_oldest_ended_views_go_first_and_live_ones_stay() {
        let (views, live) = (Views::default(), view(0, false, ""));
        views.add(Arc::clone(&live));
        let large = "x".repeat(KEPT_MAX_BYTES / 4);
        let runs: Vec<_> = (1..=9).map(|ms| view(ms, true, &large)).collect();
        for run in &runs {
            views.end(run);
        }
        let kept = |run: &Arc<View>| found(&views, run).is_some();
        assert!(kept(&live));
        assert!(runs.iter().take(6).all(|run| !kept(run)), "three have room");
        assert!(runs.iter().skip(6).all(kept));
        let immense = view(10, true, &"x".repeat(2 * KEPT_MAX_BYTES));
        views.end(&immense);
        assert!(kept(&immense) && !runs.iter().any(kept), "the newest stays whatever it takes");
    }

    #[test]
    fn nothing_ended_is_kept_once_another_node_may_change_it() {
        let (views, run) = (Views::default(), view(1, true, ""));
        views.end(&run);
        views.close();
        assert!(found(&views, &run).is_none());
        let absence = absence(&views, &run);
        views.keep(Arc::clone(&run), absence);
        views.end(&run);
        assert!(found(&views, &run).is_none());
    }
}
