//! What `dayend demo` understands, and how it ends whatever happens.

use super::outcome::Outcome;
use super::sample_night::report;
use super::stage::Stage;
use super::story::play;
use super::teller::Teller;
use crate::client::{Control, Failure, Voice, print};
use clap::Args;
use dayend_engine::time::MisDate;
use dayend_wire::exit::ExitCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long the tasks of an interrupted demo get to end.
const INTERRUPT_MAX: Duration = Duration::from_secs(15);

/// Plays a whole night on this machine: load, trigger, fail, repair, restart, report
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Keeps the server running afterwards, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// The business date; the built-in rates are those of the ECB's business days from 2026-01-02 to 2026-10-30
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-10-30")]
    mis_date: MisDate,
}

impl DemoArgs {
    /// Plays the night and clears up.
    pub(crate) async fn run(&self, json: bool) -> ExitCode {
        let teller = Teller { voice: Arc::new(Voice::new()), json };
        match self.play(&teller).await {
            Ok(true) => ExitCode::Success,
            Ok(false) => ExitCode::RunFailed,
            Err(failure) => {
                teller.voice.say(&format!("dayend: {failure}"));
                if json {
                    let object = json!({ "ok": false, "error": failure.sentence, "code": failure.exit.number() });
                    print(&format!("{object}\n"));
                }
                failure.exit
            }
        }
    }

    async fn play(&self, teller: &Teller) -> Result<bool, Failure> {
        // Listened for from the start: a signal at any moment must still clear up.
        let mut stopped = std::pin::pin!(stopped()?);
        let stage = tokio::select! {
            stage = Stage::set_up(teller) => stage?,
            () = &mut stopped => return Err(interrupted()),
        };
        let mut run = None;
        let played = tokio::select! {
            played = play(&stage, self.mis_date, &mut run, teller) => played,
            () = &mut stopped => Err(interrupted()),
        };
        if played.is_err() {
            end_tasks(&stage, run.as_deref()).await;
        }
        let told = match &played {
            Ok(outcome) => self.tell(outcome, &stage, teller),
            Err(_) => Ok(()),
        };
        if self.keep && played.is_ok() && told.is_ok() {
            stopped.await;
        }
        stage.clear().await?;
        told?;
        Ok(played?.is_good())
    }

    fn tell(&self, outcome: &Outcome, stage: &Stage, teller: &Teller) -> Result<(), Failure> {
        teller.tell(&format!("\n{}", outcome.table()));
        if let Some(figures) = &outcome.figures {
            let (count, currencies) = (figures.positions, figures.currencies.len());
            teller.tell(&format!(
                "TOTAL {count} positions in {currencies} currencies are worth EUR {}",
                figures.eur_value
            ));
            teller.tell(&format!(
                "the report: {} in the file exchange{}",
                figures.report,
                if self.keep { "" } else { " (removed now; --keep keeps it)" }
            ));
        }
        teller.tell(&format!("{} is {}", outcome.run.run_id, outcome.run.status));
        if self.keep {
            teller.tell(&address(stage, self.mis_date));
        }
        if teller.json {
            let mut object = outcome.json()?;
            if let (Some(map), true) = (object.as_object_mut(), self.keep) {
                map.insert("server".to_owned(), server(stage));
            }
            print(&format!("{object}\n"));
        }
        Ok(())
    }
}

/// How to go on by hand.
fn address(stage: &Stage, date: MisDate) -> String {
    let (profile, file) = (stage.connection.profile(), stage.profile());
    let password = profile.password.as_ref().map_or("", |password| password.expose_secret());
    format!(
        "\nThe server goes on until Ctrl-C, then its data directory is removed.\n  address   {}\n  user      {}\n  password  {password}\n  profile   {file}\nTry: dayend --profile {file} files get {report}",
        profile.base_url,
        profile.user.as_deref().unwrap_or_default(),
        report = report(date),
        file = file.display()
    )
}

fn server(stage: &Stage) -> Value {
    let profile = stage.connection.profile();
    let password = profile.password.as_ref().map(SecretString::expose_secret);
    json!({ "base_url": profile.base_url, "user": profile.user, "password": password, "profile": stage.profile() })
}

/// Command tasks outlive their server by design; the demo's must not.
async fn end_tasks(stage: &Stage, run: Option<&str>) {
    let Some(run) = run else { return };
    let ended = async {
        let key = uuid::Uuid::new_v4().to_string();
        if stage.connection.control(Control::Interrupt, run, &key).await.is_err() {
            return;
        }
        let mut seen = None;
        while let Ok(now) = stage.connection.next(run, seen, Duration::from_secs(1)).await {
            if now.terminal {
                return;
            }
            seen = Some(now.revision);
        }
    };
    // Whatever is still there after this ends with its own time-out.
    let _ = tokio::time::timeout(INTERRUPT_MAX, ended).await;
}

fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            Failure::new(ExitCode::Bug, format!("signals cannot be listened to: {error}"))
        })
    };
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn interrupted() -> Failure {
    Failure::new(ExitCode::RunStopped, "the demo was interrupted; everything is cleared up")
}
