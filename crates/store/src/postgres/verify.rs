//! `verify`: a session of its own that sees one instant, while the server goes on.

use crate::dialect::BEGIN_READ_POSTGRES;
use crate::port::{StoreError, Verified};
use crate::postgres::address::Purpose;
use crate::postgres::open::Shared;
use crate::session::Session as _;
use crate::verify::check;

/// Checks the whole database on a session of its own.
pub(crate) async fn verify(shared: &Shared) -> Result<Verified, StoreError> {
    let mut session = shared.address.connect(Purpose::Check).await?;
    session.execute(BEGIN_READ_POSTGRES, &[]).await?;
    let verified = check(&mut session).await;
    session.close().await;
    verified
}
