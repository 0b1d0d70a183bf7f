//! The engine alone, in this process: no store, no server.

use crate::quantile::rate;
use crate::raw::{Dice, walk};
use crate::report::{Figure, Report, Unit};
use crate::settings::Settings;
use anyhow::{Context as _, Result, ensure};
use dayend_engine::definition::{Batch, Edge, On, OnLost, Retries, Task, Work};
use dayend_engine::plan::Plan;
use dayend_engine::run::{Choices, Effect, Event, Gate, Outcome, Run, Transition};
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Instant;

const WIDTH: usize = 1000;
const DEPTH: usize = 1000;
const DEPTH_QUICK: usize = 200;
const TARGET: f64 = 5_000_000.0;

/// A task's end and the start of its successors are one transition: one step. The tasks end in a random order.
pub(crate) fn measure(settings: &Settings, report: &mut Report) -> Result<()> {
    let depth = settings.count(DEPTH, DEPTH_QUICK);
    let plan = Plan::of_batch(&lattice(WIDTH, depth)?)?;
    let begun = Instant::now();
    let visited = walk(&plan);
    let bare = rate(visited, begun.elapsed());
    let begun = Instant::now();
    let steps = run(&plan)?;
    let each = rate(steps, begun.elapsed());
    let figure = Figure::new("engine alone, transitions/s", each, Unit::PerSecond)
        .at_least(TARGET)
        .beside(each, bare, "a bare random walk over the same graph")
        .note(&format!("{steps} tasks; the walk {bare:.0}/s"));
    report.add(None, figure);
    Ok(())
}

fn run(plan: &Plan) -> Result<usize> {
    let mut run = Run::new(plan, &Choices::default(), Gate::Open);
    let (mut out, mut dice, mut steps) = (Transition::default(), Dice::new(), 0);
    let mut now = Timestamp(1_793_318_400_000_000);
    let mut dispatched = Vec::new();
    run.step(plan, Event::Start, now, &mut out)?;
    loop {
        dispatched.extend(out.effects.iter().filter_map(dispatch));
        if dispatched.is_empty() {
            break;
        }
        let (node, epoch) = dispatched.swap_remove(dice.below(dispatched.len()));
        now.0 += 1;
        let ended = Event::Ended { node, epoch, outcome: Outcome::Succeeded };
        run.step(plan, ended, now, &mut out)?;
        steps += 1;
    }
    ensure!(run.status() == Status::Successful, "the run is {:?}", run.status());
    Ok(steps)
}

fn dispatch(effect: &Effect) -> Option<(u32, u32)> {
    match *effect {
        Effect::Dispatch { node, epoch, .. } => Some((node, epoch)),
        Effect::Stop { .. }
        | Effect::WakeAt(_)
        | Effect::Gate { .. }
        | Effect::InterruptMember { .. }
        | Effect::ForceMember { .. } => None,
    }
}

/// Each task after the one above it and that one's neighbour on the right.
fn lattice(width: usize, depth: usize) -> Result<Batch> {
    let cell = |level: usize, column: usize| format!("T{}", level * width + column % width);
    let mut tasks = Vec::with_capacity(width * depth);
    for level in 0..depth {
        for column in 0..width {
            let above = level.checked_sub(1);
            let before = above.map(|above| [cell(above, column), cell(above, column + 1)]);
            tasks.push(task(
                &cell(level, column),
                before.as_ref().map_or(&[], |two| two.as_slice()),
            )?);
        }
    }
    Ok(Batch {
        code: "LATTICE".parse()?,
        name: String::new(),
        description: String::new(),
        params: BTreeMap::new(),
        tasks: tasks.into_iter().collect(),
    })
}

fn task(code: &str, before: &[String]) -> Result<Task> {
    let edge = |code: &String| -> Result<Edge> {
        Ok(Edge { task: code.parse().context("a code")?, on: On::Success })
    };
    Ok(Task {
        code: code.parse()?,
        name: String::new(),
        description: String::new(),
        work: Work::Noop,
        params: BTreeMap::new(),
        after: before.iter().map(edge).collect::<Result<_>>()?,
        timeout_ms: None,
        retries: Retries::default(),
        on_lost: OnLost::default(),
    })
}
