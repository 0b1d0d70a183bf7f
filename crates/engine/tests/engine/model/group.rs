//! A group, naively: it has no state of its own but whether an interrupt stands. What a member is to the others is read
//! from the member.

use super::batch::{Batch, Gate, Verb};
use super::graph::{State, met, unreachable};
use super::roll_up::roll_up;
use dayend_engine::codes::Code;
use dayend_engine::definition::{self, Edge};
use dayend_engine::status::Status;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    after: BTreeMap<Code, Vec<Edge>>,
    pub members: BTreeMap<Code, Batch>,
    pub interrupted: bool,
}

type Done = Result<(), &'static str>;

impl Group {
    pub(crate) fn new(group: &definition::Group, members: BTreeMap<Code, Batch>) -> Self {
        let after = |member: &definition::Member| (member.batch.clone(), member.after.clone());
        Self { after: group.members.iter().map(after).collect(), members, interrupted: false }
    }

    /// What the member is as a node.
    pub(crate) fn state(&self, code: &Code) -> State {
        let member = &self.members[code];
        match member.gate {
            Gate::Waiting => State::Waiting,
            Gate::Held => State::Held,
            Gate::Excluded => State::Excluded,
            Gate::Open if !member.ended() => State::Running,
            Gate::Open => settled(member.status()),
        }
    }

    fn states(&self) -> BTreeMap<Code, State> {
        self.members.keys().map(|code| (code.clone(), self.state(code))).collect()
    }

    fn unreachable(&self) -> BTreeSet<Code> {
        unreachable(&self.after, &self.states())
    }

    fn all_met(&self, code: &Code) -> bool {
        let gone = self.unreachable();
        let is_met = |edge: &Edge| met(edge.on, self.state(&edge.task), gone.contains(&edge.task));
        self.after[code].iter().all(is_met)
    }

    /// What the list of members says: what the member itself says.
    pub(crate) fn shown(&self, code: &Code) -> Status {
        self.members[code].status()
    }

    pub(crate) fn status(&self) -> Status {
        let gone = self.unreachable();
        let reachable = self.members.keys().filter(|code| !gone.contains(*code));
        roll_up(&reachable.map(|code| self.shown(code)).collect::<Vec<_>>())
    }

    pub(crate) fn ended(&self) -> bool {
        let gone = self.unreachable();
        let goes_on = |code: &Code| {
            let state = self.state(code);
            state == State::Running || (state.pending() && !gone.contains(code))
        };
        !self.members.keys().any(goes_on)
    }

    pub(crate) fn start(&mut self) -> Done {
        if self.ended() {
            return Err("NothingToRun");
        }
        self.settle();
        Ok(())
    }

    pub(crate) fn interrupt(&mut self) -> Done {
        if self.interrupted {
            return Err("AlreadyInterrupted");
        }
        if self.ended() {
            return Err("RunEnded");
        }
        self.interrupted = true;
        let gone = self.unreachable();
        for (code, member) in &mut self.members {
            if !gone.contains(code) {
                // One that has ended or is interrupted already stays as it is.
                let _ = member.interrupt();
            }
        }
        self.settle();
        Ok(())
    }

    pub(crate) fn restart(&mut self) -> Done {
        let gone = self.unreachable();
        let states = self.states();
        let inside = |code: &Code| !self.members[code].reopenable().is_empty();
        let back = |(code, state): (&Code, &State)| match state {
            State::Held => !gone.contains(code),
            State::Running => inside(code),
            State::Failed | State::Interrupted | State::Aborted => true,
            State::Waiting
            | State::Excluded
            | State::Successful
            | State::Stopping
            | State::Recycling
            | State::Backoff => false,
        };
        if !states.iter().any(back) {
            return Err("NothingToReopen");
        }
        let running: BTreeSet<Code> = states.keys().filter(|code| inside(code)).cloned().collect();
        self.interrupted = false;
        for (code, state) in &states {
            let member = self.members.get_mut(code).unwrap();
            if state.unsuccessful() || *state == State::Held {
                member.set_gate(Gate::Waiting, true);
            } else if *state == State::Running && running.contains(code) {
                member.set_gate(Gate::Open, true);
            }
        }
        self.settle();
        Ok(())
    }

