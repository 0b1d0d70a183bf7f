//! One change of one task: may it be, and was there a reason to start?

use super::known::{Known, NodeNow};
use super::must;
use crate::simulation::agents::Made;
use dayend_engine::codes::{AttemptId, RunKey};
use dayend_engine::run::{Gate, NodeState};
use dayend_executor::port::Outcome;
use dayend_store::port::NodeRow;
use std::collections::BTreeMap;

use NodeState::{
    Aborted, Backoff, Excluded, Failed, Held, Interrupted, Recycling, Running, Stopping,
    Successful, Waiting,
};

type Check = Result<(), String>;

/// A node's new row, in the order of the record.
pub(super) struct Step<'a> {
    pub run: RunKey,
    /// The verb; empty for a step that followed by itself.
    pub command: &'a str,
    pub row: &'a NodeRow,
    pub made: &'a BTreeMap<AttemptId, Made>,
}

impl Step<'_> {
    /// Checks the change and takes it over.
    pub(super) fn check(&self, known: &mut Known) -> Check {
        let row = self.row;
        let at = row.node as usize;
        let before = *known.nodes.get(at).ok_or_else(|| format!("there is no node {at}"))?;
        let state = NodeState::from_number(row.state);
        let state = state.ok_or_else(|| format!("there is no state {}", row.state))?;
        if !known.graph.is_group {
            self.only_listed_changes(known, before, state)?;
            self.only_a_report_ends_an_attempt(known, before, state)?;
        }
        if row.epoch == before.epoch {
            let reopened = row.attempt == 0 && state == Waiting;
            must(row.attempt == before.attempt || reopened, || {
                format!("node {at} counts an attempt that did not start")
            })?;
            let same = row.generation == before.generation;
            must(same || (reopened && row.generation > before.generation), || {
                format!(
                    "node {at} went from generation {} to {}",
                    before.generation, row.generation
                )
            })?;
        } else {
            self.only_the_next_epoch(before, state)?;
            self.nothing_starts_under_an_interrupt(known)?;
            self.started_from_a_startable_state(known, before)?;
        }
        if state == Backoff {
            self.retries_are_within_policy(known)?;
        }
        if let Some(slot) = known.nodes.get_mut(at) {
            *slot = NodeNow {
                state,
                generation: row.generation,
                attempt: row.attempt,
                epoch: row.epoch,
                wake_at: row.wake_at,
            };
        }
        Ok(())
    }

    /// Terminal states are final within a generation; everything else is in this table.
    fn only_listed_changes(&self, known: &Known, before: NodeNow, to: NodeState) -> Check {
        let command = self.command;
        let own = command.is_empty();
        let restart = command == "restart";
        let force = command == "force-ok";
        let same_attempt = self.row.epoch == before.epoch;
        let allowed = match (before.state, to) {
            // A handle was noted.
            (Running, Running) if same_attempt => own,
            (Stopping, Stopping) | (Recycling, Recycling) => own && same_attempt,
            (Waiting, Running | Waiting) => true,
            (Waiting, Held) => command == "hold",
            (Waiting | Held, Excluded) => command == "exclude",
            // What a person makes reachable while its group is interrupted, by a member that is restarted alone too.
            (Waiting | Held, Interrupted) => {
                command == "interrupt" || force || (restart && known.parent.is_some())
            }
            (Held, Waiting) => command == "release" || restart,
            (Excluded, Waiting) => command == "include",
            (Running | Recycling, Stopping) | (Backoff, Interrupted) => command == "interrupt",
            (Running, Running | Successful | Aborted | Failed | Backoff)
            | (Stopping, Interrupted)
            | (Recycling, Waiting)
            | (Backoff, Running)
            | (Aborted, Failed) => own,
            (Stopping, Recycling) | (Failed | Interrupted | Aborted, Waiting) => restart,
            (Aborted, Successful) => own || force,
            (Failed | Interrupted, Successful) => force,
            (_, _) => false,
        };
        must(allowed, || {
            format!("node {} went from {:?} to {to:?} by `{command}`", self.row.node, before.state)
        })
    }

    /// What became of an attempt is what its executor said.
    fn only_a_report_ends_an_attempt(
        &self,
        known: &Known,
        before: NodeNow,
        to: NodeState,
    ) -> Check {
        let goes_on = to.has_attempt() && self.row.epoch == before.epoch;
        let late = before.state == Aborted && matches!(to, Successful | Failed);
        if !(before.state.has_attempt() || (late && self.command.is_empty())) || goes_on {
            return Ok(());
        }
        let said = self.said_of(before);
        let node = known.graph.nodes.get(self.row.node as usize);
        let may_be_late = node.is_some_and(|node| node.has_time_out);
        let fits = match to {
            Successful => said.contains(&Outcome::Succeeded),
            Aborted => said.contains(&Outcome::Lost),
            Running => said.contains(&Outcome::Lost) || said.contains(&Outcome::Void),
            // A success counts as one unless its time was up.
            Backoff | Failed => {
                said.contains(&Outcome::Failed) || (may_be_late && !said.is_empty())
            }
            Waiting | Held | Excluded | Stopping | Recycling | Interrupted => !said.is_empty(),
        };
        let (node, epoch) = (self.row.node, before.epoch);
        must(fits, || {
            format!("attempt {epoch} of node {node} became {to:?}, and its executor said {said:?}")
        })
    }

    /// What the executor ever said about the end of the node's attempt.
    fn said_of(&self, before: NodeNow) -> &[Outcome] {
        let id = AttemptId { run: self.run, node: self.row.node, epoch: before.epoch };
        self.made.get(&id).map(|made| made.reported.as_slice()).unwrap_or_default()
    }

    fn only_the_next_epoch(&self, before: NodeNow, to: NodeState) -> Check {
        let row = self.row;
        must(row.epoch == before.epoch + 1, || {
            format!("node {}: epoch {} came after {}", row.node, row.epoch, before.epoch)
        })?;
        let void = before.state == Running && self.said_of(before).contains(&Outcome::Void);
        must(to == Running && row.attempt == before.attempt + u32::from(!void), || {
            format!("node {}: epoch {} did not start as {to:?}", row.node, row.epoch)
        })
    }

    fn nothing_starts_under_an_interrupt(&self, known: &Known) -> Check {
        must(!known.bound || known.graph.is_group, || {
            format!("node {} started between an interrupt and a restart", self.row.node)
        })
    }

    /// Excluded tasks never start, held ones not while they are held, and all others after what comes before them.
    fn started_from_a_startable_state(&self, known: &Known, before: NodeNow) -> Check {
        let row = self.row;
        let if_lost =
            known.graph.nodes.get(row.node as usize).is_some_and(|node| node.retry_if_lost);
        let again = if_lost || self.said_of(before).contains(&Outcome::Void);
        let startable =
            matches!(before.state, Waiting | Backoff) || (before.state == Running && again);
        must(startable, || format!("node {} started from {:?}", row.node, before.state))?;
        must(known.gate() == Gate::Open, || format!("node {} started behind its gate", row.node))?;
        if before.state == Backoff {
            let due = before.wake_at.unwrap_or_default();
            let begun = row.started_at.unwrap_or_default();
            return must(begun >= due, || format!("node {} was retried too early", row.node));
        }
        let met =
            before.state != Waiting || known.graph.all_met(row.node as usize, &known.states());
        must(met, || {
            format!("node {} started before its predecessors: {:?}", row.node, known.states())
        })
    }

    fn retries_are_within_policy(&self, known: &mut Known) -> Check {
        let row = self.row;
        let most = known.graph.nodes.get(row.node as usize).map_or(0, |node| node.retries);
        let count = known.retries.entry((row.node, row.generation)).or_default();
        *count += 1;
        must(*count <= most, || format!("node {} was retried {count} times", row.node))
    }
}
