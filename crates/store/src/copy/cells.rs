//! A row of any table: what its columns hold, whatever they mean.

use crate::columns::{Column as _, broken};
use crate::port::StoreError;
use crate::values::{Row, Value};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, FromRow, Row as _, TypeInfo as _, ValueRef as _};

/// What a column holds in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

/// One value; `None` is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// What NULL is read as until the column's kind is known.
const NULL: Cell = Cell::Int(None);

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cells(Vec<Cell>);

impl Cells {
    /// The row as one of a table with these columns, the same from either database.
    pub(super) fn of(self, table: &str, kinds: &[Kind]) -> Result<Self, StoreError> {
        let wrong = || {
            StoreError::Inconsistent(format!("a row of `{table}` holds what does not belong there"))
        };
        if self.0.len() != kinds.len() {
            return Err(wrong());
        }
        let fitted = self.0.into_iter().zip(kinds).map(|(cell, kind)| cell.of(*kind));
        fitted.collect::<Option<Vec<Cell>>>().map(Self).ok_or_else(wrong)
    }

    /// The values in order.
    pub(super) fn to_values(&self) -> Vec<Value<'_>> {
        self.0.iter().map(Cell::value).collect()
    }

    /// About how much memory the row takes.
    pub(super) fn size_bytes(&self) -> usize {
        let heap = |cell: &Cell| match cell {
            Cell::Int(_) | Cell::Bool(_) => 0,
            Cell::Text(text) => text.as_ref().map_or(0, String::len),
            Cell::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        };
        self.0.iter().map(|cell| size_of::<Cell>() + heap(cell)).sum()
    }
}

impl Cell {
    /// SQLite has no flags of its own, and its first hash of a chain is an empty text.
    fn of(self, kind: Kind) -> Option<Self> {
        match (self, kind) {
            (Self::Int(None), Kind::Text) => Some(Self::Text(None)),
            (Self::Int(None), Kind::Bytes) => Some(Self::Bytes(None)),
            (Self::Int(Some(flag @ (0 | 1))), Kind::Bool) => Some(Self::Bool(flag == 1)),
            (Self::Text(Some(text)), Kind::Bytes) if text.is_empty() => {
                Some(Self::Bytes(Some(Vec::new())))
            }
            (cell @ Self::Int(_), Kind::Int)
            | (cell @ Self::Bool(_), Kind::Bool)
            | (cell @ Self::Text(_), Kind::Text)
            | (cell @ Self::Bytes(_), Kind::Bytes) => Some(cell),
            (Self::Int(_) | Self::Bool(_) | Self::Text(_) | Self::Bytes(_), _) => None,
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Text(text) => Value::Text(text.as_deref()),
            Self::Bytes(bytes) => Value::Bytes(bytes.as_deref()),
        }
    }
}

impl<const N: usize> Row<N> for Cells {
    fn values(&self) -> [Value<'_>; N] {
        std::array::from_fn(|index| self.0.get(index).map_or(Value::Int(None), Cell::value))
    }
}

impl<'r> FromRow<'r, SqliteRow> for Cells {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let cell = |index: usize| {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(NULL);
            }
            // What the value is, not what its column was declared to be.
            match raw.type_info().name() {
                "INTEGER" => row.try_get_unchecked(index).map(Cell::Int),
                "TEXT" => row.try_get_unchecked(index).map(Cell::Text),
                "BLOB" => row.try_get_unchecked(index).map(Cell::Bytes),
                other => Err(unknown(other)),
            }
        };
        (0..row.len()).map(cell).collect::<Result<_, _>>().map(Self)
    }
}

impl<'r> FromRow<'r, PgRow> for Cells {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let cell = |column: &sqlx::postgres::PgColumn| {
            if row.try_get_raw(column.ordinal())?.is_null() {
                return Ok(NULL);
            }
            match column.type_info().name() {
                "INT8" => row.try_get(column.ordinal()).map(Cell::Int),
                "BOOL" => row.try_get(column.ordinal()).map(Cell::Bool),
                "TEXT" => Option::<String>::read(row, column.name()).map(Cell::Text),
                "BYTEA" => row.try_get(column.ordinal()).map(Cell::Bytes),
                other => Err(unknown(other)),
            }
        };
        row.columns().iter().map(cell).collect::<Result<_, _>>().map(Self)
    }
}

fn unknown(name: &str) -> sqlx::Error {
    broken(format!("no column of ours holds a value of type {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_alike_from_either_database_and_strange_values_are_refused() {
        use Kind::{Bool, Bytes, Int, Text};
        let of_sqlite = Cells(vec![
            Cell::Int(Some(7)),
            Cell::Int(Some(1)),
            Cell::Text(Some(String::new())),
            NULL,
            NULL,
        ]);
        let of_postgres = Cells(vec![
            Cell::Int(Some(7)),
            Cell::Bool(true),
            Cell::Bytes(Some(Vec::new())),
            NULL,
            NULL,
        ]);
        let kinds = [Int, Bool, Bytes, Text, Int];
        let (one, other) = (of_sqlite.of("t", &kinds), of_postgres.of("t", &kinds));
        assert_eq!(one.unwrap(), other.unwrap());
        #[rustfmt::skip]
        let strange = [
            (vec![Cell::Int(Some(2))],                 Bool),
            (vec![NULL],                               Bool),
            (vec![Cell::Text(Some("x".to_owned()))],   Bytes),
            (vec![Cell::Text(Some("x".to_owned()))],   Int),
            (vec![Cell::Bytes(Some(vec![1]))],         Text),
            (vec![],                                   Int),
        ];
        for (cells, kind) in strange {
            let refused = Cells(cells.clone()).of("t", &[kind]);
            assert!(matches!(refused, Err(StoreError::Inconsistent(_))), "{cells:?} as {kind:?}");
        }
    }
}
