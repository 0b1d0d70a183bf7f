//! Servers that have nothing to do.

use crate::bank::Bank;
use crate::definitions::ONE;
use crate::processor::memory_mib;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

const CPU_PERCENT: f64 = 0.5;
const MEMORY_MIB: f64 = 40.0;

/// Processor time and memory after one small run, of all stores at the same time.
pub(crate) async fn measure(
    settings: &Settings,
    stores: &[Store],
    report: &mut Report,
) -> Result<()> {
    let time = settings.time(60_000, 10_000);
    let mut banks = Vec::new();
    for store in stores {
        let bank = Bank::open(settings, *store)?;
        bank.server.apply(ONE)?;
        let caller = bank.caller().await?;
        let mut watch = Watch::new(&caller, "T", Duration::from_millis(1)).await?;
        let run = watch.trigger("ONE").await?;
        watch.until(&run, "0", Duration::ZERO).await?;
        banks.push(bank);
    }
    let meters: Vec<_> = banks.iter().map(Bank::meter).collect::<Result<_>>()?;
    tokio::time::sleep(time).await;
    for (bank, meter) in banks.iter().zip(meters) {
        let used = meter.read()?;
        let percent = |time: Duration| time.as_secs_f64() / used.wall.as_secs_f64() * 100.0;
        let what = format!("idle for {} s, processor", time.as_secs());
        let figure =
            Figure::new(&what, percent(used.server), Unit::Percent).at_most(CPU_PERCENT).diskless();
        let figure = match bank.store {
            Store::Sqlite => figure,
            Store::Postgres => {
                figure.note(&format!("its database {:.2} %", percent(used.database)))
            }
        };
        report.add(Some(bank.store), figure);
        let memory = memory_mib(bank.server.pid(), "VmRSS")?;
        let what = format!("idle for {} s, RSS", time.as_secs());
        report.add(
            Some(bank.store),
            Figure::new(&what, memory, Unit::Mebibytes).at_most(MEMORY_MIB).diskless(),
        );
    }
    Ok(())
}
