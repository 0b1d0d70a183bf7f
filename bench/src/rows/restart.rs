//! A server that is killed with much to do, and the next one.

use crate::bank::Bank;
use crate::caller::Caller;
use crate::definitions::Draft;
use crate::load::{Client, Take, drive, share};
use crate::quantile::quantile;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

const RUNS: usize = 1000;
const RUNS_QUICK: usize = 100;
/// Tasks of each run that have ended, and as many that have not.
const TASKS: usize = 100;
const CLIENTS: usize = 16;
const KILLS: usize = 5;
const KILLS_QUICK: usize = 3;

/// A thousand runs of 200 tasks: half of the tasks have ended, the others wait for one that is held. Measured is the
/// time from the start of the process until `GET /ready` is answered over HTTPS.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let mut bank = Bank::open(settings, store)?;
    let empty = median(&mut bank, settings).await?;
    bank.server.apply(&half_done())?;
    let runs = live_runs(&bank, settings.count(RUNS, RUNS_QUICK)).await?;
    let full = median(&mut bank, settings).await?;
    check(&bank, &runs).await?;
    let what = format!("kill -9, start, ready with {} live tasks, median", runs.len() * TASKS);
    let figure = Figure::duration(&what, full, Unit::Seconds)
        .at_most(store.pick(1.0, 2.0))
        .only_if(!settings.quick)
        .beside(1.0 / full.as_secs_f64(), 1.0 / empty.as_secs_f64(), "a start with no runs")
        .note(&format!("as many ended tasks in live runs; {:.3} s with none", empty.as_secs_f64()));
    report.add(Some(store), figure);
    Ok(())
}

async fn median(bank: &mut Bank, settings: &Settings) -> Result<Duration> {
    let mut taken = Vec::new();
    for _ in 0..settings.count(KILLS, KILLS_QUICK) {
        bank.server.kill()?;
        let begun = Instant::now();
        bank.server.start_again()?;
        let door = bank.door()?;
        let ready = format!("GET /ready HTTP/1.1\r\nhost: {}\r\n\r\n", door.authority);
        let mut connection = door.connect().await?;
        let status = connection.exchange(ready.as_bytes()).await?.status;
        taken.push(begun.elapsed());
        ensure!(status == 200, "/ready was answered with {status}");
    }
    Ok(quantile(&mut taken, 0.5))
}

async fn live_runs(bank: &Bank, count: usize) -> Result<Vec<String>> {
    let caller = bank.caller().await?;
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let share = share(count, CLIENTS, client);
        let requests = std::iter::repeat_n(caller.trigger("HALF", "GATE"), share);
        clients.push(Client::new(&caller, Take::Run, requests).await?);
    }
    let runs = drive(clients, None).await?.told;
    held(bank, &caller, &runs).await?;
    Ok(runs)
}

async fn check(bank: &Bank, runs: &[String]) -> Result<()> {
    held(bank, &bank.caller().await?, runs).await
}

/// Waits until all that can run has ended.
async fn held(bank: &Bank, caller: &Caller, runs: &[String]) -> Result<()> {
    let mut watch = Watch::new(caller, "GATE", Duration::from_millis(20)).await?;
    watch.all(runs, "5", &bank.meter()?).await.map(drop)
}

fn half_done() -> String {
    let mut draft = Draft::new("HALF");
    for task in 0..TASKS {
        draft.noop(&format!("DONE{task}"), &[]);
    }
    draft.noop("GATE", &[]);
    for task in 1..TASKS {
        draft.noop(&format!("LEFT{task}"), &["GATE".to_owned()]);
    }
    draft.yaml()
}
