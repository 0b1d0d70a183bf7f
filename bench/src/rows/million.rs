//! One run of a million tasks, each after two of the level above.

use crate::bank::Bank;
use crate::definitions::{last, lattice};
use crate::processor::memory_mib;
use crate::quantile::rate;
use crate::raw::Limit;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::{Context as _, Result};
use std::fs;
use std::time::{Duration, Instant};

const WIDTH: usize = 1000;
const DEPTH: usize = 1000;
const DEPTH_QUICK: usize = 100;
/// Of a run that takes seconds.
const PAUSE: Duration = Duration::from_millis(20);
/// More than the definition is long.
const DEFINITIONS_BYTES: &str = "[limits]\ndefinitions_bytes = 268435456\n";

/// Stores the definition, runs it, and looks at the most memory that the server ever had.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let depth = settings.count(DEPTH, DEPTH_QUICK);
    let mut bank = Bank::open(settings, store)?;
    bank.server.kill()?;
    allow_large_definitions(&bank)?;
    bank.server.start_again()?;
    let yaml = lattice("MILLION", WIDTH, depth);
    let begun = Instant::now();
    bank.server.apply(&yaml)?;
    let name = format!("run of {} tasks", if settings.quick { "100,000" } else { "1,000,000" });
    let applied = Figure::duration(&format!("{name}, apply"), begun.elapsed(), Unit::Seconds);
    report.add(Some(store), applied.note(&format!("{} MiB of YAML", yaml.len() / (1024 * 1024))));
    drop(yaml);
    run(&bank, settings, &name, report).await
}

async fn run(bank: &Bank, settings: &Settings, name: &str, report: &mut Report) -> Result<()> {
    let depth = settings.count(DEPTH, DEPTH_QUICK);
    let (tasks, task) = (WIDTH * depth, last(WIDTH, depth));
    let caller = bank.caller().await?;
    let mut watch = Watch::new(&caller, &task, PAUSE).await?;
    let meter = bank.meter()?;
    let run = watch.trigger("MILLION").await?;
    watch.until(&run, "0", Duration::ZERO).await.context("the run")?;
    let used = meter.read()?;
    let store = bank.store;
    let figure = Figure::duration(&format!("{name} (two in-edges each)"), used.wall, Unit::Seconds)
        .at_most(store.pick(15.0, 40.0))
        .only_if(!settings.quick)
        .of(rate(2 * tasks, used.wall), Limit::BulkRows)
        .cost(&used, tasks)
        .note("CPU a task");
    report.add(Some(store), figure);
    let peak = memory_mib(bank.server.pid(), "VmHWM")?;
    let what = format!("{name}, peak RSS from apply to end");
    report.add(
        Some(store),
        Figure::new(&what, peak, Unit::Mebibytes)
            .at_most(600.0)
            .diskless()
            .only_if(!settings.quick),
    );
    Ok(())
}

/// A setting that no flag has.
fn allow_large_definitions(bank: &Bank) -> Result<()> {
    let file = bank.server.data().join("dayend.toml");
    let settings = fs::read_to_string(&file)?;
    let settings = match settings.split_once("[limits]\n") {
        Some((before, after)) => format!("{before}{DEFINITIONS_BYTES}{after}"),
        None => format!("{settings}\n{DEFINITIONS_BYTES}"),
    };
    Ok(fs::write(file, settings)?)
}
