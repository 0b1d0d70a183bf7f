//! New runs: ids, rows, and their first step.

use super::core::Core;
use super::input::{Answer, Create};
use super::live::{Live, Parts};
use super::pending::{PendingWrite, Record, WriteKind, claim_key};
use super::steps::{Origin, not_begun};
use super::view::View;
use crate::compiled::Compiled;
use dayend_engine::codes::{Code, RunId, RunKey};
use dayend_engine::definition::Kind;
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, Event, Gate, Rejected, Run, Transition};
use dayend_engine::time::{MisDate, Timestamp};
use dayend_store::port::RunRow;
use std::sync::Arc;

/// What one new run (the group, the batch, or a member) is made of.
struct NewRun {
    code: Code,
    kind: Kind,
    mis_date: MisDate,
    compiled: Arc<Compiled>,
    params: RunParams,
    params_json: String,
    choices_json: String,
    parent: Option<(RunKey, u32)>,
    gate: Gate,
}

impl<R> Core<R> {
    /// Makes a run, and its members if it is a group, all in one write: they appear together or not at all.
    pub(super) fn create(&mut self, create: &Create, reply: R, now: Timestamp) {
        let key = create.claim.as_ref().map(claim_key);
        if key.as_ref().is_some_and(|key| self.claims.contains(key)) {
            return self.refuse(reply, Answer::Raced);
        }
        let run = Run::new(&create.compiled.plan, &create.choices, Gate::Open);
        if run.has_nothing_to_run() {
            return self.refuse(reply, Answer::Rejected(Rejected::NothingToRun));
        }
        self.claims.extend(key);
        self.open.push(PendingWrite::of_runs(create.claim.clone()));
        let root = self.add_tree(create, run, now);
        let note = serde_json::json!({ "run": self.runs.get(&root).map(|live| live.row.run_id.clone()), "params": create.params_json, "choices": create.choices_json });
        let origin = Origin {
            actor: create.actor.clone().into(),
            event: create.event,
            note: Some(note),
            message: None,
        };
        // A new run with something to run starts.
        let _ = self.step(root, Event::Start, now, &origin);
        let members = self.runs.get(&root).map(|live| live.members.clone()).unwrap_or_default();
        for member in members {
            // Held and excluded ones say so from the beginning.
            self.note(member, &Transition::default(), now, &origin);
        }
        self.finish(root, &origin, now, reply);
    }

    fn add_tree(&mut self, create: &Create, run: Run, now: Timestamp) -> RunKey {
        let root = RunKey(self.last_run + 1);
        let gates: Vec<Gate> =
            (0..create.compiled.plan.len()).map(|node| Gate::of(run.state(node))).collect();
        let new = NewRun {
            code: create.code.clone(),
            kind: create.kind,
            mis_date: create.mis_date,
            compiled: Arc::clone(&create.compiled),
            params: create.params.clone(),
            params_json: create.params_json.clone(),
            choices_json: create.choices_json.clone(),
            parent: None,
            gate: Gate::Open,
        };
        self.add(create, new, run, now);
        let mut members = Vec::with_capacity(create.members.len());
        for ((node, member), gate) in (0_u32..).zip(&create.members).zip(gates) {
            let new = NewRun {
                code: member.code.clone(),
                kind: Kind::Batch,
                mis_date: member.mis_date,
                compiled: Arc::clone(&member.compiled),
                params: member.params.clone(),
                params_json: member.params_json.clone(),
                choices_json: "{}".to_owned(),
                parent: Some((root, node)),
                gate,
            };
            let run = Run::new(&member.compiled.plan, &Choices::default(), gate);
            members.push(self.add(create, new, run, now));
        }
        self.set_members(root, members);
        root
    }

