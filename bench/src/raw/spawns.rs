//! How fast processes can be started.

use crate::quantile::rate;
use anyhow::{Context as _, Result, ensure};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Processes that are started and waited for at a time.
const AT_ONCE: usize = 8;

/// `/bin/true`, started and waited for: so many a second.
pub(crate) fn spawns(time: Duration) -> Result<f64> {
    let begun = Instant::now();
    let starters: Vec<_> =
        (0..AT_ONCE).map(|_| thread::spawn(move || starter(begun, time))).collect();
    let mut count = 0;
    for starter in starters {
        count += starter.join().ok().context("a starter panicked")??;
    }
    Ok(rate(count, begun.elapsed()))
}

fn starter(begun: Instant, time: Duration) -> Result<usize> {
    let mut count = 0;
    while begun.elapsed() < time {
        let mut command = Command::new("/bin/true");
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "/bin/true: {status}");
        count += 1;
    }
    Ok(count)
}
