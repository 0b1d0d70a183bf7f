//! Ten thousand runs of a hundred tasks, all live at once.

use super::grids;
use super::series::again_and_again;
use crate::bank::Bank;
use crate::definitions::{Draft, grid, last};
use crate::load::{Client, Take, drive, share};
use crate::quantile::rate;
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const RUNS: usize = 10_000;
const RUNS_QUICK: usize = 1000;
const ALONE: usize = 100;
const ALONE_QUICK: usize = 30;
const WIDTH: usize = 10;
const DEPTH: usize = 10;
const TASKS: usize = WIDTH * DEPTH;
const CLIENTS: usize = 64;
/// A task among all of them may cost so much more than one of a single run.
const FACTOR: f64 = 1.3;

/// The processor time of a task when ten thousand runs go on at once, against that of a task of one run of 10,000. The
/// runs wait at a held task until all of them are there. What a task of one such run costs when it goes on alone is told.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let (_, one, runs) = grids::several(settings, store, &grids::wide()).await?;
    let one_s = one.processor_s() / count(runs * grids::TASKS);
    let bank = Bank::open(settings, store)?;
    bank.server.apply(&grid("ALONE", WIDTH, DEPTH))?;
    let runs = settings.count(ALONE, ALONE_QUICK);
    let alone = again_and_again(&bank, "ALONE", &last(WIDTH, DEPTH), runs).await?;
    let alone_s = alone.used.processor_s() / count(runs * TASKS);
    let what = "one live run of 100 tasks, CPU a task against one run of 10,000";
    let figure = Figure::new(what, alone_s / one_s, Unit::Times);
    report.add(Some(store), figure.cost(&alone.used, runs * TASKS));
    bank.server.apply(&gated())?;
    together(&bank, settings.count(RUNS, RUNS_QUICK), one_s, report).await
}

async fn together(bank: &Bank, many: usize, one_s: f64, report: &mut Report) -> Result<()> {
    let caller = bank.caller().await?;
    let mut triggering = Vec::new();
    for client in 0..CLIENTS {
        let requests =
            std::iter::repeat_n(caller.trigger("GATED", "GATE"), share(many, CLIENTS, client));
        triggering.push(Client::new(&caller, Take::Run, requests).await?);
    }
    let runs = drive(triggering, None).await?.told;
    let mut releasing = Vec::new();
    for runs in runs.chunks(many.div_ceil(CLIENTS)) {
        let (caller, runs) = (caller.clone(), runs.to_vec());
        let door = caller.clone();
        let requests = runs.into_iter().map(move |run| caller.release(&run, "GATE"));
        releasing.push(Client::new(&door, Take::Ok, requests).await?);
    }
    let last = last(WIDTH, DEPTH);
    let meter = bank.meter()?;
    drive(releasing, None).await?;
    // Not before: a connection that says nothing for long is closed.
    let mut watch = Watch::new(&caller, &last, Duration::from_millis(20)).await?;
    let used = watch.all(&runs, "0", &meter).await?;
    let tasks = many * TASKS;
    let each_s = used.processor_s() / count(tasks);
    let (store, wall) = (bank.store, used.wall);
    let what =
        format!("{many} live runs of 100 tasks at once, CPU a task against one run of 10,000");
    let figure = Figure::new(&what, each_s / one_s, Unit::Times)
        .at_most(FACTOR)
        .of(rate(2 * tasks, wall), Limit::GroupedRows)
        .cost(&used, tasks)
        .note(&format!("{:.0} tasks/s", rate(tasks, wall)));
    report.add(Some(store), figure);
    Ok(())
}

/// The same grid behind a task that can be held.
fn gated() -> String {
    let mut draft = Draft::new("GATED");
    draft.noop("GATE", &[]);
    for task in 0..TASKS {
        let above = task.checked_sub(WIDTH).map_or("GATE".to_owned(), |above| format!("T{above}"));
        draft.noop(&format!("T{task}"), &[above]);
    }
    draft.yaml()
}

fn count(tasks: usize) -> f64 {
    rate(tasks, Duration::from_secs(1))
}