    fn add(&mut self, create: &Create, new: NewRun, run: Run, now: Timestamp) -> RunKey {
        self.last_run += 1;
        let key = RunKey(self.last_run);
        let row = RunRow {
            key,
            run_id: self.next_id(&create.scope.tenant, &new.code, new.mis_date, now),
            scope: create.scope.clone(),
            kind: new.kind,
            code: new.code,
            mis_date: new.mis_date,
            version: new.compiled.key,
            parent: new.parent,
            rerun_of: create.rerun_of.filter(|_| new.parent.is_none()),
            params: new.params_json,
            choices: new.choices_json,
            triggered_by: create.actor.clone(),
            created_at: now,
            state: not_begun(new.gate),
        };
        let shown = (0..new.compiled.plan.len()).map(|node| run.shown(node)).collect();
        let view = Arc::new(View::new(
            row.clone(),
            Arc::clone(&new.compiled),
            Vec::new(),
            shown,
            first_revision(now),
        ));
        let parts = Parts {
            row,
            compiled: new.compiled,
            params: new.params,
            run,
            members: Vec::new(),
            view,
        };
        let live = Live::new(parts);
        let (row, view) = (live.row.clone(), Arc::clone(&live.view));
        self.runs.insert(key, live);
        let pending = self.current();
        pending.new_views.push(view);
        if let WriteKind::Runs(runs) = &mut pending.kind {
            runs.new.push(row);
        }
        key
    }

    /// Ids carry the creation instant, and no two of a tenant carry the same.
    fn next_id(&mut self, tenant: &str, code: &Code, mis_date: MisDate, now: Timestamp) -> RunId {
        let last = self.last_ms.entry(tenant.to_owned()).or_insert(self.floor_ms);
        *last = dayend_engine::codes::created_ms(now).max(*last + 1);
        RunId::new(code, mis_date, *last)
    }

    /// A group's view names its members, whose ids are known only now.
    fn set_members(&mut self, root: RunKey, members: Vec<RunKey>) {
        if members.is_empty() {
            return;
        }
        let ids = members
            .iter()
            .filter_map(|key| self.runs.get(key))
            .map(|live| live.row.run_id.clone())
            .collect();
        let Some(live) = self.runs.get_mut(&root) else { return };
        let shown = live.view.read(|seen| seen.shown.clone());
        let revision = live.view.read(|seen| seen.revision);
        live.view =
            Arc::new(View::new(live.row.clone(), Arc::clone(&live.compiled), ids, shown, revision));
        live.members = members;
        let view = Arc::clone(&live.view);
        for slot in &mut self.current().new_views {
            if slot.row.key == root {
                *slot = Arc::clone(&view);
            }
        }
    }

    /// The rows go to the store as the first step left them.
    fn finish(&mut self, root: RunKey, origin: &Origin, now: Timestamp, reply: R) {
        let Some(run_id) = self.runs.get(&root).map(|live| live.row.run_id.clone()) else { return };
        let runs = &self.runs;
        let Some(pending) = self.open.last_mut() else { return };
        if let WriteKind::Runs(write) = &mut pending.kind {
            for row in &mut write.new {
                if let Some(live) = runs.get(&row.key) {
                    row.state = live.row.state.clone();
                }
            }
            // A member that waits was not stepped, and its history begins with the trigger all the same.
            let silent: Vec<Record> = write
                .new
                .iter()
                .filter(|row| !write.last_record.contains_key(&row.key))
                .map(|row| Record {
                    run: row.key,
                    at: now,
                    actor: origin.actor.clone(),
                    event: origin.event,
                    note: None,
                    state: row.state.clone(),
                    nodes: Vec::new(),
                })
                .collect();
            for record in silent {
                write.record(record);
            }
            write.changed.clear();
            if let Some(claim) = &mut write.claim {
                run_id.as_str().clone_into(&mut claim.answer);
            }
        }
        pending.replies.push((reply, Answer::Created(run_id)));
        pending.sealed = true;
    }
}

/// Revisions are instants, so that they go on growing when the server starts again.
pub(super) fn first_revision(now: Timestamp) -> u64 {
    u64::try_from(now.0).unwrap_or(1)
}