    /// A restart of the member's own run id.
    pub(crate) fn restart_member(&mut self, code: &Code) -> Done {
        let (state, is_met) = (self.state(code), self.all_met(code));
        let interrupted = self.interrupted;
        let member = self.members.get_mut(code).unwrap();
        let inside = !member.reopenable().is_empty();
        match state {
            State::Waiting if inside => member.set_gate(Gate::Waiting, true),
            State::Running if inside => member.set_gate(Gate::Open, true),
            State::Held | State::Failed | State::Interrupted | State::Aborted => {
                if interrupted && !is_met {
                    return Err("GroupInterrupted");
                }
                let gate = if is_met { Gate::Open } else { Gate::Waiting };
                member.set_gate(gate, true)
            }
            State::Waiting
            | State::Running
            | State::Excluded
            | State::Successful
            | State::Stopping
            | State::Recycling
            | State::Backoff => return Err("NothingToReopen"),
        };
        self.settle();
        Ok(())
    }

    /// An interrupt of the member's own run id.
    pub(crate) fn interrupt_member(&mut self, code: &Code) -> Done {
        if self.ended() && self.members[code].gate != Gate::Open {
            return Err("RunEnded");
        }
        self.on_member(code, |member| member.interrupt().map(|_| ()))
    }

    /// Something else that happens to one member.
    pub(crate) fn on_member(&mut self, code: &Code, act: impl FnOnce(&mut Batch) -> Done) -> Done {
        act(self.members.get_mut(code).unwrap())?;
        self.settle();
        Ok(())
    }

    pub(crate) fn verb(&mut self, code: &Code, verb: Verb) -> Done {
        if !self.members.contains_key(code) {
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
        let state = self.state(code);
        let can_start = !self.unreachable().contains(code);
        let member = self.members.get_mut(code).unwrap();
        match verb {
            Verb::Hold if state == State::Waiting && can_start => {
                member.set_gate(Gate::Held, false)
            }
            Verb::Release if state == State::Held => member.set_gate(Gate::Waiting, false),
            Verb::Exclude if state.pending() => member.set_gate(Gate::Excluded, false),
            Verb::Include if state == State::Excluded => member.set_gate(Gate::Waiting, false),
            Verb::ForceOk if state.unsuccessful() => member.force_all()?,
            Verb::Hold | Verb::Release | Verb::Exclude | Verb::Include | Verb::ForceOk => {
                return Err("WrongState");
            }
        };
        self.settle();
        Ok(())
    }

    /// Opens the gates that can be opened until none is left; while an interrupt stands, what could still start is
    /// interrupted instead.
    fn settle(&mut self) {
        loop {
            let gone = self.unreachable();
            let pending = |code: &Code| self.state(code).pending() && !gone.contains(code);
            let codes: Vec<Code> =
                self.members.keys().filter(|code| pending(code)).cloned().collect();
            if self.interrupted {
                for code in &codes {
                    let _ = self.members.get_mut(code).unwrap().interrupt();
                }
                return;
            }
            let ready = |code: &&Code| self.state(code) == State::Waiting && self.all_met(code);
            let Some(code) = codes.iter().find(ready) else { return };
            self.members.get_mut(code).unwrap().set_gate(Gate::Open, false);
        }
    }
}

fn settled(status: Status) -> State {
    match status {
        Status::Successful => State::Successful,
        Status::Failed => State::Failed,
        Status::Interrupted => State::Interrupted,
        Status::Aborted => State::Aborted,
        Status::Excluded => State::Excluded,
        Status::NotStarted | Status::OnGoing | Status::Held => {
            panic!("a member has ended and is {status}")
        }
    }
}
