//! Starting runs: trigger and rerun.

use super::verbs::refused;
use super::words::quoted;
use crate::compiled::{Compiled, Source};
use crate::conductor::input::{Answer, Command, Create, CreateMember};
use crate::requests::{
    Accepted, IdempotencyKey, MemberParams, Refusal, TriggerParams, TriggerRequest,
};
use crate::stored::{StoredChoices, StoredParams};
use crate::use_cases::{Service, unavailable};
use dayend_engine::codes::{Code, RunId, RunKey, Scope, shortened};
use dayend_engine::definition::{Group, Kind};
use dayend_engine::params::RunParams;
use dayend_engine::run::Choices;
use dayend_engine::time::MisDate;
use dayend_identity::caller::{Caller, Function};
use dayend_store::port::RunRow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A start with everything looked up but the idempotency key.
struct Start {
    scope: Scope,
    kind: Kind,
    code: Code,
    mis_date: Option<MisDate>,
    choices: StoredChoices,
    params: TriggerParams,
    rerun_of: Option<RunKey>,
    key: Option<IdempotencyKey>,
    event: &'static str,
}

impl Service {
    pub async fn trigger(
        &self,
        caller: &Caller,
        request: TriggerRequest,
    ) -> Result<Accepted, Refusal> {
        self.count(caller)?;
        self.require(caller, &request.scope, &[Function::Exec]).await?;
        let what = if request.kind == Kind::Batch { "batch" } else { "batch group" };
        let code = request
            .code
            .parse()
            .map_err(|_| Refusal::NotFound { what, id: shortened(&request.code) })?;
        let choices = StoredChoices {
            excluded: request.excluded,
            held: request.held,
            included: request.included,
        };
        let start = Start {
            scope: request.scope,
            kind: request.kind,
            code,
            mis_date: request.mis_date,
            choices,
            params: request.params,
            rerun_of: None,
            key: request.key,
            event: "trigger",
        };
        self.start(caller, start).await
    }

    pub(super) async fn rerun_of(
        &self,
        caller: &Caller,
        row: &RunRow,
        choices: StoredChoices,
        params: TriggerParams,
        key: Option<IdempotencyKey>,
    ) -> Result<Accepted, Refusal> {
        let start = Start {
            scope: row.scope.clone(),
            kind: row.kind,
            code: row.code.clone(),
            mis_date: Some(row.mis_date),
            choices,
            params,
            rerun_of: Some(row.key),
            key,
            event: "rerun",
        };
        self.start(caller, start).await
    }

    async fn start(&self, caller: &Caller, start: Start) -> Result<Accepted, Refusal> {
        loop {
            if let Some(replay) = self.replay(caller, start.event, start.key.as_ref()).await? {
                return Ok(replay);
            }
            let create = self.prepare(caller, &start).await?;
            let command = Command::Create(Box::new(create));
            match self.conductor.command(&caller.tenant, command).await? {
                Answer::Created(run_id) => return Ok(Accepted { run_id, replayed: false }),
                // The same key was faster: its answer is this one's.
                Answer::Raced => {}
                Answer::Rejected(_) => {
                    let parts = if start.kind == Kind::BatchGroup { "members" } else { "tasks" };
                    let sentence = format!(
                        "nothing of `{}` is left to run: all its {parts} are excluded",
                        start.code
                    );
                    return Err(Refusal::NothingToRun(sentence));
                }
                answer @ (Answer::NotStored(_)
                | Answer::InDoubt(_)
                | Answer::Done
                | Answer::Written(_)) => {
                    let nowhere = RunId::new(&start.code, self.now().utc_date(), 0);
                    return Err(refused(&nowhere, None, answer));
                }
            }
        }
    }

