//! A row of any table: what its columns hold, whatever they mean.

use crate::columns::{Column as _, FromColumns, broken};
use crate::port::StoreError;
use crate::values::{Owned, Row, Value};
use rusqlite::types::ValueRef;
use sqlx::postgres::PgRow;
use sqlx::{Column as _, FromRow, Row as _, TypeInfo as _, ValueRef as _};

/// What a column holds in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

/// What NULL is read as until the column's kind is known.
const NULL: Owned = Owned::Int(None);

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cells(Vec<Owned>);

impl Cells {
    /// The row as one of a table with these columns, the same from either database.
    pub(super) fn of(self, table: &str, kinds: &[Kind]) -> Result<Self, StoreError> {
        let wrong = || {
            StoreError::Inconsistent(format!("a row of `{table}` holds what does not belong there"))
        };
        if self.0.len() != kinds.len() {
            return Err(wrong());
        }
        let fitted = self.0.into_iter().zip(kinds).map(|(value, kind)| fit(value, *kind));
        fitted.collect::<Option<Vec<Owned>>>().map(Self).ok_or_else(wrong)
    }

    /// The values in order.
    pub(super) fn to_values(&self) -> Vec<Value<'_>> {
        self.0.iter().map(Owned::value).collect()
    }

    /// About how much memory the row takes.
    pub(super) fn size_bytes(&self) -> usize {
        let heap = |cell: &Owned| match cell {
            Owned::Int(_) | Owned::Bool(_) => 0,
            Owned::Text(text) => text.as_ref().map_or(0, String::len),
            Owned::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        };
        self.0.iter().map(|cell| size_of::<Owned>() + heap(cell)).sum()
    }
}

/// SQLite has no flags of its own, and its first hash of a chain is an empty text.
fn fit(value: Owned, kind: Kind) -> Option<Owned> {
    match (value, kind) {
        (Owned::Int(None), Kind::Text) => Some(Owned::Text(None)),
        (Owned::Int(None), Kind::Bytes) => Some(Owned::Bytes(None)),
        (Owned::Int(Some(flag @ (0 | 1))), Kind::Bool) => Some(Owned::Bool(flag == 1)),
        (Owned::Text(Some(text)), Kind::Bytes) if text.is_empty() => {
            Some(Owned::Bytes(Some(Vec::new())))
        }
        (value @ Owned::Int(_), Kind::Int)
        | (value @ Owned::Bool(_), Kind::Bool)
        | (value @ Owned::Text(_), Kind::Text)
        | (value @ Owned::Bytes(_), Kind::Bytes) => Some(value),
        (Owned::Int(_) | Owned::Bool(_) | Owned::Text(_) | Owned::Bytes(_), _) => None,
    }
}

impl<const N: usize> Row<N> for Cells {
    fn values(&self) -> [Value<'_>; N] {
        std::array::from_fn(|index| self.0.get(index).map_or(Value::Int(None), Owned::value))
    }
}

impl FromColumns<rusqlite::Row<'_>> for Cells {
    fn from_columns(row: &rusqlite::Row<'_>) -> Result<Self, sqlx::Error> {
        let value = |place: usize| {
            let value = row.get_ref(place).map_err(|error| broken(error.to_string()))?;
            // What the value is, not what its column was declared to be.
            match value {
                ValueRef::Null => Ok(NULL),
                ValueRef::Integer(number) => Ok(Owned::Int(Some(number))),
                ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) => Ok(Owned::Text(Some(text.to_owned()))),
                    Err(error) => Err(broken(format!("a text is not UTF-8: {error}"))),
                },
                ValueRef::Blob(bytes) => Ok(Owned::Bytes(Some(bytes.to_vec()))),
                ValueRef::Real(_) => Err(unknown("REAL")),
            }
        };
        let columns = row.as_ref().column_count();
        (0..columns).map(value).collect::<Result<_, _>>().map(Self)
    }
}

impl<'r> FromRow<'r, PgRow> for Cells {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let cell = |column: &sqlx::postgres::PgColumn| {
            if row.try_get_raw(column.ordinal())?.is_null() {
                return Ok(NULL);
            }
            match column.type_info().name() {
                "INT8" => row.try_get(column.ordinal()).map(Owned::Int),
                "BOOL" => row.try_get(column.ordinal()).map(Owned::Bool),
                "TEXT" => Option::<String>::read(row, column.name()).map(Owned::Text),
                "BYTEA" => row.try_get(column.ordinal()).map(Owned::Bytes),
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
            Owned::Int(Some(7)),
            Owned::Int(Some(1)),
            Owned::Text(Some(String::new())),
            NULL,
            NULL,
        ]);
        let of_postgres = Cells(vec![
            Owned::Int(Some(7)),
            Owned::Bool(true),
            Owned::Bytes(Some(Vec::new())),
            NULL,
            NULL,
        ]);
        let kinds = [Int, Bool, Bytes, Text, Int];
        let (one, other) = (of_sqlite.of("t", &kinds), of_postgres.of("t", &kinds));
        assert_eq!(one.unwrap(), other.unwrap());
        #[rustfmt::skip]
        let strange = [
            (vec![Owned::Int(Some(2))],                 Bool),
            (vec![NULL],                               Bool),
            (vec![Owned::Text(Some("x".to_owned()))],   Bytes),
            (vec![Owned::Text(Some("x".to_owned()))],   Int),
            (vec![Owned::Bytes(Some(vec![1]))],         Text),
            (vec![],                                   Int),
        ];
        for (cells, kind) in strange {
            let refused = Cells(cells.clone()).of("t", &[kind]);
            assert!(matches!(refused, Err(StoreError::Inconsistent(_))), "{cells:?} as {kind:?}");
        }
    }
}
