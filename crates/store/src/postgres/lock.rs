//! One process per database: an advisory lock of the very session that writes. As the server lets it go only when that
//! session and its last transaction have ended, whoever holds it knows that nothing of an earlier session can still
//! come: neither of another process nor, after a lost connection, of this one.

use crate::dialect::{END_LOST_POSTGRES, LOCK_POSTGRES};
use crate::port::StoreError;
use crate::postgres::session::{Backend, PgSession};
use std::time::Duration;
use tokio::time::Instant;

/// Ours among the advisory locks of a database; the schema's number stands behind it.
const LOCK: i64 = 0x4461_7945 << 32;
/// How often the lock is asked for while another session holds it.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock within `limit`. A session of ours whose connection was lost is ended first.
pub(crate) async fn take(
    session: &mut PgSession,
    lost: Option<Backend>,
    limit: Duration,
    shown: &str,
) -> Result<(), StoreError> {
    let until = Instant::now() + limit;
    loop {
        let key = LOCK | session.schema;
        let taken: Option<(bool,)> = session.find_driver(LOCK_POSTGRES, &[key.into()]).await?;
        if taken.is_some_and(|(taken,)| taken) {
            return Ok(());
        }
        if let Some(Backend { pid, started_at }) = lost {
            let values = [pid.into(), started_at.into()];
            let _: Option<(bool,)> = session.find_driver(END_LOST_POSTGRES, &values).await?;
        }
        if Instant::now() >= until {
            return Err(StoreError::InUse(format!(
                "the database {shown} is in use by another Dayend process"
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
