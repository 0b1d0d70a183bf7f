//! Seeing the end of runs from outside, without loading the server that is measured.

use crate::caller::{Caller, accepted, text};
use crate::http::Connection;
use crate::load::{Client, Take, drive};
use crate::processor::{Meter, Used};
use anyhow::{Context as _, Result, bail, ensure};
use std::time::{Duration, Instant};

/// A run that takes longer than this is not worth measuring.
const RUN_AT_MOST: Duration = Duration::from_mins(4);
/// Clients that check afterwards that all runs have ended.
const CHECKERS: usize = 16;
/// So many of many runs are watched while the clock runs.
const WATCHED: usize = 50;

/// One task of one batch, asked for over and over.
pub(crate) struct Watch<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) connection: Connection,
    /// Keeps the answers small.
    pub(crate) task: &'a str,
    /// The pause between two questions: the end is known this precisely.
    pub(crate) pause: Duration,
}

impl<'a> Watch<'a> {
    pub(crate) async fn new(caller: &'a Caller, task: &'a str, pause: Duration) -> Result<Self> {
        Ok(Self { caller, connection: caller.connect().await?, task, pause })
    }

    /// Triggers a batch and gives the run id.
    pub(crate) async fn trigger(&mut self, batch: &str) -> Result<String> {
        let answer = self.connection.exchange(&self.caller.trigger(batch, "")).await?;
        accepted(&answer)?;
        Ok(text(&answer, "batchRunId")?.to_owned())
    }

    /// Looks until the run's state has the code `wanted`. Nothing is asked for the first `quiet`.
    pub(crate) async fn until(&mut self, run: &str, wanted: &str, quiet: Duration) -> Result<()> {
        let begun = Instant::now();
        let request = self.caller.status(run, self.task);
        // Nothing else waits for this thread, and it sleeps more precisely than a timer of the runtime.
        std::thread::sleep(quiet);
        loop {
            let answer = self.connection.exchange(&request).await?;
            accepted(&answer)?;
            match text(&answer, "batchStatusCode")? {
                code if code == wanted => return Ok(()),
                "1" | "2" => std::thread::sleep(self.pause),
                code => bail!("{run} is {code}, not {wanted}"),
            }
            ensure!(begun.elapsed() < RUN_AT_MOST, "{run} takes too long");
        }
    }

    /// Waits until all these runs have the state `wanted`, and says what was used until then. While the clock runs, some
    /// of them are watched; afterwards all are asked, and if one was not ready the clock goes on.
    pub(crate) async fn all(
        &mut self,
        runs: &[String],
        wanted: &str,
        meter: &Meter,
    ) -> Result<Used> {
        for run in runs.iter().step_by(runs.len().div_ceil(WATCHED).max(1)).chain(runs.last()) {
            self.until(run, wanted, Duration::ZERO).await?;
        }
        let mut used = meter.read()?;
        let share = runs.len().div_ceil(CHECKERS).max(1);
        let mut checkers = Vec::new();
        for runs in runs.chunks(share) {
            let (caller, task) = (self.caller.clone(), self.task.to_owned());
            let runs = runs.to_vec();
            let requests = runs.into_iter().map(move |run| caller.status(&run, &task));
            checkers.push(Client::new(self.caller, Take::State, requests).await?);
        }
        let states = drive(checkers, None).await?.told;
        ensure!(states.len() == runs.len(), "{} of {} runs were seen", states.len(), runs.len());
        for (run, _) in runs.iter().zip(states).filter(|(_, state)| state != wanted) {
            self.until(run, wanted, Duration::ZERO).await.context("after the others had ended")?;
            used = meter.read()?;
        }
        Ok(used)
    }
}
