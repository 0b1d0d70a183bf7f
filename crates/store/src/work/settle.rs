//! Whether a group was committed.

use crate::commits::{self, Outcomes};
use crate::partitions;
use crate::port::{GroupId, Outcome, StoreError};
use crate::session::{Session, Work};

/// What became of the group's writes, for good. When a disk refused to flush a commit, SQLite's pages may stand in the log
/// all the same, and a crash would bring them back: so `None` is answered only after another write was flushed over them.
pub(crate) struct Settle(pub(crate) GroupId);

impl Work for Settle {
    type Done = Option<Vec<Outcome>>;

    async fn run<S: Session>(&self, session: &mut S) -> Result<Self::Done, StoreError> {
        let found: Option<Outcomes> = session.find(commits::FIND, &[self.0.0.into()]).await?;
        if found.is_none() {
            session.execute(partitions::SETTLE, &[]).await?;
        }
        Ok(found.map(|Outcomes(outcomes)| outcomes))
    }
}
