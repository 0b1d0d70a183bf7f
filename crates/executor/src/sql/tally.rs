//! What statements did, as the operator reads it.

/// The longest value that a message shows.
const VALUE_MAX_BYTES: usize = 200;

/// Rows changed and rows found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    changed: Option<u64>,
    found: Option<u64>,
    /// The value of the last query's first row, if it has a single column.
    value: Option<String>,
}

impl Tally {
    /// Adds a statement that changed rows.
    pub(super) fn add_changed(&mut self, rows: u64) {
        self.changed = Some(self.changed.unwrap_or(0).saturating_add(rows));
    }

    /// Adds a statement that found rows.
    pub(super) fn add_found(&mut self, rows: u64, value: Option<String>) {
        self.found = Some(rows);
        self.value = value;
    }

    /// `3 rows affected`, `1 row: 1234.50`, or both.
    pub(super) fn message(&self) -> String {
        let noun = |rows: u64| if rows == 1 { "row" } else { "rows" };
        let changed = self.changed.map(|rows| format!("{rows} {} affected", noun(rows)));
        let found = self.found.map(|rows| match &self.value {
            Some(value) => format!(
                "{rows} {}: {}",
                noun(rows),
                crate::message::shown_within(value, VALUE_MAX_BYTES)
            ),
            None => format!("{rows} {}", noun(rows)),
        });
        match (changed, found) {
            (Some(changed), Some(found)) => format!("{changed}; {found}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "done".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_reads_as_a_sentence() {
        let mut tally = Tally::default();
        assert_eq!(tally.message(), "done");
        tally.add_changed(1);
        assert_eq!(tally.message(), "1 row affected");
        tally.add_changed(2);
        tally.add_found(1, Some("1234.50".to_owned()));
        assert_eq!(tally.message(), "3 rows affected; 1 row: 1234.50");
        tally.add_found(0, None);
        assert_eq!(tally.message(), "3 rows affected; 0 rows");
    }
}
