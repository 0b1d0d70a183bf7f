//! `dayend hold`, `release`, `exclude`, `include` and `force-ok`: an operator's hand on one task.

use super::session::{Session, conclude};
use crate::client::{Failure, Verdict, code_of};
use clap::Args;
use dayend_engine::codes::Code;
use dayend_wire::exit::ExitCode;

/// A task of a run, and why it is touched.
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    /// The run id
    run: String,
    /// The task (of a group's run: the batch)
    task: Code,
    /// Why; it is kept in the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl TaskArgs {
    /// Sends the verb.
    pub(crate) async fn run(&self, session: &Session, verb: &str) -> ExitCode {
        let outcome = self.send(session, verb).await.map(Verdict::accepted);
        conclude(Some(self.run.clone()), outcome, session.json)
    }

    async fn send(&self, session: &Session, verb: &str) -> Result<String, Failure> {
        code_of(&self.run)?;
        if self.reason.trim().is_empty() {
            return Err(Failure::usage("--reason is empty: say why, it is kept in the audit"));
        }
        session.connection.task(&self.run, self.task.as_str(), verb, &self.reason).await
    }
}
