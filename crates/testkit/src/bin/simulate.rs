//! `simulate [--seeds COUNT] [--from SEED] [--seed SEED]`: searches seeds for one that breaks an invariant, or replays one.

use dayend_testkit::simulation::{Summary, simulate};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

/// How often the search tells how far it is.
const TOLD_EVERY: u64 = 1000;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = io::stdout().lock();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--seed", seed] if seed.parse::<u64>().is_ok() => {
            replay(seed.parse().unwrap_or(0), &mut out)
        }
        ["--seeds", count] if count.parse::<u64>().is_ok() => {
            search(0, count.parse().unwrap_or(0), &mut out)
        }
        ["--seeds", count, "--from", first]
            if count.parse::<u64>().is_ok() && first.parse::<u64>().is_ok() =>
        {
            search(first.parse().unwrap_or(0), count.parse().unwrap_or(0), &mut out)
        }
        _ => {
            writeln!(out, "usage: simulate --seeds COUNT [--from SEED] | --seed SEED")?;
            Ok(ExitCode::from(2))
        }
    }
}

fn replay(seed: u64, out: &mut impl Write) -> io::Result<ExitCode> {
    match simulate(seed, true) {
        Ok(sums) => {
            writeln!(out, "seed {seed} holds: {sums:?}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            writeln!(out, "{failure}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn search(first: u64, count: u64, out: &mut impl Write) -> io::Result<ExitCode> {
    let begun = Instant::now();
    let mut sums = Summary::default();
    let mut failures = 0_u64;
    for (done, seed) in (1_u64..).zip(first..first.saturating_add(count)) {
        match simulate(seed, false) {
            Ok(one) => sums.add(&one),
            Err(failure) => {
                failures += 1;
                writeln!(out, "{failure}")?;
            }
        }
        if done % TOLD_EVERY == 0 || done == count {
            let seconds = begun.elapsed().as_secs_f64();
            writeln!(out, "{done} seeds in {seconds:.0} s, {failures} failed: {sums:?}")?;
            out.flush()?;
        }
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
