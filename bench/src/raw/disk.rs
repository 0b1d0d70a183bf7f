//! How often the disk can be made to keep something.

use crate::quantile::rate;
use anyhow::Result;
use rustix::fs::fdatasync;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// One page of a database's log.
const PAGE: [u8; 4096] = [0x5A; 4096];

/// Appends pages to a file and flushes after each: so many a second.
pub(super) fn flushes(time: Duration) -> Result<f64> {
    let mut file = tempfile::tempfile()?;
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < time {
        file.write_all(&PAGE)?;
        fdatasync(&file)?;
        count += 1;
    }
    Ok(rate(count, begun.elapsed()))
}
