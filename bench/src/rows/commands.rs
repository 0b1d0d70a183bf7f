//! Tasks that start a program.

use crate::bank::Bank;
use crate::definitions::Draft;
use crate::quantile::rate;
use crate::raw::spawns;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const TASKS: usize = 2000;
const TASKS_QUICK: usize = 400;
const TARGET: f64 = 500.0;
/// A run before the one that counts.
const WARM: usize = 50;

/// One run of many tasks that start `/bin/true`, each under its shim, all of them ready at once.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let raw = spawns(settings.time(1000, 400))?;
    let bank = Bank::open(settings, store)?;
    let tasks = settings.count(TASKS, TASKS_QUICK);
    bank.server.apply(&commands("WARM", WARM))?;
    bank.server.apply(&commands("MANY", tasks))?;
    let caller = bank.caller().await?;
    let mut watch = Watch::new(&caller, "T0", Duration::from_millis(10)).await?;
    let warm = watch.trigger("WARM").await?;
    watch.until(&warm, "0", Duration::ZERO).await?;
    let meter = bank.meter()?;
    let run = watch.trigger("MANY").await?;
    watch.until(&run, "0", Duration::ZERO).await?;
    let used = meter.read()?;
    let each = rate(tasks, used.wall);
    let figure =
        Figure::new("command tasks (/bin/true under its shim), tasks/s", each, Unit::PerSecond)
            .at_least(TARGET)
            .beside(each, raw, "spawns of /bin/true")
            .cost(&used, tasks)
            .note(&format!("{raw:.0} spawns/s without a shim"));
    report.add(Some(store), figure);
    Ok(())
}

fn commands(code: &str, tasks: usize) -> String {
    let mut draft = Draft::new(code);
    for task in 0..tasks {
        draft.task(&format!("T{task}"), "command: {argv: [/bin/true]}", "");
    }
    draft.yaml()
}
