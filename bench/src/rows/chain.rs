//! Ten tasks, one after the other.

use super::series::again_and_again;
use crate::bank::Bank;
use crate::definitions::{chain, last};
use crate::quantile::{quantile, rate};
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::Result;

const LENGTH: u32 = 10;
const RUNS: usize = 300;
const RUNS_QUICK: usize = 60;

/// A transition is a task's end and its successor's start, in one commit. Between the answer to the trigger (the first
/// task is dispatched and on disk) and the end of the run there are as many as tasks.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    let length = LENGTH as usize;
    bank.server.apply(&chain("CHAIN", length))?;
    let runs = settings.count(RUNS, RUNS_QUICK);
    let mut series = again_and_again(&bank, "CHAIN", &last(1, length), runs).await?;
    let each = quantile(&mut series.from_answer, 0.5) / LENGTH;
    let figure =
        Figure::duration("chain of 10, time per transition, median", each, Unit::Milliseconds)
            .at_most(store.pick(0.5, 1.0))
            .of(rate(1, each), Limit::LoneCommits)
            .of(rate(1, each), Limit::Flushes)
            .cost(&series.used, runs * length);
    report.add(Some(store), figure);
    let told = series.by_record() / LENGTH;
    let what = "chain of 10, time per transition, by the server's record";
    report.add(
        Some(store),
        Figure::duration(what, told, Unit::Milliseconds).note("mean of whole milliseconds"),
    );
    Ok(())
}
