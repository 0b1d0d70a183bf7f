//! `dayend admin keys list|rotate|retire|encrypt|decrypt|rewrap`: while a server runs, too; it looks at its keys every
//! other second.

use super::super::config;
use super::super::directory::Directory;
use super::super::failure::{Failure, FailureKind};
use super::super::master_key::{keys_of, master_key};
use super::super::offline::{Offline, actor};
use super::super::settings::Settings;
use super::answer::Answer;
use clap::{Args, Subcommand};
use dayend_engine::time::Timestamp;
use dayend_identity::keys::{KeyChangeError, KeyDirectory, KeyError, KeyView};
use dayend_service::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    verb: KeysVerb,
}

#[derive(Debug, Subcommand)]
enum KeysVerb {
    /// Shows which key signs, which verify, and until when
    List(DirectoryArgs),
    /// Makes another key, publishes it, and lets it sign after a while
    Rotate(RotateArgs),
    /// Says until when a replaced key verifies, or ends that at once
    Retire(RetireArgs),
    /// Encrypts the key files in place with the configured master key
    Encrypt(DirectoryArgs),
    /// Decrypts the key files in place
    Decrypt(DirectoryArgs),
    /// Encrypts the key files with another master key; configure that one then
    Rewrap(RewrapArgs),
}

#[derive(Debug, Args)]
struct DirectoryArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct RotateArgs {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// After how many seconds the new key signs: longer than programs keep the published keys
    #[arg(long = "in", value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(0..=2_592_000))]
    lead_s: u64,
    /// The new key signs at once
    #[arg(long, conflicts_with = "lead_s")]
    now: bool,
}

#[derive(Debug, Args)]
struct RetireArgs {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// The key's name, as `list` shows it
    kid: String,
    /// At once: every token that the key signed is refused from now on
    #[arg(long)]
    now: bool,
}

