//! After the faults: every run that nobody holds comes to its end, and then also those that were held.

use super::asking::DECADE_US;
use super::clients::Asked;
use super::invariants;
use super::world::{Check, World};
use dayend_engine::codes::RunKey;
use dayend_engine::run::TaskVerb;
use dayend_service::conductor::input::RunVerb;

/// Faults are over for longer than the clock was wrong by, all retries and all time-outs.
const HEALED_IN_US: i64 = 3 * DECADE_US;
/// Rounds of releasing what is held: each may bring the next hold within reach.
const RELEASES_MAX: usize = 60;

impl World {
    pub(super) fn heal(&mut self) -> Check {
        self.faults.heal();
        // What was due at a time that the clock only pretended is due then.
        self.skew_us = 0;
        let begun_us = self.mono_us;
        if self.server.is_none() {
            self.recover()?;
        }
        self.run_dry()?;
        self.at_rest()?;
        for _ in 0..RELEASES_MAX {
            let held = invariants::held_nodes(&self.store.tables(), &self.watch);
            if held.is_empty() {
                break;
            }
            for (run, node) in held {
                self.ask(run, RunVerb::Task { node, verb: TaskVerb::Release });
            }
            self.run_dry()?;
            self.at_rest()?;
        }
        invariants::everything_ended(&self.store.tables())?;
        invariants::nothing_stays_in_memory(self.server.as_ref())?;
        invariants::every_request_left_its_traces(&self.store.tables(), &self.clients)?;
        if self.mono_us - begun_us > HEALED_IN_US {
            return Err("it took too long to heal".to_owned());
        }
        Ok(())
    }

    fn ask(&mut self, run: RunKey, verb: RunVerb) {
        let request = self.clients.add(Asked::Verb { run, verb }, None);
        self.send(request);
    }

    /// Nothing goes on any more: whatever has not ended must be held.
    fn at_rest(&self) -> Check {
        invariants::only_holds_keep_runs_open(&self.store.tables(), &self.watch)?;
        invariants::views_are_the_rows(self.server.as_ref(), &self.store.tables(), &self.watch)
    }
}
