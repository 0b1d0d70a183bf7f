//! `verify`: a connection of its own that sees one instant.

use crate::dialect::BEGIN_READ_SQLITE;
use crate::port::{StoreError, Verified};
use crate::session::Session as _;
use crate::sqlite::error::store_error;
use crate::sqlite::open::Shared;
use crate::verify::check;
use sqlx::{ConnectOptions as _, Connection as _};

/// Checks the whole database on a connection of its own.
pub(crate) async fn verify(shared: &Shared) -> Result<Verified, StoreError> {
    let mut connection = shared.reading.connect().await.map_err(store_error)?;
    connection.execute(BEGIN_READ_SQLITE, &[]).await?;
    let verified = check(&mut connection).await;
    connection.close().await.map_err(store_error)?;
    verified
}
