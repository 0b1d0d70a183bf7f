//! Interrupt, restart, rerun, and the verbs on single tasks.

use super::look::is_going_on;
use crate::conductor::input::{Answer, Command, RunVerb, VerbCommand};
use crate::requests::{
    Accepted, IdempotencyKey, Refusal, RunRequest, RunStatus, TaskRequest, TaskVerb,
};
use crate::stored::{StoredChoices, StoredParams};
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{RunId, shortened};
use dayend_engine::run::{Rejected, TaskVerb as Verb};
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::ClaimRow;

impl Service {
    pub async fn interrupt(
        &self,
        caller: &Caller,
        request: RunRequest,
    ) -> Result<Accepted, Refusal> {
        self.run_verb(caller, request, RunVerb::Interrupt).await
    }

    pub async fn restart(&self, caller: &Caller, request: RunRequest) -> Result<Accepted, Refusal> {
        self.run_verb(caller, request, RunVerb::Restart).await
    }

    /// A new run with the old one's date, parameters and choices, on the newest definition.
    pub async fn rerun(&self, caller: &Caller, request: RunRequest) -> Result<Accepted, Refusal> {
        self.count(caller)?;
        self.require(caller, &request.scope, &[Function::Exec]).await?;
        let view = self.find_run(&request).await?;
        if let Some(replay) = self.replay(caller, "rerun", request.key.as_ref()).await? {
            return Ok(replay);
        }
        let status = view.read(|seen| seen.state.status);
        if is_going_on(status) {
            let sentence = format!(
                "run {} is {status}: only a run that has ended or stopped can be rerun",
                view.row.run_id
            );
            return Err(Refusal::WrongState(sentence));
        }
        let choices = StoredChoices::parse(&view.row.choices).map_err(unavailable)?;
        let params = StoredParams::parse(&view.row.params).map_err(unavailable)?.into_trigger();
        self.rerun_of(caller, &view.row, choices, params, request.key).await
    }

    /// Hold, release, exclude, include, force-OK.
    pub async fn task(&self, caller: &Caller, request: TaskRequest) -> Result<RunStatus, Refusal> {
        self.count(caller)?;
        self.require(caller, &request.run.scope, &[Function::Operate]).await?;
        let view = self.find_run(&request.run).await?;
        let node = view.compiled.find(&request.task);
        let node =
            node.ok_or_else(|| Refusal::NotFound { what: "task", id: shortened(&request.task) })?;
        let verb = match request.verb {
            TaskVerb::Hold => Verb::Hold,
            TaskVerb::Release => Verb::Release,
            TaskVerb::Exclude => Verb::Exclude,
            TaskVerb::Include => Verb::Include,
            TaskVerb::ForceOk => Verb::ForceOk,
        };
        let command = VerbCommand {
            run: view.row.key,
            verb: RunVerb::Task { node, verb },
            actor: caller.actor(),
            reason: Some(request.reason),
            claim: None,
        };
        let command = Command::Verb(Box::new(command));
        let answer = self.conductor.command(&caller.tenant, command).await?;
        if answer != Answer::Done {
            return Err(refused(&view.row.run_id, Some(&request.task), answer));
        }
        self.status(caller, request.run, None).await
    }

    async fn run_verb(
        &self,
        caller: &Caller,
        request: RunRequest,
        verb: RunVerb,
    ) -> Result<Accepted, Refusal> {
        self.count(caller)?;
        self.require(caller, &request.scope, &[Function::Exec]).await?;
        let row = self.find_row(&request).await?;
        loop {
            if let Some(replay) = self.replay(caller, verb.event(), request.key.as_ref()).await? {
                return Ok(replay);
            }
            let mut claim = self.claim(caller, verb.event(), request.key.as_ref());
            if let Some(claim) = &mut claim {
                row.run_id.as_str().clone_into(&mut claim.answer);
            }
            let command =
                VerbCommand { run: row.key, verb, actor: caller.actor(), reason: None, claim };
            let command = Command::Verb(Box::new(command));
            let answer = self.conductor.command(&caller.tenant, command).await?;
            if answer == Answer::Done {
                return Ok(Accepted { run_id: row.run_id, replayed: false });
            }
            if matches!(answer, Answer::Rejected(_)) {
                // The refusal may stand on what the same key has just done; then its answer is this one's.
                let replay = self.replay(caller, verb.event(), request.key.as_ref()).await?;
                return replay.ok_or_else(|| refused(&row.run_id, None, answer));
            }
            if answer != Answer::Raced {
                return Err(refused(&row.run_id, None, answer));
            }
        }
    }

    /// The answer that was given for this key before.
    pub(super) async fn replay(
        &self,
        caller: &Caller,
        verb: &str,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Accepted>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        let found = self
            .store
            .claim(&caller.tenant, &caller.client_id, verb, &key.key)
            .await
            .map_err(unavailable)?;
        let Some(found) = found else { return Ok(None) };
        if found.body_hash != key.body_hash {
            return Err(Refusal::KeyReused(key.key.clone()));
        }
        let run_id: RunId = found
            .answer
            .parse()
            .map_err(|_| Refusal::Unavailable("an idempotency key has lost its run".to_owned()))?;
        Ok(Some(Accepted { run_id, replayed: true }))
    }

    pub(super) fn claim(
        &self,
        caller: &Caller,
        verb: &str,
        key: Option<&IdempotencyKey>,
    ) -> Option<ClaimRow> {
        key.map(|key| ClaimRow {
            tenant: caller.tenant.clone(),
            client: caller.client_id.clone(),
            verb: verb.to_owned(),
            key: key.key.clone(),
            body_hash: key.body_hash,
            answer: String::new(),
            at: self.now(),
        })
    }
}

/// What a refusal of the engine means to the caller.
pub(super) fn refused(run: &RunId, task: Option<&str>, answer: Answer) -> Refusal {
    let rejected = match answer {
        Answer::Rejected(rejected) => rejected,
        Answer::NotStored(why) | Answer::InDoubt(why) => return Refusal::Unavailable(why),
        Answer::Created(_) | Answer::Done | Answer::Raced | Answer::Written(_) => {
            return Refusal::Unavailable("the conductor answered something else".to_owned());
        }
    };
    let task = task.map_or_else(String::new, |task| format!("task `{}` of ", shortened(task)));
    match rejected {
        Rejected::NothingToRun | Rejected::NothingToReopen => {
            Refusal::NothingToRun(format!("{task}run {run}: {rejected}"))
        }
        Rejected::AlreadyInterrupted => Refusal::AlreadyInterrupted(run.clone()),
        Rejected::NoSuchNode => Refusal::NotFound { what: "run", id: run.to_string() },
        Rejected::RunEnded
        | Rejected::WrongState { .. }
        | Rejected::Stale
        | Rejected::GroupInterrupted => Refusal::WrongState(format!("{task}run {run}: {rejected}")),
    }
}
