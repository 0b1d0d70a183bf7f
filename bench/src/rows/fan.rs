//! One task, then a hundred at once, then one.

use super::series::again_and_again;
use crate::bank::Bank;
use crate::definitions::fan;
use crate::quantile::{quantile, rate};
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::Result;

const WIDTH: usize = 100;
/// Each task changes its row twice: dispatched, ended.
const CHANGES: usize = 2 * (WIDTH + 2);
const RUNS: usize = 200;
const RUNS_QUICK: usize = 40;

/// From the trigger's first byte until the end is seen.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    bank.server.apply(&fan("FAN", WIDTH))?;
    let runs = settings.count(RUNS, RUNS_QUICK);
    let mut series = again_and_again(&bank, "FAN", "LAST", runs).await?;
    let wall = quantile(&mut series.from_question, 0.5);
    let p99 = quantile(&mut series.from_question, 0.99);
    let figure = Figure::duration("fan 1 → 100 → 1, wall, median", wall, Unit::Milliseconds)
        .at_most(store.pick(6.0, 12.0))
        .of(rate(CHANGES, wall), Limit::GroupedRows)
        .cost(&series.used, runs * (WIDTH + 2))
        .note(&format!("p99 {:.1} ms; CPU a task", p99.as_secs_f64() * 1000.0));
    report.add(Some(store), figure);
    let told = series.by_record();
    let what = "fan 1 → 100 → 1, by the server's record";
    report.add(
        Some(store),
        Figure::duration(what, told, Unit::Milliseconds).note("mean of whole milliseconds"),
    );
    Ok(())
}
