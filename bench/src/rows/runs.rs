//! Many runs of one task.

use super::crowd::{crowd, warm};
use crate::bank::Bank;
use crate::load::{Take, drive};
use crate::quantile::rate;
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::Result;

const CLIENTS: usize = 16;
/// Rows that a run of one task writes until it has ended: the run, its state twice, its task twice, its history twice.
const CHANGES: f64 = 7.0;

/// From the first trigger of 16 clients until the last run has ended.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    let caller = bank.caller().await?;
    let mut watch = warm(&bank, &caller).await?;
    let clients = crowd(&caller, CLIENTS, Take::Run).await?;
    let meter = bank.meter()?;
    let mut seen = drive(clients, Some(settings.time(5000, 1500))).await?;
    let used = watch.all(&seen.told, "0", &meter).await?;
    let ended = rate(seen.count(), used.wall);
    let figure = Figure::new("one-task runs, 16 clients, ended runs/s", ended, Unit::PerSecond)
        .at_least(store.pick(6000.0, 4000.0))
        .of(ended * CHANGES, Limit::GroupedRows)
        .of(ended, Limit::Hello)
        .cost(&used, seen.count())
        .note(&format!("a trigger's p99 {:.1} ms", seen.p99_ms()));
    report.add(Some(store), figure);
    Ok(())
}
