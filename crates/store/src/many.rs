//! Statements that write many rows at once.

use std::sync::{Arc, OnceLock};

/// The largest number of rows in one statement; times the columns of any table it stays far below the 65,535 values
/// that PostgreSQL allows.
const ROWS_MAX: usize = 512;
/// The sizes 1, 2, 4 … 512.
const SIZES: usize = 10;

/// The text of a single-row `INSERT`, which SQLite runs row by row, and its multi-row forms for PostgreSQL. The sizes are
/// powers of two, so that few texts exist, each is made once, and connections keep them all prepared.
pub(crate) struct Many {
    single: &'static str,
    /// The texts of all sizes, each made when it is needed first.
    texts: [OnceLock<Arc<str>>; SIZES],
}

impl Many {
    /// The multi-row forms of `single`, which must contain `VALUES ($1, …)`.
    pub(crate) const fn new(single: &'static str) -> Self {
        Self { single, texts: [const { OnceLock::new() }; SIZES] }
    }

    /// The text that writes one row.
    pub(crate) fn single(&self) -> &'static str {
        self.single
    }

    /// The text that writes a chunk of `rows` rows.
    pub(crate) fn text(&self, rows: usize) -> Arc<str> {
        let made = || -> Arc<str> { repeated(self.single, rows).into() };
        let size = usize::try_from(rows.trailing_zeros()).expect("a bit number fits");
        match self.texts.get(size).filter(|_| rows.is_power_of_two()) {
            Some(text) => Arc::clone(text.get_or_init(made)),
            None => made(),
        }
    }
}

/// Cuts rows into chunks whose sizes are powers of two, the largest first.
pub(crate) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = 1 << rest.len().min(ROWS_MAX).checked_ilog2()?;
        let (chunk, later) = rest.split_at_checked(size)?;
        rest = later;
        Some(chunk)
    })
}

fn repeated(single: &str, rows: usize) -> String {
    let parts =
        single.split_once("VALUES (").and_then(|(head, rest)| Some((head, rest.split_once(')')?)));
    let (head, (placeholders, tail)) =
        parts.expect("the texts of multi-row statements hold one list of values");
    let columns = placeholders.split(',').count();
    let mut text = String::with_capacity(single.len() + rows * (columns * 5 + 3));
    text.push_str(head);
    text.push_str("VALUES ");
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            text.push_str(if column == 0 { "$" } else { ",$" });
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_repeated_for_each_row_and_keeps_its_head_and_tail() {
        let many = Many::new("INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO NOTHING");
        assert_eq!(
            &*many.text(2),
            "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) ON CONFLICT (a) DO NOTHING"
        );
    }

    #[test]
    fn chunks_cover_all_rows_in_order_with_few_sizes() {
        for length in [0, 1, 2, 3, 511, 512, 513, 1000, 20_000] {
            let rows: Vec<usize> = (0..length).collect();
            let sizes: Vec<usize> = chunks(&rows).map(<[usize]>::len).collect();
            assert_eq!(chunks(&rows).flatten().copied().collect::<Vec<_>>(), rows, "{length}");
            assert!(
                sizes.iter().all(|size| size.is_power_of_two() && *size <= ROWS_MAX),
                "{sizes:?}"
            );
            assert!(sizes.len() <= length / ROWS_MAX + SIZES, "{sizes:?}");
        }
    }
}
