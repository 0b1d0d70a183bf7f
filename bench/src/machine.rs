//! The machine: how busy it is, and how long a flush to its disk takes.

use crate::figures::{Figures, milliseconds, quantile, rate};
use anyhow::Result;
use rustix::fs::fdatasync;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// How long flushes are probed.
const PROBE: Duration = Duration::from_secs(1);
/// One page of a database's log.
const PAGE: [u8; 4096] = [0x5A; 4096];

/// Processors, kernel, and what else runs.
pub(crate) fn describe(figures: &mut Figures) -> Result<()> {
    let processors = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    figures.tell("processors", processors.to_string());
    figures.tell("kernel", kernel.trim().to_owned());
    figures
        .tell("load of the last minute, before", load.split(' ').next().unwrap_or("").to_owned());
    Ok(())
}

/// Writes pages to a file and flushes after each: the least that an accepted request costs.
pub(crate) fn probe_flushes(figures: &mut Figures, when: &str) -> Result<()> {
    let mut file = tempfile::tempfile()?;
    let (begun, mut flushes) = (Instant::now(), Vec::new());
    while begun.elapsed() < PROBE {
        let flush = Instant::now();
        file.write_all(&PAGE)?;
        fdatasync(&file)?;
        flushes.push(flush.elapsed());
    }
    flushes.sort();
    let told = format!(
        "{}, median {}, p99 {}",
        rate(flushes.len(), begun.elapsed()),
        milliseconds(quantile(&flushes, 0.5)),
        milliseconds(quantile(&flushes, 0.99))
    );
    figures.tell(&format!("flushes, {when}"), told);
    Ok(())
}
