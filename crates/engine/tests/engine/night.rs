//! A group and its members in the engine, wired as the conductor wires them, and the same in the model.

use crate::drive::{compare_states, model_end, model_gate, model_verb};
use crate::invariants::Watch;
use crate::model::{self, State};
use dayend_engine::codes::Code;
use dayend_engine::definition::{Batch, Group};
use dayend_engine::plan::Plan;
use dayend_engine::run::{
    Choices, Effect, Event, Gate, Loaded, NodeRecord, NodeState, Outcome, Rejected, Run, TaskVerb,
    Transition,
};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// One run of the tree with what is kept of it.
#[derive(Clone, Debug, PartialEq)]
struct One {
    plan: Plan,
    run: Run,
    stored: BTreeMap<u32, NodeRecord>,
}

/// A group run, twice.
#[derive(Debug)]
pub(crate) struct Night {
    group: Group,
    batches: Vec<Batch>,
    choices: Choices,
    root: One,
    members: Vec<One>,
    watches: Vec<Watch>,
    pub model: model::Group,
    pub now: Timestamp,
}

/// A step that follows from another one; `None` is the group.
type Follow = (Option<u32>, Event<'static>);

type Done = Result<(), Rejected>;

impl Night {
    /// A group whose members' definitions are given in their order.
    pub(crate) fn new(group: Group, batches: Vec<Batch>, choices: Choices) -> Self {
        let plan = Plan::of_group(&group).unwrap();
        let run = Run::new(&plan, &choices, Gate::Open);
        let fresh = |plan: Plan, run: Run| One { plan, run, stored: BTreeMap::new() };
        let gates: Vec<Gate> = (0..plan.len()).map(|node| Gate::of(run.state(node))).collect();
        let members: Vec<One> = batches
            .iter()
            .zip(&gates)
            .map(|(batch, gate)| {
                let plan = Plan::of_batch(batch).unwrap();
                let run = Run::new(&plan, &Choices::default(), *gate);
                fresh(plan, run)
            })
            .collect();
        let modelled =
            group.members.iter().zip(&batches).zip(&gates).map(|((member, batch), gate)| {
                let model = model::Batch::new(batch, model_gate(*gate), |_| State::Waiting);
                (member.batch.clone(), model)
            });
        let model = model::Group::new(&group, modelled.collect());
        let watches = members.iter().map(|one| Watch::new(&one.run, one.plan.len())).collect();
        let root = fresh(plan, run);
        Self { group, batches, choices, root, members, watches, model, now: Timestamp(1_000_000) }
    }

    pub(crate) fn code(&self, node: u32) -> Code {
        let member = self.group.members.get(node as usize);
        member.map_or_else(|| "NONE".parse().unwrap(), |member| member.batch.clone())
    }

    pub(crate) fn size(&self) -> u32 {
        self.root.plan.len()
    }

    pub(crate) fn group_run(&self) -> &Run {
        &self.root.run
    }

    pub(crate) fn member_run(&self, node: u32) -> &Run {
        &self.members[node as usize].run
    }

    /// All attempts that have not ended: (member, task, epoch).
    pub(crate) fn live_attempts(&self) -> Vec<(u32, u32, u32)> {
        let of = |(node, one): (u32, &One)| {
            let run = one.run.clone();
            run.unfinished().map(|task| (node, task, run.epoch(task))).collect::<Vec<_>>()
        };
        (0_u32..).zip(&self.members).flat_map(of).collect()
    }

    fn one(&mut self, at: Option<u32>) -> &mut One {
        match at {
            None => &mut self.root,
            Some(node) => &mut self.members[node as usize],
        }
    }

    fn step(&mut self, at: Option<u32>, event: Event<'_>) -> Done {
        let mut follow = VecDeque::new();
        self.step_one(at, event, &mut follow)?;
        let mut steps = 0;
        while let Some((at, event)) = follow.pop_front() {
            let _ = self.step_one(at, event, &mut follow);
            steps += 1;
            assert!(steps < 10_000, "group and members never agree");
        }
        Ok(())
    }

    fn step_one(
        &mut self,
        at: Option<u32>,
        event: Event<'_>,
        follow: &mut VecDeque<Follow>,
    ) -> Done {
        let now = self.now;
        let one = self.one(at);
        let before = one.run.clone();
        let mut out = Transition::default();
        let result = one.run.step(&one.plan, event, now, &mut out);
        if result.is_err() {
            assert_eq!(one.run, before, "the refused {event:?} changed something");
            return result;
        }
        one.stored.extend(out.nodes.iter().map(|record| (record.node, *record)));
        if let Some(node) = at {
            let (one, watch) = (&self.members[node as usize], &mut self.watches[node as usize]);
            watch.accepted(&one.plan, &before, event, &out, &one.run, now);
        }
        for effect in &out.effects {
            match *effect {
                Effect::Dispatch { .. } | Effect::Stop { .. } => assert!(at.is_some()),
                Effect::WakeAt(_) => {}
                Effect::Gate { node, gate, reopen } => {
                    follow.push_back((Some(node), Event::Gate { gate, reopen }));
                }
                Effect::InterruptMember { node } => {
                    follow.push_back((Some(node), Event::Interrupt));
                }
                Effect::ForceMember { node } => follow.push_back((Some(node), Event::ForceAll)),
            }
        }
        self.tell(at, follow);
        Ok(())
    }

    /// A group is told when a member does not look as the group has it.
    fn tell(&self, at: Option<u32>, follow: &mut VecDeque<Follow>) {
        let Some(node) = at else { return };
        let run = self.member_run(node);
        let (status, ended) = (run.status(), run.ended());
        let (shown, state) = (self.root.run.shown(node), self.root.run.state(node));
        if shown != status || (ended != state.is_settled() && status != Status::NotStarted) {
            follow.push_back((None, Event::Member { node, status, ended }));
        }
    }

    fn compare(&self, result: Done, expected: Result<(), &'static str>) -> bool {
        match (&result, &expected) {
            (Ok(()), Ok(())) => {}
            (Err(got), Err(want)) => {
                assert!(format!("{got:?}").starts_with(want), "{got:?}, not {want}");
            }
            (got, want) => panic!("the engine says {got:?}, the model {want:?}"),
        }
        self.compare_states();
        result.is_ok()
    }

    fn compare_states(&self) {
        let parts = (0_u32..).zip(&self.members).zip(&self.batches);
        for ((node, one), batch) in parts {
            let code = self.code(node);
            compare_states(&one.run, &one.plan, batch, &self.model.members[&code]);
            let (state, want) = (self.root.run.state(node), self.model.state(&code));
            assert_eq!(format!("{state:?}"), format!("{want:?}"), "{code}");
            assert_eq!(self.root.run.shown(node), self.model.shown(&code), "{code}");
        }
        assert_eq!(self.root.run.status(), self.model.status());
        assert_eq!(self.root.run.ended(), self.model.ended());
        assert_eq!(self.root.run.is_interrupted(), self.model.interrupted);
        assert_eq!(self.root.run.unfinished().count(), 0);
    }

    pub(crate) fn start(&mut self) -> bool {
        let result = self.step(None, Event::Start);
        let expected = self.model.start();
        self.compare(result, expected)
    }

    pub(crate) fn interrupt(&mut self) -> bool {
        let result = self.step(None, Event::Interrupt);
        let expected = self.model.interrupt();
        self.compare(result, expected)
    }

    pub(crate) fn restart(&mut self) -> bool {
        let reopenable = |node: &u32| {
            self.root.run.state(*node) == NodeState::Running && self.member_run(*node).can_reopen()
        };
        let members: Vec<u32> = (0..self.size()).filter(reopenable).collect();
        let result = self.step(None, Event::Restart { members: &members });
        let expected = self.model.restart();
        self.compare(result, expected)
    }

    pub(crate) fn verb(&mut self, node: u32, verb: TaskVerb) -> bool {
        let result = self.step(None, Event::Verb { node, verb });
        let expected = self.model.verb(&self.code(node), model_verb(verb));
        self.compare(result, expected)
    }

    pub(crate) fn interrupt_member(&mut self, node: u32) -> bool {
        let never_starts = self.root.run.ended() && self.member_run(node).gate() != Gate::Open;
        let result = if never_starts {
            Err(Rejected::RunEnded)
        } else {
            self.step(Some(node), Event::Interrupt)
        };
        let expected = self.model.interrupt_member(&self.code(node));
        self.compare(result, expected)
    }

    pub(crate) fn restart_member(&mut self, node: u32) -> bool {
        let reopenable = self.member_run(node).can_reopen();
        let result = match self.root.run.state(node) {
            NodeState::Running | NodeState::Waiting if !reopenable => {
                Err(Rejected::NothingToReopen)
            }
            NodeState::Waiting => {
                self.step(Some(node), Event::Gate { gate: Gate::Waiting, reopen: true })
            }
            NodeState::Held
            | NodeState::Excluded
            | NodeState::Running
            | NodeState::Stopping
            | NodeState::Recycling
            | NodeState::Backoff
            | NodeState::Successful
            | NodeState::Failed
            | NodeState::Interrupted
            | NodeState::Aborted => self.step(None, Event::RestartMember { node }),
        };
        let expected = self.model.restart_member(&self.code(node));
        self.compare(result, expected)
    }

    pub(crate) fn task_verb(&mut self, node: u32, task: u32, verb: TaskVerb) -> bool {
        let code = self.task_code(node, task);
        let result = self.step(Some(node), Event::Verb { node: task, verb });
        let expected = self
            .model
            .on_member(&self.code(node), |member| member.verb(&code, model_verb(verb)).map(|_| ()));
        self.compare(result, expected)
    }

    pub(crate) fn ended(&mut self, node: u32, task: u32, epoch: u32, outcome: Outcome) -> bool {
        let (code, now) = (self.task_code(node, task), self.now.0);
        let result = self.step(Some(node), Event::Ended { node: task, epoch, outcome });
        let expected = self.model.on_member(&self.code(node), |member| {
            member.attempt_ended(&code, epoch, model_end(outcome), now).map(|_| ())
        });
        self.compare(result, expected)
    }

    /// Time passes until the next retry is due.
    pub(crate) fn tick(&mut self) -> bool {
        let due = self.members.iter().filter_map(|one| one.run.next_wake()).min();
        let Some(due) = due.filter(|due| due.0 < i64::MAX / 4) else { return false };
        self.now = due.max(self.now);
        let now = self.now.0;
        for node in 0..self.size() {
            let result = self.step(Some(node), Event::Tick);
            let expected = self.model.on_member(&self.code(node), |member| {
                member.tick(now);
                Ok(())
            });
            self.compare(result, expected);
        }
        true
    }

    fn task_code(&self, node: u32, task: u32) -> Code {
        self.batches[node as usize].tasks.code(task).unwrap_or("NONE").parse().unwrap()
    }

    /// The tree as a server finds it that starts again; it must be the one that stood in memory.
    pub(crate) fn reload(&mut self) {
        let statuses: Vec<Status> = self.members.iter().map(|one| one.run.status()).collect();
        let again = |one: &One, choices: &Choices, members: Vec<Status>| {
            let loaded = Loaded {
                gate: one.run.gate(),
                interrupted: one.run.is_interrupted(),
                generation: one.run.generation(),
                nodes: one.stored.values().copied().collect(),
                members,
            };
            let again = Run::load(&one.plan, choices, loaded).unwrap();
            for node in 0..one.plan.len() {
                assert_eq!(again.record_of(node), one.run.record_of(node));
                assert_eq!(again.shown(node), one.run.shown(node));
            }
            again
        };
        self.root.run = again(&self.root, &self.choices, statuses);
        for one in &mut self.members {
            one.run = again(one, &Choices::default(), Vec::new());
        }
        for node in 0..self.size() {
            let records = self.members[node as usize].stored.values();
            let started = records.filter_map(|record| {
                record.started_at.map(|at| (self.task_code(node, record.node), at.0))
            });
            let started = started.collect();
            let code = self.code(node);
            self.model.members.get_mut(&code).unwrap().reload(&started);
        }
        self.compare_states();
    }
}
