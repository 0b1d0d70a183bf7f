//! PostgreSQL as a [`Database`].

use crate::database::Database;
use crate::port::{CommitError, StoreError, Verified};
use crate::postgres::open::PostgresStore;
use crate::postgres::session::arguments;
use crate::postgres::verify;
use crate::session::{Stored, Work};
use crate::values::Value;
use std::sync::Arc;

impl Database for PostgresStore {
    async fn find<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        self.shared.readers.find(sql, arguments(values)?).await
    }

    async fn list<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.shared.readers.list(sql, arguments(values)?).await
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

fn cut_short(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(format!("the work was cut short ({error})"))
}
