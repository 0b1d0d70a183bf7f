//! Reading the state of all tasks of a large run.

use crate::bank::Bank;
use crate::definitions::grid;
use crate::load::{Client, Take, drive};
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const TASKS: usize = 1000;
const CLIENTS: usize = 16;
const P99_MS: f64 = 50.0;

/// All tasks of a run of 1,000, asked for by 16 clients: of a run that is not over yet, and of one that is.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    bank.server.apply(&grid("THOUSAND", TASKS, 1))?;
    let caller = bank.caller().await?;
    for (name, held, state) in [("live", "T999", "5"), ("ended", "", "0")] {
        let once = std::iter::once(caller.trigger("THOUSAND", held));
        let runs = drive(vec![Client::new(&caller, Take::Run, once).await?], None).await?.told;
        let run = runs.first().cloned().unwrap_or_default();
        let mut watch = Watch::new(&caller, "T0", Duration::from_millis(1)).await?;
        watch.until(&run, state, Duration::ZERO).await?;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let requests = std::iter::repeat(caller.status(&run, ""));
            clients.push(Client::new(&caller, Take::Accepted, requests).await?);
        }
        let meter = bank.meter()?;
        let mut seen = drive(clients, Some(settings.time(2000, 1000))).await?;
        let what = format!("status of 1,000 tasks, {name} run, 16 clients");
        let p99 = seen.p99_ms();
        let figure = Figure::new(&what, seen.rate(), Unit::PerSecond);
        report.add(Some(store), figure.cost(&meter.read()?, seen.count()));
        let figure = Figure::new(&format!("{what}, p99"), p99, Unit::Milliseconds);
        report.add(Some(store), figure.at_most(P99_MS).diskless());
    }
    Ok(())
}
