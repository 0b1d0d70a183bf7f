//! Everything that was measured.

use super::figure::{Figure, Unit};
use super::machine;
use super::table::{amount, cells, head, table};
use crate::raw::{Limit, Limits};
use crate::settings::{Settings, Store};
use anyhow::Result;
use std::time::Instant;

/// Absolute targets are meant for a disk that flushes so often a second.
const FLUSHES_MEANT: f64 = 5000.0;

/// Figures, and the limits that were measured around them.
#[derive(Debug)]
pub(crate) struct Report {
    begun: Instant,
    machine: String,
    quick: bool,
    figures: Vec<(Option<Store>, Figure)>,
    limits: Vec<(Store, Limits, Option<Limits>)>,
}

impl Report {
    pub(crate) fn begin(settings: &Settings) -> Result<Self> {
        Ok(Self {
            begun: Instant::now(),
            machine: machine::describe()?,
            quick: settings.quick,
            figures: Vec::new(),
            limits: Vec::new(),
        })
    }

    /// Adds a figure; whoever waits sees it at once.
    pub(crate) fn add(&mut self, store: Option<Store>, figure: Figure) {
        let limits = store.and_then(|store| self.limits_of(store));
        let row = cells(&figure, &name(store), limits.as_ref(), self.is_slow(store));
        say(&format!("{:6.1} s  {}", self.begun.elapsed().as_secs_f64(), told(&row)));
        self.figures.push((store, figure));
    }

    pub(crate) fn limits_before(&mut self, store: Store, limits: Limits) {
        self.limits.push((store, limits, None));
    }

    pub(crate) fn limits_after(&mut self, store: Store, limits: Limits) {
        for (_, _, after) in self.limits.iter_mut().filter(|(known, ..)| *known == store) {
            *after = Some(limits);
        }
    }

    /// Prints all of it.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub(crate) fn print(&self) {
        let load = machine::load().unwrap_or_default();
        println!(
            "\n{}, in the end {load}{}.",
            self.machine,
            if self.quick { "; the short form" } else { "" }
        );
        println!("Everything took {:.0} s.\n", self.begun.elapsed().as_secs_f64());
        println!("{}", table(&self.limit_rows()));
        let figures = self.figures.iter().map(|(store, figure)| {
            let limits = store.and_then(|store| self.limits_of(store));
            cells(figure, &name(*store), limits.as_ref(), self.is_slow(*store))
        });
        println!("{}", table(&std::iter::once(head()).chain(figures).collect::<Vec<_>>()));
    }

    fn limit_rows(&self) -> Vec<Vec<String>> {
        let head = ["raw limit", "store", "before", "after"].map(str::to_owned).to_vec();
        let told = |limits: Option<&Limits>, limit| {
            limits.map(|limits| amount(limits.rate(limit), Unit::PerSecond)).unwrap_or_default()
        };
        let row = |limit: Limit, (store, before, after): &(Store, Limits, Option<Limits>)| {
            vec![
                limit.name().to_owned(),
                store.to_string(),
                told(Some(before), limit),
                told(after.as_ref(), limit),
            ]
        };
        let rows = self.limits.iter().flat_map(|both| Limit::ALL.map(|limit| row(limit, both)));
        std::iter::once(head).chain(rows).collect()
    }

    fn limits_of(&self, store: Store) -> Option<Limits> {
        let (_, before, after) = self.limits.iter().find(|(known, ..)| *known == store)?;
        Some(after.map_or(*before, |after| before.mean(&after)))
    }

    fn is_slow(&self, store: Option<Store>) -> bool {
        let limits = store.and_then(|store| self.limits_of(store));
        limits.is_some_and(|limits| limits.rate(Limit::Flushes) < FLUSHES_MEANT)
    }
}

fn name(store: Option<Store>) -> String {
    store.map(|store| store.to_string()).unwrap_or_default()
}

fn told(row: &[String]) -> String {
    let told: Vec<&str> = row.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    told.join(" · ")
}

#[expect(clippy::print_stderr, reason = "whoever waits ten minutes wants to see that it goes on")]
fn say(line: &str) {
    eprintln!("{line}");
}
