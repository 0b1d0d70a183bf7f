//! SQLite as a [`Database`].

use crate::database::Database;
use crate::port::{CommitError, Group, Outcome, StoreError, Verified};
use crate::session::{Stored, Work};
use crate::sqlite::error::store_error;
use crate::sqlite::exec::arguments;
use crate::sqlite::open::SqliteStore;
use crate::sqlite::verify;
use crate::values::Value;
use crate::work::{Apply, Settle};

impl Database for SqliteStore {
    async fn find<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        let asked = sqlx::query_as_with(sql, arguments(values)?);
        asked.fetch_optional(&self.shared.readers).await.map_err(store_error)
    }

    async fn list<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let asked = sqlx::query_as_with(sql, arguments(values)?);
        asked.fetch_all(&self.shared.readers).await.map_err(store_error)
    }

    async fn write<W: Work>(&self, work: W) -> Result<W::Done, CommitError> {
        let mut turn = self.shared.writer.begin().await.map_err(CommitError::NotDone)?;
        match work.run(turn.connection()).await {
            Err(error) => {
                turn.rollback().await;
                Err(CommitError::NotDone(error))
            }
            Ok(done) => turn.commit().await.map(|()| done).map_err(CommitError::Unknown),
        }
    }

    /// A file is at hand: what became of a commit that failed is looked up at once.
    async fn commit(&self, group: Group) -> Result<Vec<Outcome>, CommitError> {
        let id = group.id;
        match self.write(Apply(group)).await {
            Err(CommitError::Unknown(error)) => match self.write(Settle(id)).await {
                Ok(Some(outcomes)) => Ok(outcomes),
                Ok(None) => Err(CommitError::NotDone(error)),
                Err(_) => Err(CommitError::Unknown(error)),
            },
            settled => settled,
        }
    }

    async fn verify(&self) -> Result<Verified, StoreError> {
        verify::verify(&self.shared).await
    }

    async fn close(&self) {
        self.shared.close().await;
    }
}
