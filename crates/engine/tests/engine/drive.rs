//! One batch run in the engine and in the model, moved together and compared after every event.

use crate::build::{batch, task};
use crate::invariants::Watch;
use crate::model::{self, State};
use dayend_engine::codes::Code;
use dayend_engine::definition::{Batch, On, Task};
use dayend_engine::plan::Plan;
use dayend_engine::run::{
    Choices, Effect, Event, Gate, Loaded, NodeRecord, NodeState, Outcome, Run, TaskVerb, Transition,
};
use dayend_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Refused = &'static str;

/// A batch run, twice.
#[derive(Debug)]
pub(crate) struct Pair {
    pub batch: Batch,
    pub plan: Plan,
    pub choices: Choices,
    pub run: Run,
    pub model: model::Batch,
    pub now: Timestamp,
    pub watch: Watch,
    /// The rows as a store keeps them: the last record of each node.
    pub stored: BTreeMap<u32, NodeRecord>,
}

impl Pair {
    pub(crate) fn new(batch: Batch, choices: Choices) -> Self {
        Self::behind(batch, choices, Gate::Open)
    }

    /// A run whose group decides when it may start.
    pub(crate) fn behind(batch: Batch, choices: Choices, gate: Gate) -> Self {
        let plan = Plan::of_batch(&batch).unwrap();
        let run = Run::new(&plan, &choices, gate);
        let at = |code: &Code| batch.tasks.iter().position(|task| task.code == *code).unwrap();
        let initial = |code: &Code| {
            let node = u32::try_from(at(code)).unwrap();
            if choices.excluded.contains(&node) {
                State::Excluded
            } else if choices.held.contains(&node) {
                State::Held
            } else if !choices.included.is_empty() && !choices.included.contains(&node) {
                State::Excluded
            } else {
                State::Waiting
            }
        };
        let model = model::Batch::new(&batch, model_gate(gate), initial);
        let watch = Watch::new(&run, plan.len());
        let now = Timestamp(1_000_000);
        Self { batch, plan, choices, run, model, now, watch, stored: BTreeMap::new() }
    }

    /// Moves both and compares all there is to see. Answers the refusal, if it is one.
    pub(crate) fn step(&mut self, event: Event<'_>) -> Result<Transition, Refused> {
        let mut out = Transition { timed_out: true, ..Transition::default() };
        let before = self.run.clone();
        let result = self.run.step(&self.plan, event, self.now, &mut out);
        let expected = self.step_model(event);
        match (&result, &expected) {
            (Ok(()), Ok(changed)) => self.compare_effects(&out, changed),
            (Err(got), Err(want)) => {
                assert!(format!("{got:?}").starts_with(want), "{event:?}: {got:?}, not {want}");
                assert_eq!(self.run, before, "the refused {event:?} changed something");
                assert_eq!(out, Transition::default(), "the refused {event:?} wants something");
            }
            (got, want) => panic!("{event:?}: the engine says {got:?}, the model {want:?}"),
        }
        self.stored.extend(out.nodes.iter().map(|record| (record.node, *record)));
        self.compare_states();
        if result.is_ok() {
            self.watch.accepted(&self.plan, &before, event, &out, &self.run, self.now);
        }
        expected.map(|_| out)
    }

    fn step_model(&mut self, event: Event<'_>) -> Result<model::Changed, Refused> {
        let now = self.now.0;
        match event {
            Event::Start => self.model.start(),
            Event::Gate { gate, reopen } => Ok(self.model.set_gate(model_gate(gate), reopen)),
            Event::Interrupt => self.model.interrupt(),
            Event::Restart { .. } => self.model.restart(),
            Event::Verb { node, verb } => self.model.verb(&self.code(node), model_verb(verb)),
            Event::ForceAll => self.model.force_all(),
            Event::Started { node, epoch } => self.model.started(&self.code(node), epoch, now),
            Event::Ended { node, epoch, outcome } => {
                self.model.attempt_ended(&self.code(node), epoch, model_end(outcome), now)
            }
            Event::Tick => Ok(self.model.tick(now)),
            Event::RestartMember { .. } | Event::Member { .. } => Err("NoSuchNode"),
        }
    }

    /// The code of a node; one that does not exist for a node that does not.
    pub(crate) fn code(&self, node: u32) -> Code {
        self.batch.tasks.code(node).unwrap_or("NONE").parse().unwrap()
    }

    fn compare_effects(&self, out: &Transition, want: &model::Changed) {
        let mut got = model::Changed { timed_out: out.timed_out, ..model::Changed::default() };
        let mut wakes = Vec::new();
        for effect in &out.effects {
            let fresh = match *effect {
                Effect::Dispatch { node, epoch, attempt, generation } => {
                    got.dispatched.insert((self.code(node), epoch, attempt, generation))
                }
                Effect::Stop { node, epoch } => got.stopped.insert((self.code(node), epoch)),
                Effect::WakeAt(at) => {
                    wakes.push(at.0);
                    true
                }
                Effect::Gate { .. }
                | Effect::InterruptMember { .. }
                | Effect::ForceMember { .. } => {
                    panic!("{effect:?} in a batch")
                }
            };
            assert!(fresh, "{effect:?} came twice");
        }
        assert_eq!(&got, want);
        assert_eq!(wakes, Vec::from_iter(self.model.next_wake()));
    }

    fn compare_states(&self) {
        compare_states(&self.run, &self.plan, &self.batch, &self.model);
    }

