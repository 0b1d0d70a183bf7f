//! Measures the release binary from outside, on both databases, and prints figures, their targets and the machine's own limits.

mod args;
mod bank;
mod caller;
#[path = "../../crates/testkit/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file is a public module of the test kit")]
mod cluster;
mod definitions;
mod http;
mod load;
mod processor;
mod quantile;
mod raw;
mod report;
mod rows;
mod server;
mod settings;
mod watch;

use anyhow::Result;
use args::Args;
use report::Report;
use settings::Settings;

/// One thread: client, server and database share the processors.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::read()?;
    let settings = Settings::new(args.binary.clone(), args.quick);
    let mut report = Report::begin(&settings)?;
    rows::measure_without_store(&args, &settings, &mut report);
    for store in &args.stores {
        report.limits_before(*store, raw::measure(&settings, *store).await?);
        rows::measure(&args, &settings, *store, &mut report).await;
        report.limits_after(*store, raw::measure(&settings, *store).await?);
    }
    rows::measure_together(&args, &settings, &mut report).await;
    report.print();
    Ok(())
}
