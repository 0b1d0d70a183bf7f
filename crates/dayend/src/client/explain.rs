//! What went wrong in a run, and what to do now.

use super::connection::Connection;
use super::failure::Failure;
use dayend_wire::codes::State;
use dayend_wire::runs::{ApiRun, ApiTask};

/// How many tasks are explained one by one.
const TASKS_MAX: usize = 10;

/// Says on stderr which tasks need a person and why, and which command goes on.
pub(crate) async fn explain(connection: &Connection, run: &ApiRun) -> Result<(), Failure> {
    let voice = connection.voice();
    let mut told = 0;
    for batch in batches(connection, run).await? {
        for task in batch.tasks.iter().filter(|task| needs_a_person(task.status)) {
            told += 1;
            if told <= TASKS_MAX {
                voice.say(&sentence(&batch, task));
            }
        }
    }
    if told > TASKS_MAX {
        voice.say(&format!("and {} more: dayend status {}", told - TASKS_MAX, run.run_id));
    }
    if told > 0 && run.status == State::Held {
        voice.say("it waits for a release: dayend release RUN TASK --reason TEXT");
    } else if told > 0 {
        voice.say(&format!(
            "when the cause is removed, go on with: dayend restart {} --wait",
            run.run_id
        ));
    }
    Ok(())
}

/// The runs whose tasks are to be looked at: the run itself, or the members of the group that did not go well.
async fn batches(connection: &Connection, run: &ApiRun) -> Result<Vec<ApiRun>, Failure> {
    if run.members.is_empty() {
        return Ok(vec![run.clone()]);
    }
    let mut batches = Vec::new();
    for member in run.members.iter().filter(|member| needs_a_person(member.status)).take(TASKS_MAX)
    {
        batches.push(connection.run(&member.run_id).await?);
    }
    Ok(batches)
}

fn needs_a_person(state: State) -> bool {
    match state {
        State::Failed | State::Interrupted | State::Aborted | State::Held => true,
        State::NotStarted | State::OnGoing | State::Successful | State::Excluded => false,
    }
}

fn sentence(batch: &ApiRun, task: &ApiTask) -> String {
    let message =
        task.message.as_deref().map_or_else(String::new, |message| format!(": {message}"));
    let log = if task.epoch == 0 {
        String::new()
    } else {
        format!("\n  log: dayend log {} {}", batch.run_id, task.code)
    };
    format!("{}/{} {}{message}{log}", batch.code, task.code, task.status)
}
