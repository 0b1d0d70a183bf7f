//! `dayend interrupt`, `restart` and `rerun`.

use super::run::wait_for;
use super::session::{Session, conclude};
use crate::client::{Control, FollowArgs, Owner, Verdict};
use clap::Args;
use dayend_wire::exit::ExitCode;

/// The run that a verb is for.
#[derive(Debug, Args)]
pub(crate) struct ControlArgs {
    /// The run id
    run: String,
    /// The idempotency key: repeating the command with it changes nothing [default: a new one]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// The run that a verb is for, and whether to wait afterwards.
#[derive(Debug, Args)]
pub(crate) struct ControlWaitArgs {
    #[command(flatten)]
    control: ControlArgs,
    /// Waits for the end of the run; the exit code tells how it ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    follow: FollowArgs,
}

impl ControlArgs {
    /// Interrupts the run.
    pub(crate) async fn interrupt(&self, session: &Session) -> ExitCode {
        let outcome = self.send(session, Control::Interrupt).await.map(Verdict::accepted);
        conclude(Some(self.run.clone()), outcome, session.json)
    }

    async fn send(
        &self,
        session: &Session,
        verb: Control,
    ) -> Result<String, crate::client::Failure> {
        let key = self.key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        session.connection.control(verb, &self.run, &key).await
    }
}

impl ControlWaitArgs {
    /// Restarts or reruns the run.
    pub(crate) async fn run(&self, session: &Session, verb: Control) -> ExitCode {
        if let (false, Err(failure)) = (self.wait, self.follow.without_wait()) {
            return conclude(Some(self.control.run.clone()), Err(failure), session.json);
        }
        let run = match self.control.send(session, verb).await {
            Ok(run) => run,
            Err(failure) => {
                return conclude(Some(self.control.run.clone()), Err(failure), session.json);
            }
        };
        if !self.wait {
            return conclude(None, Ok(Verdict::accepted(run)), session.json);
        }
        session.say(&format!("run {run}"));
        let outcome = wait_for(session, &run, &self.follow, Owner::Caller).await;
        conclude(Some(run), outcome, session.json)
    }
}
