//! What the figures were measured on.

use anyhow::Result;
use std::fs;

/// Processors, memory, kernel, and how busy the machine was, in one line.
pub(super) fn describe() -> Result<String> {
    let processors = std::thread::available_parallelism()?;
    let information = fs::read_to_string("/proc/cpuinfo")?;
    let model = information.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("", |model| model.trim_start_matches([':', ' ', '\t']));
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib: u64 = memory.split_whitespace().nth(1).unwrap_or("0").parse()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{processors} processors ({model}), {} MiB, kernel {}, load {}",
        kib / 1024,
        kernel.trim(),
        load()?
    ))
}

/// Of the last minute, the last five and the last fifteen.
pub(super) fn load() -> Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
