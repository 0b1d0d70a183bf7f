//! One line of the table.

use crate::processor::Used;
use crate::raw::Limit;
use std::time::Duration;

/// In what a figure is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    Seconds,
    PerSecond,
    Mebibytes,
    Percent,
    Times,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// What was done a second, as a share of what the machine could do without the product.
#[derive(Clone, Debug)]
pub(super) enum Share {
    OfLimit(f64, Limit),
    /// Of a rate that was measured beside the figure, with its name.
    Of(f64, f64, &'static str),
}

/// Processor time of one unit of the figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) server: Duration,
    pub(super) database: Duration,
    pub(super) client: Duration,
    /// The share of the machine that all others had meanwhile.
    pub(super) others: f64,
}

/// What was measured, what it should be, and how it compares.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(super) what: String,
    pub(super) measured: Option<(f64, Unit)>,
    pub(super) target: Option<Target>,
    pub(super) shares: Vec<Share>,
    pub(super) cost: Option<Cost>,
    pub(super) note: String,
    /// A slow disk is no excuse.
    pub(super) is_diskless: bool,
}

impl Figure {
    pub(crate) fn new(what: &str, measured: f64, unit: Unit) -> Self {
        Self { measured: Some((measured, unit)), ..Self::empty(what) }
    }

    pub(crate) fn duration(what: &str, measured: Duration, unit: Unit) -> Self {
        let seconds = measured.as_secs_f64();
        let in_unit = if unit == Unit::Milliseconds { seconds * 1000.0 } else { seconds };
        Self::new(what, in_unit, unit)
    }

    /// What could not be measured, and why.
    pub(crate) fn missing(what: &str, why: &str) -> Self {
        Self { note: format!("not measured: {why}"), ..Self::empty(what) }
    }

    fn empty(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured: None,
            target: None,
            shares: Vec::new(),
            cost: None,
            note: String::new(),
            is_diskless: false,
        }
    }

    pub(crate) fn at_most(self, limit: f64) -> Self {
        Self { target: Some(Target::AtMost(limit)), ..self }
    }

    pub(crate) fn at_least(self, limit: f64) -> Self {
        Self { target: Some(Target::AtLeast(limit)), ..self }
    }

    /// The target is for the whole load, not for the short form's.
    pub(crate) fn only_if(self, is_whole: bool) -> Self {
        Self { target: self.target.filter(|_| is_whole), ..self }
    }

    /// Nothing is written for it.
    pub(crate) fn diskless(self) -> Self {
        Self { is_diskless: true, ..self }
    }

    /// So many a second of what `limit` counts were done for this.
    pub(crate) fn of(mut self, rate: f64, limit: Limit) -> Self {
        self.shares.push(Share::OfLimit(rate, limit));
        self
    }

    /// The same for a limit that was measured beside it.
    pub(crate) fn beside(mut self, rate: f64, raw: f64, name: &'static str) -> Self {
        self.shares.push(Share::Of(rate, raw, name));
        self
    }

    /// What `units` units cost.
    pub(crate) fn cost(self, used: &Used, units: usize) -> Self {
        let each =
            |time: Duration| time.div_f64(f64::from(u32::try_from(units).unwrap_or(u32::MAX)));
        let cost = Cost {
            server: each(used.server),
            database: each(used.database),
            client: each(used.client),
            others: used.others_share(),
        };
        Self { cost: Some(cost), ..self }
    }

    pub(crate) fn note(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }

    /// Whether the target is reached; none is no answer.
    pub(super) fn is_ok(&self) -> Option<bool> {
        let (measured, _) = self.measured?;
        Some(match self.target? {
            Target::AtMost(limit) => measured <= limit,
            Target::AtLeast(limit) => measured >= limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Unit};

    #[test]
    fn a_target_may_be_met_exactly() {
        let figure = |measured| Figure::new("x", measured, Unit::Seconds);
        assert_eq!(figure(1.0).at_most(1.0).is_ok(), Some(true));
        assert_eq!(figure(1.1).at_most(1.0).is_ok(), Some(false));
        assert_eq!(figure(1.0).at_least(1.0).is_ok(), Some(true));
        assert_eq!(figure(0.9).at_least(1.0).is_ok(), Some(false));
        assert_eq!(figure(1.0).is_ok(), None);
        assert_eq!(Figure::missing("x", "y").at_most(1.0).is_ok(), None);
    }
}
