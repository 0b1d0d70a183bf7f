//! `dayend migrate-store`: everything from the file in the data directory to a database server, or back.

use super::config;
use super::database::Database;
use super::directory::Directory;
use super::failure::{Failure, FailureKind, exit_code};
use super::say::say;
use clap::Args;
use dayend_store::copy::{CopyError, Side, TableDigest, copy};
use dayend_store::port::Verified;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `--to` says for the file in the data directory.
const FILE: &str = "file";

/// Copies everything to another database, with a check that nothing changed; while no server runs
///
/// The copy is made in one transaction: when it is stopped half-way, the other database is as empty as before, and the
/// old one is untouched. The settings are not changed: the last lines say what to write into `dayend.toml`.
#[derive(Debug, Args)]
pub(crate) struct MigrateStoreArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// An empty PostgreSQL database, its URL without a password; or `file`: the file in the data directory
    #[arg(long, value_name = "URL")]
    to: String,
    /// The file with the password of that database
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
}

/// What was done.
struct Migrated {
    tables: Vec<TableDigest>,
    verified: Verified,
}

/// Runs the command; with `json` it answers with one object.
pub(crate) async fn run(args: &MigrateStoreArgs, json: bool) -> ExitCode {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    exit_code(migrate(args, json).await)
}

async fn migrate(args: &MigrateStoreArgs, json: bool) -> Result<(), Failure> {
    let directory = Directory::at(&args.data)?;
    let from = Database::of(&directory, &config::of_whole(&directory, &[])?)?;
    let to = match (args.to.as_str(), from.is_on_server()) {
        (FILE, true) => Database::in_directory(&directory),
        (FILE, false) => {
            return Err(Failure::usage(
                "--to file: the database is the file in the data directory already",
            ));
        }
        (url, _) => Database::at(&directory, url, args.to_password_file.as_deref())?,
    };
    // A file is locked with its directory, whichever side it is.
    let both_on_servers = from.is_on_server() && to.is_on_server();
    let lock = if both_on_servers { Some(from.lock_directory()?) } else { None };
    let done = between(&from, &to).await;
    drop(lock);
    let Migrated { tables, verified } = done?;
    if json {
        return say(&as_json(&tables, &verified, args).to_string());
    }
    say(&as_text(&tables, &verified, args, &directory))
}

/// Opens both sides, and closes them whatever happens.
async fn between(from: &Database, to: &Database) -> Result<Migrated, Failure> {
    let source = from.open_to_copy(true).await?;
    let done = match to.open_to_copy(false).await {
        Ok(target) => {
            let done = transfer(from, &source, to, &target).await;
            target.store().close().await;
            done
        }
        Err(failure) => Err(failure),
    };
    source.store().close().await;
    done
}

async fn transfer(
    from: &Database,
    source: &Side,
    to: &Database,
    target: &Side,
) -> Result<Migrated, Failure> {
    // Asked before the long check of the source, and again by the copy itself.
    if !target.is_empty().await.map_err(|error| to.failure(&error))? {
        return Err(not_empty());
    }
    let before = source.store().verify().await.map_err(|error| from.failure(&error))?;
    if !before.defects.is_empty() {
        return Err(defects("the database has defects, and was not copied", &before));
    }
    let tables = copy(source, target).await.map_err(|error| match error {
        CopyError::NotEmpty => not_empty(),
        CopyError::Source(error) => from.failure(&error),
        CopyError::Target(error) => to.failure(&error),
    })?;
    let verified = target.store().verify().await.map_err(|error| to.failure(&error))?;
    if verified == before {
        Ok(Migrated { tables, verified })
    } else {
        Err(defects("the copy is not intact: do not use it", &verified))
    }
}

fn not_empty() -> Failure {
    Failure::usage(
        "the database that --to names holds an installation already: create an empty one; nothing was copied",
    )
}

fn defects(what: &str, verified: &Verified) -> Failure {
    let Verified { records, runs, defects } = verified;
    let first = defects.first().map(|defect| format!(": {defect}")).unwrap_or_default();
    Failure {
        kind: FailureKind::Defects,
        sentence: format!(
            "{what}: {records} records, {runs} runs, {} defects{first} (see `dayend audit verify`)",
            defects.len()
        ),
    }
}

/// The lines of `dayend.toml` that name the new database.
fn settings(args: &MigrateStoreArgs) -> Vec<(&'static str, String)> {
    if args.to == FILE {
        return vec![("database", String::new())];
    }
    let mut settings = vec![("database", args.to.clone())];
    if let Some(path) = &args.to_password_file {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        settings.push(("database_password_file", path.display().to_string()));
    }
    settings
}

fn as_text(
    tables: &[TableDigest],
    verified: &Verified,
    args: &MigrateStoreArgs,
    directory: &Directory,
) -> String {
    let mut text = String::new();
    for table in tables {
        writeln!(text, "{:<15} {:>12} rows", table.table, table.rows)
            .expect("a String takes everything");
    }
    let Verified { records, runs, .. } = verified;
    let file = directory.settings();
    write!(
        text,
        "\nEverything is in the new database, and nothing changed: {records} records, {runs} runs: intact\n\
         No settings were changed. To serve from it, write into {}:\n\n",
        file.display()
    )
    .expect("a String takes everything");
    for (key, value) in settings(args) {
        writeln!(text, "{key} = {value:?}").expect("a String takes everything");
    }
    text.push_str(
        "\nand start the server. Do not serve from the old database any more: what it does from now on is missing in the new one.",
    );
    text
}

fn as_json(tables: &[TableDigest], verified: &Verified, args: &MigrateStoreArgs) -> Value {
    let table = |table: &TableDigest| json!({ "table": table.table, "rows": table.rows, "digest": table.hex() });
    let settings: serde_json::Map<String, Value> = settings(args)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::String(value)))
        .collect();
    json!({
        "tables": tables.iter().map(table).collect::<Vec<_>>(),
        "records": verified.records,
        "runs": verified.runs,
        "settings": settings,
    })
}
