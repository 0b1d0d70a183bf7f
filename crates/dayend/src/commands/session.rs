//! What every client command begins and ends with.

use crate::client::{ClientOptions, Connection, Failure, Profile, Verdict, Voice, code_of};
use dayend_wire::exit::ExitCode;
use serde_json::json;
use std::sync::Arc;

/// The connection of a command, and how it is to answer.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) json: bool,
    /// The user has no profile; the server's address stands in the options.
    pub(crate) profile_is_made_of_options: bool,
}

impl Session {
    /// Prepares the connection that the options name; nothing is sent yet.
    pub(crate) fn open(options: &ClientOptions) -> Result<Self, Failure> {
        let (profile, profile_is_made_of_options) = Profile::find(options)?;
        let connection = Connection::new(profile, options.limits()?, Arc::new(Voice::new()))?;
        Ok(Self { connection, json: options.json, profile_is_made_of_options })
    }

    /// Says a line on stderr.
    pub(crate) fn say(&self, line: &str) {
        self.connection.voice().say(line);
    }
}

/// Ends a command on a run: complains if it failed, and prints the verdict.
pub(crate) fn conclude(
    run: Option<String>,
    outcome: Result<Verdict, Failure>,
    json: bool,
) -> ExitCode {
    // What is no run id is not shown as one: the last line has three words.
    let run = run.filter(|run| code_of(run).is_ok());
    let verdict = outcome.unwrap_or_else(|failure| {
        complain(&failure);
        Verdict::failed(run, &failure)
    });
    verdict.print(json);
    verdict.exit
}

/// Ends a command that is about no run.
pub(crate) fn report(outcome: Result<(), Failure>, json: bool) -> ExitCode {
    let Err(failure) = outcome else {
        return ExitCode::Success;
    };
    complain(&failure);
    if json {
        let object = json!({ "error": failure.sentence, "details": failure.details, "code": failure.exit.number() });
        crate::client::print(&format!("{object}\n"));
    }
    failure.exit
}

fn complain(failure: &Failure) {
    let voice = Voice::new();
    voice.say(&format!("dayend: {failure}"));
    for line in &failure.details {
        voice.say(&format!("  {line}"));
    }
}