    /// The run as a server finds it that starts again; it must be the one that stood in memory.
    pub(crate) fn reload(&mut self) {
        let stored = self.stored.values().copied().collect();
        let loaded = Loaded {
            gate: self.run.gate(),
            interrupted: self.run.is_interrupted(),
            generation: self.run.generation(),
            nodes: stored,
            members: Vec::new(),
        };
        let again = Run::load(&self.plan, &self.choices, loaded).unwrap();
        for node in 0..self.plan.len() {
            assert_eq!(again.record_of(node), self.run.record_of(node));
            assert_eq!(again.shown(node), self.run.shown(node));
        }
        self.run = again;
        let started = self
            .stored
            .values()
            .filter_map(|record| record.started_at.map(|at| (self.code(record.node), at.0)));
        let started = started.collect();
        self.model.reload(&started);
        self.compare_states();
    }

    /// The newest attempts that have not ended.
    pub(crate) fn live_attempts(&self) -> Vec<(u32, u32)> {
        self.run.unfinished().map(|node| (node, self.run.epoch(node))).collect()
    }

    pub(crate) fn states(&self) -> Vec<NodeState> {
        (0..self.plan.len()).map(|node| self.run.state(node)).collect()
    }
}

/// Everything that can be seen of a run is as the model has it.
pub(crate) fn compare_states(run: &Run, plan: &Plan, batch: &Batch, model: &model::Batch) {
    let code_of = |node: u32| batch.tasks.code(node).unwrap().parse::<Code>().unwrap();
    for node in 0..plan.len() {
        let code = code_of(node);
        let want = &model.tasks[&code];
        let numbers = (run.node_generation(node), run.attempt(node), run.epoch(node));
        assert_eq!(format!("{:?}", run.state(node)), format!("{:?}", want.state), "{code}");
        assert_eq!(numbers, (want.generation, want.attempt, want.epoch), "{code}");
        assert_eq!(run.shown(node), model.shown(&code), "{code}");
        assert_eq!(run.record_of(node).wake_at.map(|at| at.0), want.retry_at, "{code}");
    }
    assert_eq!(run.status(), model.status());
    assert_eq!(run.ended(), model.ended());
    assert_eq!(run.is_interrupted(), model.interrupted);
    assert_eq!(run.generation(), model.generation);
    assert_eq!(model_gate(run.gate()), model.gate);
    assert_eq!(run.next_wake().map(|at| at.0), model.next_wake());
    assert_eq!(run.can_reopen(), !model.reopenable().is_empty());
    let unfinished: BTreeSet<Code> = run.unfinished().map(code_of).collect();
    let with_attempt = model.tasks.iter().filter(|(_, task)| task.state.with_attempt());
    assert_eq!(unfinished, with_attempt.map(|(code, _)| code.clone()).collect());
}

pub(crate) fn model_gate(gate: Gate) -> model::Gate {
    match gate {
        Gate::Open => model::Gate::Open,
        Gate::Waiting => model::Gate::Waiting,
        Gate::Held => model::Gate::Held,
        Gate::Excluded => model::Gate::Excluded,
    }
}

pub(crate) fn model_verb(verb: TaskVerb) -> model::Verb {
    match verb {
        TaskVerb::Hold => model::Verb::Hold,
        TaskVerb::Release => model::Verb::Release,
        TaskVerb::Exclude => model::Verb::Exclude,
        TaskVerb::Include => model::Verb::Include,
        TaskVerb::ForceOk => model::Verb::ForceOk,
    }
}

pub(crate) fn model_end(outcome: Outcome) -> model::End {
    match outcome {
        Outcome::Succeeded => model::End::Succeeded,
        Outcome::Failed => model::End::Failed,
        Outcome::Lost => model::End::Lost,
        Outcome::Void => model::End::Void,
    }
}

pub(crate) const SUCCEEDED: Outcome = Outcome::Succeeded;
pub(crate) const FAILED: Outcome = Outcome::Failed;
pub(crate) const LOST: Outcome = Outcome::Lost;
pub(crate) const VOID: Outcome = Outcome::Void;

/// A pair whose run was started.
pub(crate) fn started(tasks: Vec<Task>, choices: Choices) -> Pair {
    let mut pair = Pair::new(batch(tasks), choices);
    pair.step(Event::Start).unwrap();
    pair
}

/// The same with everything in it.
pub(crate) fn plain(tasks: Vec<Task>) -> Pair {
    started(tasks, Choices::default())
}

/// `A`, then `B` on its success, then `C` on the success of `B`.
pub(crate) fn chain() -> Vec<Task> {
    vec![task("A", &[]), task("B", &[("A", On::Success)]), task("C", &[("B", On::Success)])]
}

impl Pair {
    /// The newest attempt of a node ends.
    pub(crate) fn end(&mut self, node: u32, outcome: Outcome) -> Result<Transition, &'static str> {
        let epoch = self.run.epoch(node);
        self.step(Event::Ended { node, epoch, outcome })
    }

    pub(crate) fn task_verb(
        &mut self,
        node: u32,
        verb: TaskVerb,
    ) -> Result<Transition, &'static str> {
        self.step(Event::Verb { node, verb })
    }

    pub(crate) fn restart(&mut self) -> Result<Transition, &'static str> {
        self.step(Event::Restart { members: &[] })
    }

    pub(crate) fn tick_at(&mut self, now: Timestamp) -> Transition {
        self.now = now;
        self.step(Event::Tick).unwrap()
    }
}
