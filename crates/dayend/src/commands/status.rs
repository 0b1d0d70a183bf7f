//! `dayend status`: a run and its tasks or members as they are now.

use super::session::{Session, conclude};
use crate::client::{Failure, Verdict, code_of, print, visible};
use clap::Args;
use comfy_table::{Table, presets};
use dayend_engine::codes::Code;
use dayend_wire::exit::ExitCode;
use dayend_wire::runs::ApiRun;

/// Shows a run with its tasks or members; the exit code tells its state
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The run id
    run: String,
    /// Only these tasks
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    tasks: Vec<Code>,
}

impl StatusArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        let found = self.find(session).await;
        if let (Ok(run), false) = (&found, session.json) {
            print(&visible(&table(run)));
        }
        conclude(Some(self.run.clone()), found.map(Verdict::of), session.json)
    }

    async fn find(&self, session: &Session) -> Result<ApiRun, Failure> {
        code_of(&self.run)?;
        let mut run = session.connection.run(&self.run).await?;
        if self.tasks.is_empty() {
            return Ok(run);
        }
        let unknown =
            self.tasks.iter().find(|code| !run.tasks.iter().any(|task| task.code == code.as_str()));
        if let Some(code) = unknown {
            let sentence =
                format!("there is no task `{code}` in {}: without --tasks all are shown", self.run);
            return Err(Failure::usage(sentence));
        }
        run.tasks.retain(|task| self.tasks.iter().any(|code| task.code == code.as_str()));
        Ok(run)
    }
}

fn table(run: &ApiRun) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if run.members.is_empty() {
        table.set_header(["task", "status", "attempts", "started", "ended", "message"]);
        for task in &run.tasks {
            let epoch = task.epoch.to_string();
            let [started, ended, message] = [&task.started_at, &task.ended_at, &task.message]
                .map(|text| text.as_deref().unwrap_or_default());
            table.add_row([&task.code, task.status.as_str(), &epoch, started, ended, message]);
        }
    } else {
        table.set_header(["batch", "status", "run"]);
        for member in &run.members {
            table.add_row([&member.code, member.status.as_str(), &member.run_id]);
        }
    }
    format!("{table}\n{}", files(run))
}

/// The files that the tasks waited for, read and left; nothing if there are none.
fn files(run: &ApiRun) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["task", "use", "file", "bytes", "SHA-256"]);
    for task in &run.tasks {
        for file in &task.files {
            let size = file.size_bytes.to_string();
            table.add_row([&task.code, &file.purpose, &file.name, &size, &file.sha256]);
        }
    }
    if table.is_empty() { String::new() } else { format!("\n{table}\n") }
}
