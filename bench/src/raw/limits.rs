//! The limits of a store and its machine, measured before and after the figures.

use super::changes::{Changes, postgres, sqlite};
use super::disk;
use super::hello::hello;
use crate::bank::Bank;
use crate::cluster::Cluster;
use crate::settings::{Settings, Store};
use anyhow::Result;

/// What a figure can be held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Pages of 4 KiB written and flushed, one after the other.
    Flushes,
    /// Commits of one changed row.
    LoneCommits,
    /// Changed rows, 100 to a commit.
    GroupedRows,
    /// Changed rows, 1,000 to a commit.
    BulkRows,
    /// The same server's answers to `GET /health`, over the same TLS, by 64 clients.
    Hello,
}

impl Limit {
    pub(crate) const ALL: [Self; 5] =
        [Self::Flushes, Self::LoneCommits, Self::GroupedRows, Self::BulkRows, Self::Hello];

    /// What it is called in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flushes => "fdatasync of 4 KiB",
            Self::LoneCommits => "lone commits",
            Self::GroupedRows => "row changes, 100 a commit",
            Self::BulkRows => "row changes, 1,000 a commit",
            Self::Hello => "hello over TLS",
        }
    }
}

/// Each limit, so many a second, in the order of [`Limit::ALL`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    rates: [f64; Limit::ALL.len()],
}

impl Limits {
    pub(crate) fn rate(&self, limit: Limit) -> f64 {
        let place = Limit::ALL.iter().position(|known| *known == limit);
        place.and_then(|place| self.rates.get(place)).copied().unwrap_or_default()
    }

    /// Halfway between the two.
    pub(crate) fn mean(&self, other: &Self) -> Self {
        let pairs = Limit::ALL.map(|limit| self.rate(limit).midpoint(other.rate(limit)));
        Self { rates: pairs }
    }
}

/// Measures all limits of a store.
pub(crate) async fn measure(settings: &Settings, store: Store) -> Result<Limits> {
    let time = settings.time(1000, 400);
    let flushes = disk::flushes(time)?;
    let changes: Changes = match store {
        Store::Sqlite => sqlite(time)?,
        Store::Postgres => postgres(&Cluster::start()?.url_with_password(), time).await?,
    };
    let bank = Bank::open(settings, store)?;
    let hello = hello(&bank, settings.time(2000, 800)).await?.rate();
    Ok(Limits { rates: [flushes, changes.lone, changes.grouped, changes.bulk, hello] })
}

#[cfg(test)]
mod tests {
    use super::{Limit, Limits};

    #[test]
    fn the_mean_of_two_measurements_is_taken_limit_by_limit() {
        let before = Limits { rates: [1.0, 2.0, 3.0, 4.0, 5.0] };
        let after = Limits { rates: [3.0, 2.0, 5.0, 0.0, 5.0] };
        let mean = before.mean(&after);
        let told = Limit::ALL.map(|limit| mean.rate(limit).to_string());
        assert_eq!(told, ["2", "2", "4", "2", "5"]);
    }
}
