//! The clients: they trigger, interrupt, restart, rerun, define and touch tasks, at random and with little regard.

use super::block_on::block_on;
use super::clients::{Asked, CLIENT, TENANT, actor, mark, scope};
use super::definitions::revised;
use super::graph::Graph;
use super::invariants;
use super::world::{Check, Event, World};
use dayend_engine::codes::{Code, RunKey};
use dayend_engine::definition::Kind;
use dayend_engine::params::RunParams;
use dayend_engine::run::TaskVerb;
use dayend_service::conductor::input::{
    Answer, Command, Create, CreateMember, RunVerb, VerbCommand,
};
use dayend_service::stored::StoredChoices;
use dayend_store::port::{ClaimRow, HistoryRecord, Outcome, Store, Write};
use std::sync::Arc;

/// More answers in a row that somebody else has the key, and nobody has it.
const RACES_MAX: u32 = 200;
/// How often a client sends a request at most.
const SENDINGS_MAX: u32 = 40;
/// How far the machine's clock is set.
const HOUR_US: i64 = 3_600_000_000;
pub(super) const DECADE_US: i64 = 10 * 365 * 24 * HOUR_US;

impl World {
    /// The next thing that happens to the server from outside.
    pub(super) fn client(&mut self) {
        if self.random.chance(self.faults.clock) {
            self.set_the_clock();
        }
        if self.random.chance(self.faults.stop) {
            self.soon(self.faults.client_us, None, Event::Stop);
        } else if self.random.chance(self.faults.crash) {
            // Between any two events.
            self.soon(self.faults.client_us, None, Event::Crash);
        } else if let Some(asked) = self.something_to_ask() {
            let key = self.random.chance(self.faults.key);
            let key = key.then(|| format!("key-{}", self.clients.requests.len()));
            let request = self.clients.add(asked, key);
            self.send(request);
            if self.random.chance(self.faults.impatient) {
                self.send_again(request, 50_000);
            }
        }
        if self.clients.requests.len() < self.faults.requests {
            self.soon(self.faults.client_us, None, Event::Client);
        }
    }

    /// By up to an hour from what it says, or by years from what it should say.
    fn set_the_clock(&mut self) {
        self.skew_us = if self.random.chance(20) {
            self.random.up_to(2 * DECADE_US) - DECADE_US
        } else {
            self.skew_us + self.random.up_to(2 * HOUR_US) - HOUR_US
        };
    }

    fn something_to_ask(&mut self) -> Option<Asked> {
        if self.random.chance(self.faults.verb) {
            return self.some_verb();
        }
        match self.random.below(12) {
            0 => Some(Asked::Flush),
            1 => self.some_definition(),
            2 => self.some_rerun(),
            _ => self.some_trigger(),
        }
    }

    fn some_trigger(&mut self) -> Option<Asked> {
        let names: Vec<(Kind, Code)> = self.clients.newest.keys().cloned().collect();
        let (kind, code) = self.random.pick(&names)?.clone();
        let version = self.clients.version_of(kind, code.as_str())?;
        let graph = Arc::clone(self.graphs.get(&version)?);
        let choices = self.some_choices(&graph);
        Some(Asked::Trigger { kind, code, choices, rerun_of: None })
    }

    fn some_choices(&mut self, graph: &Graph) -> StoredChoices {
        let mut choices = StoredChoices::default();
        if self.random.chance(60) {
            return choices;
        }
        for node in &graph.nodes {
            match self.random.below(12) {
                0 => choices.excluded.push(node.code.clone()),
                1 => choices.held.push(node.code.clone()),
                2 => choices.included.push(node.code.clone()),
                _ => {}
            }
        }
        if self.random.chance(70) {
            choices.included.clear();
        }
        choices
    }

    fn some_run(&mut self) -> Option<RunKey> {
        let keys: Vec<RunKey> = self.store.tables().runs.keys().copied().collect();
        // Mostly young ones: more happens to them.
        let young = keys.get(keys.len().saturating_sub(6)..).unwrap_or_default();
        if self.random.chance(70) {
            self.random.pick(young).copied()
        } else {
            self.random.pick(&keys).copied()
        }
    }