#[derive(Debug, Args)]
struct RewrapArgs {
    #[command(flatten)]
    directory: DirectoryArgs,
    /// The file with the other master key
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

pub(super) async fn run(args: &KeysArgs) -> Result<Answer, Failure> {
    match &args.verb {
        KeysVerb::List(args) => list(args),
        KeysVerb::Rotate(args) => rotate(args).await,
        KeysVerb::Retire(args) => retire(args).await,
        KeysVerb::Encrypt(args) => {
            let (keys, _) = args.open()?;
            keys.encrypt(&actor(), now())?;
            done(&args.data, "encrypted").await
        }
        KeysVerb::Decrypt(args) => {
            let (keys, _) = args.open()?;
            keys.decrypt(&actor(), now())?;
            // With the master key still configured nothing can be opened now, not even for the audit.
            Ok(said("decrypted").line("take the master key out of the settings now"))
        }
        KeysVerb::Rewrap(args) => rewrap(args),
    }
}

fn list(args: &DirectoryArgs) -> Result<Answer, Failure> {
    let (keys, _) = args.open()?;
    let views = keys.list(now()).map_err(KeyChangeError::from)?;
    let mut answer = views.iter().fold(Answer::new(), |answer, key| answer.line(line(key)));
    let encrypted = keys.has_master();
    answer = answer.line(if encrypted {
        "the key files are encrypted"
    } else {
        "the key files are not encrypted"
    });
    let rows = views.iter().map(row).collect::<Vec<_>>();
    Ok(answer.value("keys", Value::Array(rows)).value("encrypted", encrypted))
}

async fn rotate(args: &RotateArgs) -> Result<Answer, Failure> {
    let (keys, settings) = args.directory.open()?;
    let now = now();
    let lead_s = if args.now { 0 } else { args.lead_s };
    let signs_from = now.plus_ms(lead_s.saturating_mul(1000));
    let rotation = keys.rotate(&actor(), (now, signs_from), settings.max_access_token_s)?;
    put_down(&args.directory.data).await?;
    let (from, until) = (shown(rotation.signs_from), shown(rotation.old_until));
    Ok(Answer::new()
        .line(format!("{} is published now and signs from {from}", rotation.kid))
        .line(format!("the keys before it verify until {until}; `retire --now` ends one at once"))
        .value("kid", rotation.kid)
        .value("signs_from", from)
        .value("old_keys_verify_until", until))
}

async fn retire(args: &RetireArgs) -> Result<Answer, Failure> {
    let (keys, _) = args.directory.open()?;
    let until = keys.retire(&actor(), &args.kid, now(), args.now)?;
    if args.now {
        put_down(&args.directory.data).await?;
    }
    let until = shown(until);
    let line = if args.now {
        format!(
            "{} verifies nothing from now on; a running server knows within 2 seconds",
            args.kid
        )
    } else {
        format!("{} verifies until {until}, when its last token has expired", args.kid)
    };
    Ok(Answer::new().line(line).value("kid", args.kid.as_str()).value("verifies_until", until))
}

fn rewrap(args: &RewrapArgs) -> Result<Answer, Failure> {
    let (keys, _) = args.directory.open()?;
    keys.rewrap(&actor(), master_key(&args.to)?, now())?;
    let line = format!(
        "name {} in `identity.master_key_file` now, and start the server again",
        args.to.display()
    );
    Ok(said("encrypted with the other master key").line(line))
}

async fn done(data: &Path, what: &str) -> Result<Answer, Failure> {
    put_down(data).await?;
    Ok(said(what))
}

fn said(what: &str) -> Answer {
    Answer::new().line(format!("the key files are {what}")).value("done", what)
}

/// Puts what was done into the audit at once, unless a server runs: that one does it itself.
async fn put_down(data: &Path) -> Result<(), Failure> {
    match Offline::open(data).await {
        Ok(offline) => {
            offline.identity.refresh_keys(offline.now()).await;
            offline.close_with(Ok(())).await
        }
        Err(failure) if failure.kind == FailureKind::InUse => Ok(()),
        Err(failure) => Err(failure),
    }
}

impl DirectoryArgs {
    /// The keys, and the settings, of a data directory that a server may be using.
    fn open(&self) -> Result<(KeyDirectory, Settings), Failure> {
        let directory = Directory::at(&self.data)?;
        let settings = config::of_whole(&directory, &[])?;
        Ok((keys_of(&directory, &settings)?, settings))
    }
}

fn line(key: &KeyView) -> String {
    let from = key.signs_from.map_or_else(|| "the beginning".to_owned(), shown);
    let until = key.verifies_until.map_or_else(|| "it is replaced".to_owned(), shown);
    format!("{}\t{}\tsigns from {from}\tverifies until {until}", key.kid, key.state.as_str())
}

fn row(key: &KeyView) -> Value {
    json!({
        "kid": key.kid,
        "state": key.state.as_str(),
        "signs_from": key.signs_from.map(shown),
        "verifies_until": key.verifies_until.map(shown),
    })
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// As people and programs read times, in UTC.
fn shown(at: Timestamp) -> String {
    let whole_s = at.0.div_euclid(1_000_000);
    jiff::Timestamp::from_second(whole_s)
        .map_or_else(|_| "for ever".to_owned(), |at| at.to_string())
}

impl From<KeyChangeError> for Failure {
    fn from(error: KeyChangeError) -> Self {
        let kind = match &error {
            KeyChangeError::Unknown(_) => FailureKind::NotFound,
            KeyChangeError::NextExists(_) | KeyChangeError::InUse(_) => FailureKind::InUse,
            KeyChangeError::NoMasterKey
            | KeyChangeError::Keys(
                KeyError::Encrypted { .. }
                | KeyError::NotEncrypted { .. }
                | KeyError::WrongMasterKey { .. }
                | KeyError::BadMasterKey(_),
            ) => FailureKind::Usage,
            KeyChangeError::Keys(
                KeyError::Exists { .. }
                | KeyError::ReadableByOthers { .. }
                | KeyError::DirectoryOpenToOthers { .. }
                | KeyError::Io { .. }
                | KeyError::Invalid { .. },
            )
            | KeyChangeError::NotMade(_) => FailureKind::CannotServe,
        };
        Self { kind, sentence: error.to_string() }
    }
}
