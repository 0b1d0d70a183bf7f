//! The story: apply, trigger, wait, deliver, fail, look, repair, restart, succeed, fetch the report.

use super::outcome::{FailedTask, Outcome};
use super::sample_night::{GROUP, delivery, files, report};
use super::stage::Stage;
use super::teller::Teller;
use crate::client::{Control, Failure, FollowArgs, OnHeld, Owner, follow};
use crate::sample::{figures, repair};
use dayend_engine::time::MisDate;
use dayend_wire::codes::State;
use dayend_wire::definitions::ApplyRequest;
use dayend_wire::exit::ExitCode;
use dayend_wire::external::TriggerBody;
use dayend_wire::runs::ApiRun;
use std::time::Duration;

/// A night that takes longer than this has gone wrong.
const NIGHT_MAX: Duration = Duration::from_mins(10);
/// How much of a failed task's log is shown.
const LOG_TAIL_LINES: usize = 5;
/// A run that does not begin to wait within so many changes never does.
const CHANGES_MAX: usize = 20;
/// The longest log that is read for its tail.
const LOG_PIECES_MAX: usize = 16;

/// Plays the whole night; `run` is told as soon as there is something to interrupt.
pub(super) async fn play(
    stage: &Stage,
    date: MisDate,
    run: &mut Option<String>,
    teller: &Teller,
) -> Result<Outcome, Failure> {
    let connection = &stage.connection;
    let applied = connection.apply(&ApplyRequest { files: files(), dry_run: false }).await?;
    teller.tell(&format!("The sample night is loaded:   {} definitions", applied.changes.len()));
    let body = TriggerBody {
        batch_name: GROUP.to_owned(),
        batch_type: "group".to_owned(),
        mis_date: Some(date.to_string()),
        ..TriggerBody::default()
    };
    let id = connection.trigger(&body, &fresh_key()).await?;
    *run = Some(id.clone());
    teller.tell(&format!(
        "The group {GROUP} is triggered:   {id} (external interface, token of /oauth2/v1/token)"
    ));

    deliver(stage, &id, date, teller).await?;
    let first = watch(stage, &id).await?;
    if first.status == State::Successful {
        return outcome(stage, first, Vec::new(), None, date).await;
    }
    let failures = failed_tasks(stage, &first).await?;
    tell_failures(&first, &failures, teller);
    let repaired = repair(&stage.work(), date);
    let repaired = repaired.map_err(|error| {
        Failure::new(ExitCode::RunFailed, format!("the repair failed: {error:#}"))
    })?;
    teller.tell(&format!("\nThe file is repaired:         {repaired}"));
    connection.control(Control::Restart, &id, &fresh_key()).await?;
    teller.tell("The run is restarted:         what was successful is not repeated");
    let second = watch(stage, &id).await?;
    outcome(stage, second, failures, Some(repaired), date).await
}

/// Uploads the day's files when the night waits for them, as a delivering system would.
async fn deliver(
    stage: &Stage,
    group: &str,
    date: MisDate,
    teller: &Teller,
) -> Result<(), Failure> {
    for member in stage.connection.run(group).await?.members.iter().take(2) {
        let wait = awaited(stage, &member.run_id).await?;
        teller.tell(&format!("The night waits:              {wait}"));
    }
    for (name, content) in delivery(date) {
        stage.connection.upload(&name, content.as_bytes().to_vec()).await?;
        let size = content.len();
        teller.tell(&format!(
            "A file is delivered:          {name}, {size} bytes (getObjStoreParUrl, then PUT)"
        ));
    }
    Ok(())
}

/// What the first task of a run says that it waits for.
async fn awaited(stage: &Stage, run: &str) -> Result<String, Failure> {
    let mut now = stage.connection.run(run).await?;
    for _ in 0..CHANGES_MAX {
        let first = now.tasks.first().filter(|task| task.status == State::OnGoing);
        if let Some((task, message)) = first.and_then(|task| Some((task, task.message.as_ref()?))) {
            return Ok(format!("{} {message}", task.code));
        }
        now = stage.connection.next(run, Some(now.revision), NIGHT_MAX).await?;
    }
    Err(Failure::new(ExitCode::RunFailed, format!("{run} does not wait for its file")))
}

async fn watch(stage: &Stage, run: &str) -> Result<ApiRun, Failure> {
    let args = FollowArgs { timeout: Some(NIGHT_MAX), on_held: OnHeld::Exit, detach_on_term: true };
    follow(&stage.connection, run, &args, Owner::Somebody).await
}

async fn batches(stage: &Stage, group: &ApiRun) -> Result<Vec<ApiRun>, Failure> {
    let mut batches = Vec::new();
    for member in &group.members {
        batches.push(stage.connection.run(&member.run_id).await?);
    }
    Ok(batches)
}

async fn failed_tasks(stage: &Stage, group: &ApiRun) -> Result<Vec<FailedTask>, Failure> {
    let mut failed = Vec::new();
    for batch in batches(stage, group).await? {
        for task in &batch.tasks {
            if !matches!(task.status, State::Failed | State::Aborted | State::Interrupted) {
                continue;
            }
            failed.push(FailedTask {
                run_id: batch.run_id.clone(),
                batch: batch.code.clone(),
                task: task.code.clone(),
                status: task.status,
                message: task.message.clone().unwrap_or_default(),
                log: log_tail(stage, &batch.run_id, &task.code).await?,
            });
        }
    }
    Ok(failed)
}

async fn log_tail(stage: &Stage, run: &str, task: &str) -> Result<String, Failure> {
    let (mut text, mut offset) = (String::new(), 0);
    for _ in 0..LOG_PIECES_MAX {
        let piece = stage.connection.log(run, task, None, offset).await?;
        text.push_str(&piece.text);
        if piece.complete || piece.next_offset == offset {
            break;
        }
        offset = piece.next_offset;
    }
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(LOG_TAIL_LINES)..).unwrap_or_default();
    Ok(tail.join("\n"))
}

fn tell_failures(group: &ApiRun, failures: &[FailedTask], teller: &Teller) {
    teller.tell(&format!("\nThe night stopped:            {} is {}", group.run_id, group.status));
    for failed in failures {
        teller.tell(&format!("  {}/{} {}", failed.batch, failed.task, failed.status));
        teller.tell(&format!("  {}", failed.message));
        teller
            .tell(&format!("  the end of its log (dayend log {} {}):", failed.run_id, failed.task));
        for line in failed.log.lines() {
            teller.tell(&format!("    | {line}"));
        }
    }
}

async fn outcome(
    stage: &Stage,
    run: ApiRun,
    failures: Vec<FailedTask>,
    repair: Option<String>,
    date: MisDate,
) -> Result<Outcome, Failure> {
    let batches = batches(stage, &run).await?;
    let name = report(date);
    let figures = match run.status {
        State::Successful => {
            let csv = stage.connection.download(&name).await?;
            let csv = String::from_utf8_lossy(&csv).into_owned();
            let odd = |error| Failure::odd_answer(&format!("the report {name}: {error:#}"));
            Some(figures(&csv, name.clone()).map_err(odd)?)
        }
        State::NotStarted
        | State::OnGoing
        | State::Failed
        | State::Interrupted
        | State::Aborted
        | State::Excluded
        | State::Held => None,
    };
    Ok(Outcome { run, batches, failures, repair, figures })
}

fn fresh_key() -> String {
    uuid::Uuid::new_v4().to_string()
}
