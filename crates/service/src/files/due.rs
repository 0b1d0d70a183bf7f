//! What has to be looked at when its time comes: bytes on their way in, bytes that nobody needs, unfinished uploads.

use super::documents::{self, Found, Place};
use super::error::FileError;
use super::records::{Due, DueRecord};
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, Store};

/// What is not complete after this time is given up.
const UNFINISHED_MS: u64 = 24 * 3600 * 1000;
/// Bytes in several pieces may still be read by somebody who began before they were replaced.
const LINGER_MS: u64 = 3600 * 1000;
/// It belongs to no tenant.
const NOBODY: &str = "";

/// When something that begins now is given up.
pub(super) fn unfinished_at(now: Timestamp) -> Timestamp {
    now.plus_ms(UNFINISHED_MS)
}

/// When bytes that become superfluous now are removed.
pub(super) fn garbage_at(now: Timestamp, pieces: usize) -> Timestamp {
    if pieces > 1 { now.plus_ms(LINGER_MS) } else { now }
}

/// The id of something due: sorted by time.
pub(super) fn id(at: Timestamp, what: &Due) -> String {
    let (Due::Arriving(name) | Due::Garbage(name) | Due::Upload(name)) = what;
    format!("{:020}-{name}", at.0.max(0))
}

/// Notes it.
pub(super) fn note(at: Timestamp, tenant: &str, what: Due) -> DocumentChange {
    let id = id(at, &what);
    documents::put(
        &Place::new(NOBODY, &id),
        Guard::Any,
        &DueRecord { tenant: tenant.to_owned(), what },
    )
}

/// Nothing is due any more, if it was not looked at yet.
pub(super) fn settle(id: &str) -> DocumentChange {
    documents::delete::<DueRecord>(NOBODY, id, Guard::Revision(1))
}

/// Whether something can still be settled: the sweeper has not claimed it.
pub(super) async fn is_open(store: &dyn Store, id: &str) -> Result<bool, FileError> {
    let found = documents::find::<DueRecord>(store, NOBODY, id).await?;
    Ok(found.is_some_and(|found| found.revision == 1))
}

/// Nothing is due any more.
pub(super) fn forget(id: &str) -> DocumentChange {
    documents::delete::<DueRecord>(NOBODY, id, Guard::Any)
}

/// Whoever still wants to settle it from now on is too late.
pub(super) fn claim(found: &Found<DueRecord>) -> DocumentChange {
    documents::put(&Place::new(NOBODY, &found.id), Guard::Revision(found.revision), &found.record)
}

/// What is due at `now`, after the id `after`.
pub(super) async fn list(
    store: &dyn Store,
    now: Timestamp,
    after: &str,
    limit: u32,
) -> Result<Vec<Found<DueRecord>>, FileError> {
    let end = format!("{:020}-~", now.0.max(0));
    let found = documents::list::<DueRecord>(store, (NOBODY, None), after, limit).await?;
    Ok(found.into_iter().take_while(|due| due.id <= end).collect())
}
