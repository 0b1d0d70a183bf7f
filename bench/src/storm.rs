//! Many small runs at once.

use crate::caller::Caller;
use crate::figures::{Figures, milliseconds, quantile, rate};
use crate::server::Server;
use anyhow::Result;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CLIENTS: usize = 16;
const RUNS: usize = 1000;
/// From the first trigger until every run's end is seen.
const TARGET_S: f64 = 5.0;

/// What one client saw.
struct Seen {
    runs: Vec<String>,
    latencies: Vec<Duration>,
    triggered: Instant,
}

/// 1,000 runs of one task, triggered by 16 clients, each with one connection and one request at a time.
pub(crate) async fn measure(server: &Server, figures: &mut Figures) -> Result<()> {
    server
        .apply("apiVersion: dayend/v1\nkind: Batch\ncode: ONE\ntasks: [{ code: T, noop: {} }]\n")?;
    let mut callers = Vec::new();
    for _ in 0..CLIENTS {
        let caller = Caller::new(server).await?;
        // Opens the connection, which is not what is measured.
        let run = caller.trigger("ONE").await?;
        caller.ended(&run, "T").await?;
        callers.push(caller);
    }
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for (number, caller) in callers.into_iter().enumerate() {
        let runs = (0..RUNS).skip(number).step_by(CLIENTS).count();
        clients.spawn(async move { one_client(&caller, runs).await });
    }
    let (mut latencies, mut triggered, mut runs) = (Vec::new(), begun, 0);
    while let Some(seen) = clients.join_next().await {
        let seen = seen??;
        latencies.extend(seen.latencies);
        triggered = triggered.max(seen.triggered);
        runs += seen.runs.len();
    }
    let ended = begun.elapsed();
    latencies.sort();
    figures.at_most("storm: 1,000 runs, trigger to end", ended.as_secs_f64(), TARGET_S, "s");
    figures.tell("storm: triggers", rate(runs, triggered - begun));
    figures.tell("storm: a trigger, median", milliseconds(quantile(&latencies, 0.5)));
    figures.tell("storm: a trigger, p99", milliseconds(quantile(&latencies, 0.99)));
    Ok(())
}

async fn one_client(caller: &Caller, count: usize) -> Result<Seen> {
    let (mut runs, mut latencies) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let begun = Instant::now();
        runs.push(caller.trigger("ONE").await?);
        latencies.push(begun.elapsed());
    }
    let triggered = Instant::now();
    for run in &runs {
        caller.ended(run, "T").await?;
    }
    Ok(Seen { runs, latencies, triggered })
}
