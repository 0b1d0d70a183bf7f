//! A server that has nothing to do.

use crate::caller::Caller;
use crate::figures::Figures;
use crate::server::Server;
use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// How long it is watched.
const WATCH: Duration = Duration::from_secs(20);
const CPU_TARGET_PERCENT: f64 = 1.0;
const MEMORY_TARGET_MIB: f64 = 60.0;

/// Processor time and memory after one small run.
pub(crate) async fn measure(server: &Server, figures: &mut Figures) -> Result<()> {
    server
        .apply("apiVersion: dayend/v1\nkind: Batch\ncode: ONE\ntasks: [{ code: T, noop: {} }]\n")?;
    let caller = Caller::new(server).await?;
    let run = caller.trigger("ONE").await?;
    caller.ended(&run, "T").await?;
    drop(caller);
    let before = ticks(server.pid())?;
    tokio::time::sleep(WATCH).await;
    let used = ticks(server.pid())? - before;
    let percent = used / f64::from(ticks_a_second()) / WATCH.as_secs_f64() * 100.0;
    figures.at_most("idle: processor", percent, CPU_TARGET_PERCENT, "%");
    figures.at_most("idle: memory (RSS)", resident_mib(server.pid())?, MEMORY_TARGET_MIB, "MiB");
    Ok(())
}

/// User and system time of the process so far.
fn ticks(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold blanks; the fields after it are counted from 3.
    let (_, fields) = stat.rsplit_once(')').context("a stat line has a name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |number: usize| -> Result<f64> {
        Ok(fields.get(number - 3).context("a stat line has 52 fields")?.parse()?)
    };
    Ok(field(14)? + field(15)?)
}

fn ticks_a_second() -> u32 {
    u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)
}

fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 =
        line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?.parse()?;
    Ok(kib / 1024.0)
}
