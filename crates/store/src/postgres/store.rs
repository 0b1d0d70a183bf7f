//! PostgreSQL as a [`Database`].

use crate::database::Database;
use crate::port::{CommitError, StoreError, Verified};
use crate::postgres::error::store_error;
use crate::postgres::open::PostgresStore;
use crate::postgres::session::{arguments, within};
use crate::postgres::verify;
use crate::session::{Stored, Work};
use crate::values::Value;
use std::sync::Arc;
use std::time::Duration;

/// How much longer than the limits of a connection and a statement together a read may take.
const GRACE: Duration = Duration::from_secs(2);

impl Database for PostgresStore {
    async fn find<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        let (arguments, readers) = (arguments(values)?, self.shared.readers.clone());
        self.read(async move { sqlx::query_as_with(sql, arguments).fetch_optional(&readers).await })
            .await
    }

    async fn list<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let (arguments, readers) = (arguments(values)?, self.shared.readers.clone());
        self.read(async move { sqlx::query_as_with(sql, arguments).fetch_all(&readers).await })
            .await
    }

    async fn write<W: Work>(&self, work: W) -> Result<W::Done, CommitError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move { shared.writer.write(&work).await });
        task.await.unwrap_or_else(|error| Err(CommitError::Unknown(cut_short(&error))))
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        verify::verify(&self.shared).await
    }

    async fn close(&self) {
        self.shared.close().await;
    }
}

impl PostgresStore {
    /// Reads in a task of its own: a caller who gives up leaves no half-read answer on the connection.
    async fn read<T: Send + 'static>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let limits = self.shared.address.limits();
        let limit = limits.connect_timeout + limits.statement_timeout + GRACE;
        match tokio::spawn(within(Some(limit), answer)).await {
            Ok(answered) => answered.map_err(store_error),
            Err(error) => Err(cut_short(&error)),
        }
    }
}

fn cut_short(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(format!("the work was cut short ({error})"))
}