    fn some_verb(&mut self) -> Option<Asked> {
        let run = self.some_run()?;
        let version = self.store.tables().runs.get(&run)?.version;
        let nodes = self.graphs.get(&version)?.nodes.len();
        let node = u32::try_from(self.random.below(nodes + 1)).unwrap_or_default();
        let task = |verb| RunVerb::Task { node, verb };
        let verb = match self.random.below(10) {
            0 | 1 => RunVerb::Interrupt,
            2..=4 => RunVerb::Restart,
            5 => task(TaskVerb::Hold),
            6 => task(TaskVerb::Release),
            7 => task(TaskVerb::Exclude),
            8 => task(TaskVerb::Include),
            _ => task(TaskVerb::ForceOk),
        };
        Some(Asked::Verb { run, verb })
    }

    fn some_rerun(&mut self) -> Option<Asked> {
        let run = self.some_run()?;
        let row = self.store.tables().runs.get(&run)?.clone();
        let choices: StoredChoices = serde_json::from_str(&row.choices).ok()?;
        Some(Asked::Trigger { kind: row.kind, code: row.code, choices, rerun_of: Some(run) })
    }

    fn some_definition(&mut self) -> Option<Asked> {
        let names: Vec<(Kind, Code)> = self.clients.newest.keys().cloned().collect();
        let name = self.random.pick(&names)?;
        let (_, expected, old) = self.clients.newest.get(name)?.clone();
        let definition = revised(&mut self.random, &old, self.clients.batches());
        Some(Asked::Define { definition: Box::new(definition), expected })
    }

    fn send_again(&mut self, request: usize, most_us: i64) {
        let keyed = self.clients.requests.get(request).is_some_and(|one| one.key.is_some());
        if keyed {
            self.soon(most_us, None, Event::Resend(request));
        }
    }

    /// Sends a request, unless its key says what became of it.
    pub(super) fn send(&mut self, request: usize) {
        let Some(one) = self.clients.requests.get(request).cloned() else { return };
        if one.sent >= SENDINGS_MAX || self.server.is_none() {
            if one.sent < SENDINGS_MAX {
                self.send_again(request, 1_000_000);
            }
            return;
        }
        if let Some(claim) = self.claim_of(request) {
            // The answer is read from the store; it was given on behalf of the first sending.
            if let Some(one) = self.clients.requests.get_mut(request) {
                one.accepted = true;
                one.answered = true;
                one.run = claim.answer.parse().ok();
            }
            return;
        }
        if let Some(command) = self.command(request) {
            if let Some(one) = self.clients.requests.get_mut(request) {
                one.sent += 1;
            }
            self.soon(2_000, Some(self.life), Event::Arrive(request, Box::new(command)));
        }
    }

    fn claim_of(&self, request: usize) -> Option<ClaimRow> {
        let one = self.clients.requests.get(request)?;
        let key = one.key.as_ref()?;
        block_on(self.store.claim(TENANT, CLIENT, one.asked.route(), key)).ok().flatten()
    }

    fn command(&mut self, request: usize) -> Option<Command> {
        let one = self.clients.requests.get(request)?.clone();
        let mut claim = one.key.as_ref().map(|key| ClaimRow {
            tenant: TENANT.to_owned(),
            client: CLIENT.to_owned(),
            verb: one.asked.route().to_owned(),
            key: key.clone(),
            body_hash: [0; 32],
            answer: String::new(),
            at: self.wall(),
        });
        match &one.asked {
            Asked::Flush => Some(Command::Flush),
            Asked::Verb { run, verb } => {
                let run_id = self.store.tables().runs.get(run)?.run_id.clone();
                if let Some(claim) = &mut claim {
                    run_id.as_str().clone_into(&mut claim.answer);
                }
                let actor = actor(request);
                let reason = self.random.chance(50).then(|| "because".to_owned());
                Some(Command::Verb(Box::new(VerbCommand {
                    run: *run,
                    verb: *verb,
                    actor,
                    reason,
                    claim,
                })))
            }
            Asked::Define { definition, expected } => {
                let row = self.version(definition, *expected);
                let history = HistoryRecord {
                    run: None,
                    at: self.wall(),
                    actor: actor(request),
                    event: "apply".to_owned(),
                    detail: row.key.0.to_string(),
                };
                Some(Command::Foreign(Box::new(Write::Define { rows: vec![row], history })))
            }
            Asked::Trigger { kind, code, choices, rerun_of } => {
                let create = self.create(request, (*kind, code), choices, *rerun_of, claim)?;
                Some(Command::Create(Box::new(create)))
            }
        }
    }

