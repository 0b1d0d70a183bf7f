//! What is measured: times, and what a process holds.

use rustix::process::Pid;
use std::fs;
use std::time::{Duration, Instant};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Whether the storms are as long as they should be withstood.
pub(crate) fn is_long() -> bool {
    std::env::var("DAYEND_OVERLOAD").is_ok_and(|form| form == "long")
}

/// One of two, by the form that was asked for.
pub(crate) fn by_form<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// The answer that so many in a thousand are not slower than.
pub(crate) fn per_mille(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    times[((times.len() * share) / 1000).min(times.len() - 1)]
}

/// Ticks at a rate, whatever becomes of what each of them begins.
pub(crate) fn ticks(per_s: u32) -> Interval {
    let mut ticks = interval(Duration::from_secs(1) / per_s);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) files: usize,
    pub(crate) threads: u64,
    pub(crate) memory_kib: u64,
}

impl Held {
    pub(crate) fn by(pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        Self { files, threads: number("Threads:"), memory_kib: number("VmRSS:") }
    }
}

/// The processor time that a process has used.
pub(crate) fn processor_time(pid: Pid) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Looks again and again until it is so, or fails with what was seen last.
pub(crate) async fn soon<T: std::fmt::Debug>(
    within: Duration,
    mut look: impl FnMut() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    let (began, mut again) = (Instant::now(), ticks(20));
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(began.elapsed() < within, "still {seen:?} after {within:?}");
        again.tick().await;
    }
}
