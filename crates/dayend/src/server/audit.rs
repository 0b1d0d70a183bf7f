//! `dayend audit verify`: whether the records and the states of a data directory are whole.

use super::config;
use super::database::Database;
use super::directory::Directory;
use super::failure::{Failure, FailureKind, exit_code};
use super::say::say;
use clap::{Args, Subcommand};
use dayend_store::port::Verified;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// The audit
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    verb: AuditVerb,
}

#[derive(Debug, Subcommand)]
enum AuditVerb {
    /// Checks the database, the chain of records, and that they explain every run; with the file in the data directory, while no server runs
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
}

/// Runs the command; with `json` it answers with one object.
pub(crate) async fn run(args: &AuditArgs, json: bool) -> ExitCode {
    let AuditVerb::Verify(args) = &args.verb;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    exit_code(verify(args, json).await)
}

async fn verify(args: &VerifyArgs, json: bool) -> Result<(), Failure> {
    let directory = Directory::at(&args.data)?;
    let database = Database::of(&directory, &config::of_whole(&directory, &[])?)?;
    let store = database.open_read_only().await?;
    let verified = store.verify().await;
    store.close().await;
    let verified = verified.map_err(|error| database.failure(&error))?;
    let judged = judge(&verified);
    if json {
        let Verified { records, runs, defects } = verified;
        say(&json!({ "records": records, "runs": runs, "defects": defects }).to_string())?;
        return judged.map(|_| ());
    }
    for defect in &verified.defects {
        say(defect)?;
    }
    judged.and_then(|sentence| say(&sentence))
}

fn judge(verified: &Verified) -> Result<String, Failure> {
    let Verified { records, runs, defects } = verified;
    if *records == 0 {
        return Err(Failure {
            kind: FailureKind::Defects,
            sentence: "the database holds no records, but `dayend init` writes the first ones: restore a backup"
                .to_owned(),
        });
    }
    if defects.is_empty() {
        return Ok(format!("{records} records, {runs} runs: intact"));
    }
    let count = match defects.len() {
        1 => "1 defect".to_owned(),
        many => format!("{many} defects"),
    };
    Err(Failure {
        kind: FailureKind::Defects,
        sentence: format!("{records} records, {runs} runs: {count}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_are_a_failure_with_an_exit_code_of_their_own() {
        let mut verified = Verified { records: 7, runs: 2, defects: Vec::new() };
        assert_eq!(judge(&verified).unwrap(), "7 records, 2 runs: intact");
        let emptied = Verified { records: 0, ..verified.clone() };
        assert_eq!(judge(&emptied).unwrap_err().kind, FailureKind::Defects);
        verified.defects.push("record 3 does not follow record 2".to_owned());
        let failure = judge(&verified).unwrap_err();
        assert_eq!(
            (failure.sentence.as_str(), failure.kind.exit_code()),
            ("7 records, 2 runs: 1 defect", 1)
        );
    }
}
