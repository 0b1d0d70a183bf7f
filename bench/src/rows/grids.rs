//! One run of 10,000 tasks in 100 levels of 100.

use crate::bank::Bank;
use crate::definitions::{complete, grid, last};
use crate::processor::Used;
use crate::quantile::{quantile, rate};
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::{Duration, Instant};

const WIDTH: usize = 100;
const DEPTH: usize = 100;
pub(super) const TASKS: usize = WIDTH * DEPTH;
/// With a hundred times as many edges.
const FULL_S: f64 = 2.0;
const RUNS: usize = 5;
const RUNS_QUICK: usize = 3;
/// Of runs that take tenths of a second.
const PAUSE: Duration = Duration::from_millis(2);

/// Each task after the one above it: 9,900 edges.
pub(crate) async fn columns(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let (wall, used, runs) = several(settings, store, &wide()).await?;
    let figure = Figure::duration("run of 10,000 tasks (100 × 100), median", wall, Unit::Seconds)
        .at_most(store.pick(0.25, 0.5))
        .of(rate(2 * TASKS, wall), Limit::GroupedRows)
        .cost(&used, runs * TASKS)
        .note("CPU a task");
    report.add(Some(store), figure);
    Ok(())
}

/// Each task after all of the level above: 990,000 edges.
pub(crate) async fn full(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let (wall, used, runs) = several(settings, store, &complete("WIDE", WIDTH, DEPTH)).await?;
    let figure = Figure::duration("the same with 990,000 edges, median", wall, Unit::Seconds)
        .at_most(FULL_S)
        .of(rate(2 * TASKS, wall), Limit::GroupedRows)
        .cost(&used, runs * TASKS)
        .note("CPU a task");
    report.add(Some(store), figure);
    Ok(())
}

/// Each task after the one above it.
pub(super) fn wide() -> String {
    grid("WIDE", WIDTH, DEPTH)
}

/// From the trigger's first byte to the end, the middle of a few runs. The first run, for which the definition is read,
/// does not count.
pub(super) async fn several(
    settings: &Settings,
    store: Store,
    yaml: &str,
) -> Result<(Duration, Used, usize)> {
    let bank = Bank::open(settings, store)?;
    bank.server.apply(yaml)?;
    let caller = bank.caller().await?;
    let task = last(WIDTH, DEPTH);
    let mut watch = Watch::new(&caller, &task, PAUSE).await?;
    let first = watch.trigger("WIDE").await?;
    watch.until(&first, "0", Duration::ZERO).await?;
    let runs = settings.count(RUNS, RUNS_QUICK);
    let mut walls = Vec::new();
    let meter = bank.meter()?;
    for _ in 0..runs {
        let asked = Instant::now();
        let run = watch.trigger("WIDE").await?;
        watch.until(&run, "0", Duration::ZERO).await?;
        walls.push(asked.elapsed());
    }
    Ok((quantile(&mut walls, 0.5), meter.read()?, runs))
}
