//! Reading the state of a large run.

use crate::caller::Caller;
use crate::figures::{Figures, milliseconds, quantile, rate};
use crate::server::Server;
use anyhow::{Result, ensure};
use serde_json::json;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const TASKS: usize = 1000;
const CLIENTS: usize = 16;
/// How long is read.
const READ: Duration = Duration::from_secs(5);
const P99_TARGET_MS: f64 = 50.0;

/// All tasks of a run of 1,000, asked for by 16 clients: of a run that is not over yet, and of one that is.
pub(crate) async fn measure(server: &Server, figures: &mut Figures) -> Result<()> {
    let mut yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: THOUSAND\ntasks:\n".to_owned();
    for task in 0..TASKS {
        writeln!(yaml, "  - {{ code: TASK_{task}, noop: {{}} }}")?;
    }
    server.apply(&yaml)?;
    let caller = Caller::new(server).await?;
    let body = json!({"batchName": "THOUSAND", "batchType": "rest", "heldTasks": "TASK_999"});
    let live = caller.trigger_with(&body).await?;
    caller.until(&live, "TASK_0", "5").await?;
    read(server, figures, "status, 1,000 tasks, live run", &live).await?;
    let over = caller.trigger("THOUSAND").await?;
    caller.until(&over, "TASK_0", "0").await?;
    read(server, figures, "status, 1,000 tasks, ended run", &over).await
}

async fn read(server: &Server, figures: &mut Figures, name: &str, run: &str) -> Result<()> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (caller, run) = (Caller::new(server).await?, run.to_owned());
        clients.spawn(async move { one_client(&caller, &run).await });
    }
    let begun = Instant::now();
    let mut latencies = Vec::new();
    while let Some(seen) = clients.join_next().await {
        latencies.extend(seen??);
    }
    let taken = begun.elapsed();
    latencies.sort();
    figures.tell(&format!("{name}: reads"), rate(latencies.len(), taken));
    figures.tell(&format!("{name}: median"), milliseconds(quantile(&latencies, 0.5)));
    let p99 = quantile(&latencies, 0.99).as_secs_f64() * 1000.0;
    figures.at_most(&format!("{name}: p99"), p99, P99_TARGET_MS, "ms");
    Ok(())
}

async fn one_client(caller: &Caller, run: &str) -> Result<Vec<Duration>> {
    let (begun, mut latencies) = (Instant::now(), Vec::new());
    while begun.elapsed() < READ {
        let asked = Instant::now();
        let answer = caller.status(run).await?;
        latencies.push(asked.elapsed());
        let told = answer.matches("taskCode").count();
        ensure!(told == TASKS, "{told} tasks were told");
    }
    Ok(latencies)
}
