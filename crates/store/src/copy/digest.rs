//! What a table holds, in 32 bytes.

use crate::copy::cells::Cells;
use crate::copy::tables::Shape;
use crate::fingerprint::fingerprint;
use crate::port::StoreError;
use crate::session::Session;
use std::fmt::Write as _;

/// What a table holds: how many rows, and the sum of their fingerprints, which does not depend on their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table's name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    sum: [u128; 2],
}

impl TableDigest {
    /// What an empty table holds.
    pub(super) fn of_none(table: &'static str) -> Self {
        Self { table, rows: 0, sum: [0; 2] }
    }

    /// One row more.
    pub(super) fn add(&mut self, row: &Cells) {
        let print = fingerprint(&row.to_values());
        let (first, last) = print.split_at(16);
        for (sum, half) in self.sum.iter_mut().zip([first, last]) {
            let half = half.try_into().expect("half of 32 bytes are 16");
            // Not XOR: a row that stands there twice must not vanish.
            *sum = sum.wrapping_add(u128::from_be_bytes(half));
        }
        self.rows += 1;
    }

    /// The sum as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.sum.iter().fold(String::with_capacity(64), |mut text, half| {
            write!(text, "{half:032x}").expect("a String takes everything");
            text
        })
    }
}

/// What each table holds, in the order of `shapes`.
pub(super) async fn digests(
    session: &mut impl Session,
    shapes: &[Shape],
) -> Result<Vec<TableDigest>, StoreError> {
    let mut digests = Vec::with_capacity(shapes.len());
    for shape in shapes {
        digests.push(digest(session, shape).await?);
    }
    Ok(digests)
}

async fn digest(session: &mut impl Session, shape: &Shape) -> Result<TableDigest, StoreError> {
    let mut digest = TableDigest::of_none(shape.name);
    let mut failed = None;
    let take = |row: Result<Cells, StoreError>| match row
        .and_then(|row| row.of(shape.name, shape.kinds))
    {
        Ok(row) => digest.add(&row),
        Err(error) => failed = failed.take().or(Some(error)),
    };
    session.each(shape.read, &[], take).await?;
    failed.map_or(Ok(digest), Err)
}

/// Refuses two sides that differ.
pub(super) fn same(from: &[TableDigest], to: &[TableDigest]) -> Result<(), StoreError> {
    match from.iter().zip(to).find(|(from, to)| from != to) {
        None if from.len() == to.len() => Ok(()),
        None => Err(StoreError::Inconsistent("the copy has other tables".to_owned())),
        Some((from, to)) => Err(StoreError::Inconsistent(format!(
            "the copy of `{}` is not the same: {} rows with the digest {} became {} rows with the digest {}",
            from.table,
            from.rows,
            from.hex(),
            to.rows,
            to.hex()
        ))),
    }
}