    fn create(
        &self,
        request: usize,
        (kind, code): (Kind, &Code),
        choices: &StoredChoices,
        rerun_of: Option<RunKey>,
        claim: Option<ClaimRow>,
    ) -> Option<Create> {
        let version = self.clients.version_of(kind, code.as_str())?;
        let compiled = Arc::clone(self.compiled.get(&version)?);
        // A rerun may name a code that the newest version no longer has; then it is refused before it comes here.
        let resolved = choices.choose(&compiled).ok()?;
        let (params, params_json) = marked_params(request);
        let mis_date = self.wall().utc_date();
        let mut members = Vec::new();
        if kind == Kind::BatchGroup {
            for node in &self.graphs.get(&version)?.nodes {
                let version = self.clients.version_of(Kind::Batch, &node.code)?;
                members.push(CreateMember {
                    code: node.code.parse().ok()?,
                    mis_date,
                    compiled: Arc::clone(self.compiled.get(&version)?),
                    params: RunParams::default(),
                    params_json: "{}".to_owned(),
                });
            }
        }
        Some(Create {
            scope: scope(),
            kind,
            code: code.clone(),
            mis_date,
            compiled,
            params,
            choices: resolved,
            params_json,
            choices_json: serde_json::to_string(choices).ok()?,
            members,
            rerun_of,
            actor: actor(request),
            event: if rerun_of.is_some() { "rerun" } else { "trigger" },
            claim,
        })
    }

    /// The server answered.
    pub(super) fn answered(&mut self, reply: u64, answer: &Answer) -> Check {
        self.sums.answers += 1;
        let request = usize::try_from(reply).unwrap_or(usize::MAX);
        self.trace.note(|| format!("{:>12} answer {request}: {answer:?}", ""));
        invariants::answered_after_the_commit(
            &self.store.tables(),
            &self.clients,
            request,
            answer,
        )?;
        let Some(one) = self.clients.requests.get_mut(request) else { return Ok(()) };
        one.answered = true;
        one.raced = if *answer == Answer::Raced { one.raced + 1 } else { 0 };
        let (raced, keyed) = (one.raced, one.key.is_some());
        match answer {
            Answer::Created(run) => {
                one.accepted = true;
                one.run = Some(run.clone());
            }
            Answer::Done => one.accepted = true,
            Answer::Written(Outcome::Applied) => {
                one.accepted = true;
                self.learn_version(request);
            }
            Answer::NotStored(_) | Answer::InDoubt(_) if keyed => {
                self.send_again(request, 2_000_000);
            }
            Answer::Rejected(_) if keyed => {}
            // What is in doubt may have happened.
            Answer::Written(Outcome::LostRace) | Answer::InDoubt(_) => {}
            Answer::Rejected(_) | Answer::NotStored(_) => self.refuse(request),
            Answer::Raced => self.send_again(request, 100_000),
        }
        if raced > RACES_MAX {
            return Err(format!("the key of request {request} is taken by nobody"));
        }
        Ok(())
    }

    /// The server died: nobody will answer what was on its way.
    pub(super) fn unanswered(&mut self) {
        for request in 0..self.clients.requests.len() {
            let open = self.clients.requests.get(request).is_some_and(|one| !one.answered);
            if open {
                self.send_again(request, 5_000_000);
            }
        }
    }

    fn refuse(&mut self, request: usize) {
        if let Some(one) = self.clients.requests.get_mut(request) {
            one.refused = true;
            self.watch.refused(actor(request));
        }
    }

    fn learn_version(&mut self, request: usize) {
        let Some(one) = self.clients.requests.get(request) else { return };
        let Asked::Define { definition, expected } = one.asked.clone() else { return };
        let code = definition.code().clone();
        let stored = block_on(self.store.definition(&scope(), definition.kind(), &code));
        if let Ok(Some(row)) = stored
            && row.version == expected + 1
        {
            self.catalogue.forget_newest();
            self.defined(row.key, *definition, row.version);
        }
    }
}

/// A run's parameters say which request made it.
fn marked_params(request: usize) -> (RunParams, String) {
    let json = format!("{{\"batch\":{{{}}}}}", mark(request));
    (serde_json::from_str(&json).unwrap_or_default(), json)
}
