//! As many triggers as 64 clients can send.

use super::crowd::{crowd, warm};
use crate::bank::Bank;
use crate::load::{Take, drive};
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::Result;

const CLIENTS: usize = 64;
/// Rows that are on disk before a trigger is answered: the run, its state, its task, its history.
const CHANGES: f64 = 4.0;

/// Accepted triggers of a batch of one task, while the runs are done as well.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    let caller = bank.caller().await?;
    warm(&bank, &caller).await?;
    let clients = crowd(&caller, CLIENTS, Take::Accepted).await?;
    let meter = bank.meter()?;
    let mut seen = drive(clients, Some(settings.time(5000, 1500))).await?;
    let used = meter.read()?;
    let figure = Figure::new("triggers accepted/s, 64 clients", seen.rate(), Unit::PerSecond)
        .at_least(store.pick(8000.0, 5000.0))
        .of(seen.rate() * CHANGES, Limit::GroupedRows)
        .of(seen.rate(), Limit::Hello)
        .cost(&used, seen.count());
    report.add(Some(store), figure);
    let p99 = Figure::new("triggers, 64 clients, p99", seen.p99_ms(), Unit::Milliseconds);
    report.add(Some(store), p99.at_most(store.pick(25.0, 40.0)));
    Ok(())
}
