//! Reading rows one after the other, while what was read before is written elsewhere.

use crate::copy::cells::Cells;
use crate::port::StoreError;
use crate::postgres::session::PgSession;
use crate::session::Session;
use crate::{postgres, sqlite};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::{FromRow as _, SqliteConnection};

/// A session that can be read from row by row; it never holds more than a few rows.
pub(super) trait Source: Session + 'static {
    /// The rows as they come.
    fn rows(&mut self, sql: &'static str) -> BoxStream<'_, Result<Cells, StoreError>>;
}

impl Source for SqliteConnection {
    fn rows(&mut self, sql: &'static str) -> BoxStream<'_, Result<Cells, StoreError>> {
        let rows = sqlx::query(sql).fetch(self);
        let cells = rows.map(|row| row.and_then(|row| Cells::from_row(&row)));
        cells.map(|cells| cells.map_err(sqlite::store_error)).boxed()
    }
}

impl Source for PgSession {
    fn rows(&mut self, sql: &'static str) -> BoxStream<'_, Result<Cells, StoreError>> {
        let rows = sqlx::query(sql).fetch(self.connection());
        let cells = rows.map(|row| row.and_then(|row| Cells::from_row(&row)));
        cells.map(|cells| cells.map_err(postgres::store_error)).boxed()
    }
}
