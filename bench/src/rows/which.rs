//! What can be measured, and in which order it is.

use super::{
    chain, commands, engine, fan, grids, idle, large_status, live, million, parts, restart, runs,
    small_files, status, tokens, transfer, triggers,
};
use crate::args::Args;
use crate::report::{Figure, Report};
use crate::settings::{Settings, Store};

/// A line of the table, or a few that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Engine,
    Chain,
    Fan,
    Runs,
    Triggers,
    Wide,
    WideFull,
    Million,
    Live,
    Status,
    LargeStatus,
    Tokens,
    Commands,
    Restart,
    Transfer,
    Parts,
    SmallFiles,
    Idle,
}

impl Row {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 18] = [
        Self::Engine,
        Self::Chain,
        Self::Fan,
        Self::Runs,
        Self::Triggers,
        Self::Wide,
        Self::WideFull,
        Self::Million,
        Self::Live,
        Self::Status,
        Self::LargeStatus,
        Self::Tokens,
        Self::Commands,
        Self::Restart,
        Self::Transfer,
        Self::Parts,
        Self::SmallFiles,
        Self::Idle,
    ];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Chain => "chain",
            Self::Fan => "fan",
            Self::Runs => "runs",
            Self::Triggers => "triggers",
            Self::Wide => "wide",
            Self::WideFull => "wide-full",
            Self::Million => "million",
            Self::Live => "live",
            Self::Status => "status",
            Self::LargeStatus => "status-large",
            Self::Tokens => "tokens",
            Self::Commands => "commands",
            Self::Restart => "restart",
            Self::Transfer => "transfer",
            Self::Parts => "parts",
            Self::SmallFiles => "small-files",
            Self::Idle => "idle",
        }
    }
}

/// What needs no store.
pub(crate) fn measure_without_store(args: &Args, settings: &Settings, report: &mut Report) {
    if args.rows.contains(&Row::Engine)
        && let Err(error) = engine::measure(settings, report)
    {
        report.add(None, Figure::missing(Row::Engine.name(), &format!("{error:#}")));
    }
}

/// What is measured on one store. What cannot be measured is told, and the rest goes on.
pub(crate) async fn measure(args: &Args, settings: &Settings, store: Store, report: &mut Report) {
    for row in &args.rows {
        if let Err(error) = one(*row, settings, store, report).await {
            report.add(Some(store), Figure::missing(row.name(), &format!("{error:#}")));
        }
    }
}

async fn one(
    row: Row,
    settings: &Settings,
    store: Store,
    report: &mut Report,
) -> anyhow::Result<()> {
    match row {
        Row::Engine | Row::Idle => Ok(()),
        Row::Chain => chain::measure(settings, store, report).await,
        Row::Fan => fan::measure(settings, store, report).await,
        Row::Runs => runs::measure(settings, store, report).await,
        Row::Triggers => triggers::measure(settings, store, report).await,
        Row::Wide => grids::columns(settings, store, report).await,
        Row::WideFull => grids::full(settings, store, report).await,
        Row::Million => million::measure(settings, store, report).await,
        Row::Live => live::measure(settings, store, report).await,
        Row::Status => status::measure(settings, store, report).await,
        Row::LargeStatus => large_status::measure(settings, store, report).await,
        Row::Tokens => tokens::measure(settings, store, report).await,
        Row::Commands => commands::measure(settings, store, report).await,
        Row::Restart => restart::measure(settings, store, report).await,
        Row::Transfer => transfer::measure(settings, store, report).await,
        Row::Parts => parts::measure(settings, store, report).await,
        Row::SmallFiles => small_files::measure(settings, store, report).await,
    }
}

/// What all stores do at the same time, because it takes long and uses nothing.
pub(crate) async fn measure_together(args: &Args, settings: &Settings, report: &mut Report) {
    if args.rows.contains(&Row::Idle)
        && let Err(error) = idle::measure(settings, &args.stores, report).await
    {
        report.add(None, Figure::missing(Row::Idle.name(), &format!("{error:#}")));
    }
}

#[cfg(test)]
mod tests {
    use super::Row;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Row::ALL.iter().map(|row| row.name()).collect();
        assert_eq!(names.len(), Row::ALL.len());
    }
}
