//! Statements that write many rows at once.

use std::sync::{Arc, OnceLock};

/// The numbers of rows that one statement may have. Few, so that connections keep all texts prepared; close enough to each
/// other that most groups need two or three statements a table. Times the columns of any table the largest stays far below
/// the 65,535 values that PostgreSQL allows.
const SIZES: [usize; 18] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];

/// The text of a single-row `INSERT`, which SQLite runs row by row, and its multi-row forms for PostgreSQL.
pub(crate) struct Many {
    single: &'static str,
    /// The texts of all sizes, each made when it is needed first.
    texts: [OnceLock<Arc<str>>; SIZES.len()],
}

impl Many {
    /// The multi-row forms of `single`, which must contain `VALUES ($1, …)`.
    pub(crate) const fn new(single: &'static str) -> Self {
        Self { single, texts: [const { OnceLock::new() }; SIZES.len()] }
    }

    /// The text that writes one row.
    pub(crate) fn single(&self) -> &'static str {
        self.single
    }

    /// The text that writes a chunk of `rows` rows.
    pub(crate) fn text(&self, rows: usize) -> Arc<str> {
        let made = || -> Arc<str> { repeated(self.single, rows).into() };
        let size = SIZES.binary_search(&rows).ok();
        match size.and_then(|size| self.texts.get(size)) {
            Some(text) => Arc::clone(text.get_or_init(made)),
            None => made(),
        }
    }
}

/// Cuts rows into chunks of our sizes, the largest first.
pub(crate) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().rev().find(|size| *size <= rest.len())?;
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
    fn chunks_cover_all_rows_in_order_and_most_groups_need_few() {
        for length in (0..200).chain([511, 512, 513, 1000, 20_000]) {
            let rows: Vec<usize> = (0..length).collect();
            let sizes: Vec<usize> = chunks(&rows).map(<[usize]>::len).collect();
            assert_eq!(chunks(&rows).flatten().copied().collect::<Vec<_>>(), rows, "{length}");
            assert!(sizes.iter().all(|size| SIZES.contains(size)), "{sizes:?}");
            assert!(sizes.len() <= length / 512 + 5, "{sizes:?}");
        }
    }
}
