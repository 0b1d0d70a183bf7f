//! One batch of 10,000 tasks that do nothing, in 100 levels of 100.

use crate::caller::Caller;
use crate::figures::Figures;
use crate::server::Server;
use anyhow::Result;
use std::fmt::Write as _;
use std::time::Instant;

const WIDTH: usize = 100;
const DEPTH: usize = 100;
/// From the trigger until the end is seen.
const TARGET_S: f64 = 2.0;
/// The same batch is run so often; each is a figure.
const RUNS: usize = 3;

/// Each task after the one in the same column of the level before: 9,900 edges.
pub(crate) async fn columns(server: &Server, figures: &mut Figures) -> Result<()> {
    let after = |level: usize, column: usize| format!("[{}]", code(level, column));
    measure(server, figures, "wide-deep", &after).await
}

/// Each task after all of the level before: 990,000 edges.
pub(crate) async fn full(server: &Server, figures: &mut Figures) -> Result<()> {
    let levels: Vec<String> = (0..DEPTH)
        .map(|level| {
            let codes: Vec<String> = (0..WIDTH).map(|column| code(level, column)).collect();
            format!("[{}]", codes.join(", "))
        })
        .collect();
    let after = |level: usize, _: usize| levels.get(level).cloned().unwrap_or_default();
    measure(server, figures, "wide-deep-full", &after).await
}

async fn measure(
    server: &Server,
    figures: &mut Figures,
    name: &str,
    after: &dyn Fn(usize, usize) -> String,
) -> Result<()> {
    let applied = Instant::now();
    server.apply(&definition(after)?)?;
    figures.tell(&format!("{name}: apply"), format!("{:.2} s", applied.elapsed().as_secs_f64()));
    let caller = Caller::new(server).await?;
    for number in 1..=RUNS {
        let begun = Instant::now();
        let run = caller.trigger("WIDE_DEEP").await?;
        let accepted = begun.elapsed();
        caller.ended(&run, &code(DEPTH - 1, WIDTH - 1)).await?;
        let what = format!("{name}: run {number}, trigger to end");
        figures.at_most(&what, begun.elapsed().as_secs_f64(), TARGET_S, "s");
        let what = format!("{name}: run {number}, trigger answered");
        figures.tell(&what, format!("{:.3} s", accepted.as_secs_f64()));
    }
    Ok(())
}

fn definition(after: &dyn Fn(usize, usize) -> String) -> Result<String> {
    let mut yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: WIDE_DEEP\ntasks:\n".to_owned();
    for level in 0..DEPTH {
        for column in 0..WIDTH {
            write!(yaml, "  - {{ code: {}, noop: {{}}", code(level, column))?;
            if let Some(before) = level.checked_sub(1) {
                write!(yaml, ", after: {}", after(before, column))?;
            }
            yaml.push_str(" }\n");
        }
    }
    Ok(yaml)
}

fn code(level: usize, column: usize) -> String {
    format!("T{level}_{column}")
}