    async fn prepare(&self, caller: &Caller, start: &Start) -> Result<Create, Refusal> {
        let what = if start.kind == Kind::Batch { "batch" } else { "batch group" };
        let compiled = self
            .conductor
            .catalogue
            .newest(&start.scope, start.kind, &start.code)
            .await
            .map_err(unavailable)?;
        let compiled =
            compiled.ok_or_else(|| Refusal::NotFound { what, id: start.code.to_string() })?;
        let choices = choose(&start.choices, &compiled)?;
        let today = self.now().utc_date();
        let (mis_date, params, members) = match (&compiled.source, &start.params) {
            (Source::Batch(_), TriggerParams::Batch { mis_date, params }) => {
                check_tasks(&compiled, None, params)?;
                ((*mis_date).or(start.mis_date).unwrap_or(today), params.clone(), Vec::new())
            }
            (Source::Group(group), TriggerParams::Group(by_code)) => {
                let date = start.mis_date.or_else(|| agreed_date(by_code)).unwrap_or(today);
                (
                    date,
                    RunParams::default(),
                    self.members(&start.scope, group, by_code, date).await?,
                )
            }
            (Source::Batch(_) | Source::Group(_), _) => return Err(wrong_shape(start.kind)),
        };
        Ok(Create {
            scope: start.scope.clone(),
            kind: start.kind,
            code: start.code.clone(),
            mis_date,
            compiled,
            params,
            choices,
            params_json: StoredParams::of_trigger(&start.params).to_json(),
            choices_json: start.choices.to_json(),
            members,
            rerun_of: start.rerun_of,
            actor: caller.actor(),
            event: start.event,
            claim: self.claim(caller, start.event, start.key.as_ref()),
        })
    }

    async fn members(
        &self,
        scope: &Scope,
        group: &Group,
        by_code: &BTreeMap<String, MemberParams>,
        date: MisDate,
    ) -> Result<Vec<CreateMember>, Refusal> {
        let known =
            |code: &String| group.members.iter().any(|member| member.batch.as_str() == code);
        if !by_code.keys().all(known) {
            let unknown = by_code.keys().filter(|code| !known(code));
            let problem = format!("`{}` has no member {}", group.code, quoted(unknown));
            return Err(Refusal::Invalid { key: "dynamicParamList".to_owned(), problem });
        }
        let mut members = Vec::with_capacity(group.members.len());
        for member in &group.members {
            let compiled = self
                .conductor
                .catalogue
                .newest(scope, Kind::Batch, &member.batch)
                .await
                .map_err(unavailable)?;
            let compiled = compiled
                .ok_or_else(|| Refusal::NotFound { what: "batch", id: member.batch.to_string() })?;
            let given = by_code.get(member.batch.as_str()).cloned().unwrap_or_default();
            check_tasks(&compiled, Some(&member.batch), &given.params)?;
            members.push(CreateMember {
                code: member.batch.clone(),
                mis_date: given.mis_date.unwrap_or(date),
                compiled,
                params_json: StoredParams::Batch(given.params.clone()).to_json(),
                params: given.params,
            });
        }
        Ok(members)
    }
}

/// The date on which all given members agree.
fn agreed_date(by_code: &BTreeMap<String, MemberParams>) -> Option<MisDate> {
    let dates: BTreeSet<MisDate> = by_code.values().filter_map(|member| member.mis_date).collect();
    dates.first().copied().filter(|_| dates.len() == 1)
}

fn choose(choices: &StoredChoices, compiled: &Arc<Compiled>) -> Result<Choices, Refusal> {
    choices.choose(compiled).map_err(|unknown| {
        let problem = format!(
            "{} not in this definition: {}",
            if unknown.codes.len() == 1 { "this code is" } else { "these codes are" },
            quoted(&unknown.codes)
        );
        Refusal::Invalid { key: unknown.list.to_owned(), problem }
    })
}

/// Parameters for a task that is not there are a mistake.
fn check_tasks(
    compiled: &Compiled,
    member: Option<&Code>,
    params: &RunParams,
) -> Result<(), Refusal> {
    let unknown = || params.tasks.keys().filter(|code| compiled.find(code.as_str()).is_none());
    if unknown().next().is_none() {
        return Ok(());
    }
    let codes = quoted(unknown().map(Code::as_str));
    let problem = match member {
        Some(member) => format!("no task of member `{member}` is called {codes}"),
        None => format!("no task is called {codes}"),
    };
    Err(Refusal::Invalid { key: "taskRuntimeParams".to_owned(), problem })
}

fn wrong_shape(kind: Kind) -> Refusal {
    let problem = match kind {
        Kind::BatchGroup => "a group takes a list: [{\"batchName\": …, \"batchParams\": {…}}, …]",
        Kind::Batch | Kind::Connection => {
            "a batch takes an object: {\"batchParams\": {…}, \"taskRuntimeParams\": {…}}"
        }
    };
    Refusal::Invalid { key: "dynamicParamList".to_owned(), problem: problem.to_owned() }
}
