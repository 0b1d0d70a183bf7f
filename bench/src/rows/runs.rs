//! Many runs of one task.

use crate::bank::Bank;
use crate::definitions::ONE;
use crate::load::{Client, Take, drive};
use crate::quantile::rate;
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const CLIENTS: usize = 16;
/// Rows that a run of one task writes until it has ended: the run, its state twice, its task twice, its history twice.
const CHANGES: f64 = 7.0;

/// From the first trigger of 16 clients until the last run has ended.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    bank.server.apply(ONE)?;
    let caller = bank.caller().await?;
    let mut watch = Watch::new(&caller, "T", Duration::from_millis(1)).await?;
    let warm = watch.trigger("ONE").await?;
    watch.until(&warm, "0", Duration::ZERO).await?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let requests = std::iter::repeat(caller.trigger("ONE", ""));
        clients.push(Client::new(&caller, Take::Run, requests).await?);
    }
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
