//! What `dayend sample` understands.

use super::files::Night;
use super::{ledger, positions, rates, repair, report, witness};
use crate::client::{Voice, print};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use dayend_engine::time::MisDate;
use std::path::PathBuf;
use std::process::ExitCode;

/// The programs of the sample night; the server runs them as command tasks.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    #[command(subcommand)]
    program: Program,
}

#[derive(Debug, Subcommand)]
enum Program {
    /// Picks the day's row from the rate history
    FetchRates(Delivery),
    /// Checks that every currency of the night is quoted
    CheckRates(Place),
    /// Loads the rates into the ledger
    LoadRates(Place),
    /// Puts the position file in its place
    ReceivePositions(Delivery),
    /// Checks every row of the position file
    ValidatePositions(Place),
    /// Loads the positions into the ledger
    LoadPositions(Place),
    /// Writes the report
    Report(Departure),
    /// Corrects the mistyped amounts in the position file
    Repair(Place),
}

/// Where the night's files are, and for which day.
#[derive(Debug, Args)]
struct Place {
    /// The server's work directory (`work` in its data directory)
    #[arg(long, value_name = "DIR", env = "DAYEND_WORK", hide_env_values = true)]
    work: PathBuf,
    /// The business date
    #[arg(long, value_name = "YYYY-MM-DD")]
    mis_date: MisDate,
}

#[derive(Debug, Args)]
struct Delivery {
    #[command(flatten)]
    place: Place,
    /// The directory with ecb-rates.csv or positions.csv
    #[arg(long, value_name = "DIR")]
    input: PathBuf,
}

#[derive(Debug, Args)]
struct Departure {
    #[command(flatten)]
    place: Place,
    /// A directory that gets copies of the report
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

impl Place {
    fn night(&self) -> Night {
        Night::new(&self.work, self.mis_date)
    }
}

/// Runs one program. What it says last stands on a line of its own: that line becomes the task's message.
pub(crate) fn main(args: &SampleArgs) -> ExitCode {
    match run(args) {
        Ok(said) => {
            print(&format!("{said}\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            Voice::new().say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &SampleArgs) -> Result<String> {
    let (Program::FetchRates(Delivery { place, .. })
    | Program::ReceivePositions(Delivery { place, .. })
    | Program::CheckRates(place)
    | Program::LoadRates(place)
    | Program::ValidatePositions(place)
    | Program::LoadPositions(place)
    | Program::Report(Departure { place, .. })
    | Program::Repair(place)) = &args.program;
    let night = place.night();
    witness::sign(&night)?;
    match &args.program {
        Program::FetchRates(delivery) => rates::fetch(&night, &delivery.input),
        Program::CheckRates(_) => rates::check(&night),
        Program::LoadRates(_) => wait_for(ledger::load_rates(&night)),
        Program::ReceivePositions(delivery) => positions::receive(&night, &delivery.input),
        Program::ValidatePositions(_) => positions::validate(&night),
        Program::LoadPositions(_) => wait_for(ledger::load_positions(&night)),
        Program::Report(departure) => wait_for(report::write(&night, &departure.output)),
        Program::Repair(_) => repair::repair(&place.work, place.mis_date),
    }
}

fn wait_for(work: impl Future<Output = Result<String>>) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the asynchronous runtime could not be started")?.block_on(work)
}
