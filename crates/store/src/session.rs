//! A connection on which statements run, whatever the database.

use crate::columns::FromColumns;
use crate::many::Many;
use crate::port::StoreError;
use crate::values::{Row, Value};
use crate::verify::Defects;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

/// What can be read from the rows of each database.
pub(crate) trait Stored:
    for<'r> FromColumns<rusqlite::Row<'r>> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Stored for T where
    T: for<'r> FromColumns<rusqlite::Row<'r>> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// One connection.
pub(crate) trait Session: Send {
    /// Runs a statement and answers with the number of rows it touched.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The first row, if there is one.
    fn find<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<T>, StoreError>> + Send;

    /// All rows.
    fn list<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;

    /// Hands each row to `take` as it comes, so that no table has to fit into memory; a row that breaks our rules
    /// arrives as an error.
    fn each<T: Stored>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: impl FnMut(Result<T, StoreError>) + Send,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes many rows with as few statements as their number allows.
    fn execute_many<T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Like [`Session::execute_many`], for texts that answer with rows.
    fn list_many<R: Stored, T: Row<N>, const N: usize>(
        &mut self,
        many: &Many,
        rows: &[T],
    ) -> impl Future<Output = Result<Vec<R>, StoreError>> + Send;

    /// What the database itself can say about its state.
    fn own_checks(
        &mut self,
        defects: &mut Defects,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Statements that belong into one transaction. They may run again, after the database took an attempt back.
pub(crate) trait Work: Send + Sync + 'static {
    /// What the statements answer.
    type Done: Send + 'static;

    /// Runs the statements.
    fn run<S: Session>(
        &self,
        session: &mut S,
    ) -> impl Future<Output = Result<Self::Done, StoreError>> + Send;
}
