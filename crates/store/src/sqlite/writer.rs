//! The only connection that writes. Whoever writes takes it out and puts it back only when no transaction is left open
//! on it; a connection that is not put back is closed, which takes its transaction back, and the next turn opens another.

use crate::dialect::{BEGIN_WRITE_SQLITE, COMMIT, ROLLBACK};
use crate::port::StoreError;
use crate::session::Session as _;
use crate::sqlite::error::store_error;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

/// The writer's connection.
pub(crate) struct Writer {
    /// None: the store was opened for reading.
    options: Option<SqliteConnectOptions>,
    seat: Mutex<Seat>,
}

enum Seat {
    Ready(SqliteConnection),
    /// It must be opened (again).
    Empty,
    Closed,
}

impl Writer {
    /// A writer with its first connection.
    pub(crate) fn new(options: SqliteConnectOptions, first: SqliteConnection) -> Self {
        Self { options: Some(options), seat: Mutex::new(Seat::Ready(first)) }
    }

    /// A writer that refuses.
    pub(crate) fn refusing() -> Self {
        Self { options: None, seat: Mutex::new(Seat::Empty) }
    }

    /// Waits for its turn and begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Turn<'_>, StoreError> {
        let Some(options) = &self.options else {
            return Err(StoreError::Unsupported(
                "the database was opened for reading only".to_owned(),
            ));
        };
        let mut seat = self.seat.lock().await;
        let mut connection = match std::mem::replace(&mut *seat, Seat::Empty) {
            Seat::Ready(connection) => connection,
            Seat::Empty => options.connect().await.map_err(store_error)?,
            Seat::Closed => {
                *seat = Seat::Closed;
                return Err(StoreError::Unavailable("it was closed".to_owned()));
            }
        };
        connection.execute(BEGIN_WRITE_SQLITE, &[]).await?;
        Ok(Turn { seat, connection })
    }

    /// Waits for the turn under way and closes the connection.
    pub(crate) async fn close(&self) {
        let mut seat = self.seat.lock().await;
        if let Seat::Ready(connection) = std::mem::replace(&mut *seat, Seat::Closed)
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database connection did not close cleanly");
        }
    }
}

/// One transaction of the writer. Dropping it takes the transaction back.
pub(crate) struct Turn<'w> {
    seat: MutexGuard<'w, Seat>,
    connection: SqliteConnection,
}

impl Turn<'_> {
    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Makes the transaction durable. After an error it is not open any more, but whether it was made durable is open.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        match self.connection.execute(COMMIT, &[]).await {
            Ok(_) => {
                self.put_back();
                Ok(())
            }
            Err(error) => {
                self.rollback().await;
                Err(error)
            }
        }
    }

    /// Takes the transaction back.
    pub(crate) async fn rollback(mut self) {
        // It fails where SQLite took the transaction back by itself; then only a new connection is above doubt.
        if self.connection.execute(ROLLBACK, &[]).await.is_ok() {
            self.put_back();
        }
    }

    fn put_back(self) {
        let Self { mut seat, connection } = self;
        *seat = Seat::Ready(connection);
    }
}
