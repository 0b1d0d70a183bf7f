//! Reading the state of small runs, as fast as 64 clients can ask.

use crate::bank::Bank;
use crate::caller::Caller;
use crate::definitions::ONE;
use crate::load::{Client, Seen, Take, drive};
use crate::processor::Used;
use crate::raw::{Limit, hello};
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const CLIENTS: usize = 64;
const RATE: f64 = 40_000.0;
const P99_MS: f64 = 5.0;

/// Runs of one task that are live (the task is held), and runs that have ended; then the same without TLS.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let time = settings.time(3000, 1000);
    let bank = Bank::open(settings, store)?;
    bank.server.apply(ONE)?;
    let caller = bank.caller().await?;
    let meter = bank.meter()?;
    let nothing = hello(&bank, time).await?;
    let figure = Figure::new("hello over TLS, 64 clients", nothing.rate(), Unit::PerSecond);
    report.add(Some(store), figure.cost(&meter.read()?, nothing.count()));
    for (name, held, state) in [("live", "T", "5"), ("ended", "", "0")] {
        let runs = runs(&bank, &caller, held, state).await?;
        let (seen, used) = read(&bank, &caller, &runs, time).await?;
        let what = format!("status calls/s of {name} one-task runs, 64 clients");
        add(report, store, &what, seen, &used);
    }
    drop(bank);
    plain(settings, store, time, report).await
}

fn add(report: &mut Report, store: Store, what: &str, mut seen: Seen, used: &Used) {
    let figure = Figure::new(what, seen.rate(), Unit::PerSecond)
        .at_least(RATE)
        .of(seen.rate(), Limit::Hello)
        .cost(used, seen.count());
    report.add(Some(store), figure.diskless());
    let p99 = Figure::new(&format!("{what}, p99"), seen.p99_ms(), Unit::Milliseconds);
    report.add(Some(store), p99.at_most(P99_MS).diskless());
}

async fn plain(
    settings: &Settings,
    store: Store,
    time: Duration,
    report: &mut Report,
) -> Result<()> {
    let bank = Bank::open_with(settings, store, &["--plain-http"])?;
    bank.server.apply(ONE)?;
    let caller = bank.caller().await?;
    let meter = bank.meter()?;
    let hello = hello(&bank, time).await?;
    let figure = Figure::new("hello over plain HTTP, 64 clients", hello.rate(), Unit::PerSecond);
    report.add(Some(store), figure.cost(&meter.read()?, hello.count()));
    let runs = runs(&bank, &caller, "T", "5").await?;
    let (seen, used) = read(&bank, &caller, &runs, time).await?;
    let figure =
        Figure::new("status calls/s of live runs over plain HTTP", seen.rate(), Unit::PerSecond)
            .beside(seen.rate(), hello.rate(), "hello over plain HTTP")
            .cost(&used, seen.count());
    report.add(Some(store), figure);
    Ok(())
}

/// One run for each client, in the state that has this code.
async fn runs(bank: &Bank, caller: &Caller, held: &str, state: &str) -> Result<Vec<String>> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let once = std::iter::once(caller.trigger("ONE", held));
        clients.push(Client::new(caller, Take::Run, once).await?);
    }
    let runs = drive(clients, None).await?.told;
    let mut watch = Watch::new(caller, "", Duration::from_millis(1)).await?;
    watch.all(&runs, state, &bank.meter()?).await?;
    Ok(runs)
}

/// Each client asks for its own run.
async fn read(
    bank: &Bank,
    caller: &Caller,
    runs: &[String],
    time: Duration,
) -> Result<(Seen, Used)> {
    let mut clients = Vec::new();
    for run in runs {
        let requests = std::iter::repeat(caller.status(run, ""));
        clients.push(Client::new(caller, Take::Accepted, requests).await?);
    }
    let meter = bank.meter()?;
    let seen = drive(clients, Some(time)).await?;
    let used = meter.read()?;
    Ok((seen, used))
}
