//! SQLite as a [`Database`].

use crate::database::Database;
use crate::dialect::BEGIN_READ_SQLITE;
use crate::port::{CommitError, Group, Outcome, StoreError, Verified};
use crate::session::{Session as _, Stored, Work};
use crate::sqlite::connect::Access;
use crate::sqlite::open::SqliteStore;
use crate::values::Value;
use crate::verify::check;
use crate::work::{Apply, Settle};
use futures_util::FutureExt as _;

impl Database for SqliteStore {
    async fn find<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<T>, StoreError> {
        self.shared.readers.read(values, move |held, values| at_once(held.find(sql, values))).await
    }

    async fn list<T: Stored>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.shared.readers.read(values, move |held, values| at_once(held.list(sql, values))).await
    }

    async fn write<W: Work>(&self, work: W) -> Result<W::Done, CommitError> {
        self.shared.writer.write(work).await
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

    async fn usable(&self) -> Result<(), StoreError> {
        self.shared.place.look()
    }

    /// On a connection of its own, which sees one instant.
    async fn verify(&self) -> Result<Verified, StoreError> {
        let place = self.shared.place.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let mut held = place.connect(Access::Read)?;
            held.plain(BEGIN_READ_SQLITE)?;
            at_once(check(&mut held))
        });
        let cut_short =
            |error| StoreError::Unavailable(format!("the check was cut short ({error})"));
        checked.await.map_err(cut_short)?
    }

    async fn close(&self) {
        self.shared.close().await;
    }
}

/// What a connection on this thread answers.
fn at_once<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("statements on this thread never wait")
}
