//! Where rows come from: read on a thread or task of its own, which is never more than a few chunks ahead of the writer.

use crate::PostgresStore;
use crate::copy::cells::Cells;
use crate::copy::tables::Shape;
use crate::dialect::BEGIN_READ_POSTGRES;
use crate::port::StoreError;
use crate::postgres::{self, Purpose};
use crate::session::Session as _;
use crate::sqlite::{Access, Place};
use futures_util::{FutureExt as _, TryStreamExt as _};
use sqlx::FromRow as _;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The most rows of a chunk.
const ROWS_MAX: usize = 512;
/// About how much memory it may take.
const ROWS_MAX_BYTES: usize = 1 << 20;
/// How many chunks may wait.
const CHUNKS_MAX: usize = 2;

/// A database that is read.
pub(super) enum Source {
    File(Place),
    Server(PostgresStore),
}

/// What comes from a source.
pub(super) enum Piece {
    Rows(Vec<Cells>),
    /// The table has no more rows. Without it, something went wrong.
    End,
}

pub(super) type Feed = mpsc::Receiver<Result<Piece, StoreError>>;
type Sender = mpsc::Sender<Result<Piece, StoreError>>;

impl Source {
    /// Begins to read a table.
    pub(super) fn feed(&self, runtime: &Handle, shape: Shape) -> Feed {
        let (sender, feed) = mpsc::channel(CHUNKS_MAX);
        match self {
            Self::File(place) => {
                let place = place.clone();
                runtime.spawn_blocking(move || {
                    let last = of_file(&place, shape, &sender).map(|()| Piece::End);
                    // Nobody listens after an error.
                    let _ = sender.blocking_send(last);
                });
            }
            Self::Server(store) => {
                let store = store.clone();
                runtime.spawn(async move {
                    let last = of_server(&store, shape, &sender).await.map(|()| Piece::End);
                    let _ = sender.send(last).await;
                });
            }
        }
        feed
    }
}

/// Rows that are sent together.
#[derive(Default)]
struct Chunk {
    rows: Vec<Cells>,
    bytes: usize,
}

impl Chunk {
    /// Takes a row; gives all of them when they are enough.
    fn add(&mut self, row: Cells) -> Option<Vec<Cells>> {
        self.bytes += row.size_bytes();
        self.rows.push(row);
        let full = self.rows.len() >= ROWS_MAX || self.bytes >= ROWS_MAX_BYTES;
        full.then(|| std::mem::take(self).rows)
    }
}

fn of_file(place: &Place, shape: Shape, sender: &Sender) -> Result<(), StoreError> {
    let mut held = place.connect(Access::Read)?;
    let (mut chunk, mut failed) = (Chunk::default(), None);
    let take = |row: Result<Cells, StoreError>| match row
        .and_then(|row| row.of(shape.name, shape.kinds))
    {
        Ok(row) => {
            if let Some(rows) = chunk.add(row) {
                let _ = sender.blocking_send(Ok(Piece::Rows(rows)));
            }
        }
        Err(error) => failed = failed.take().or(Some(error)),
    };
    let read = held.each(shape.read, &[], take).now_or_never();
    read.expect("statements on this thread never wait")?;
    let _ = sender.blocking_send(Ok(Piece::Rows(chunk.rows)));
    failed.map_or(Ok(()), Err)
}

async fn of_server(store: &PostgresStore, shape: Shape, sender: &Sender) -> Result<(), StoreError> {
    let mut session = store.shared.address.connect(Purpose::Check).await?;
    session.execute(BEGIN_READ_POSTGRES, &[]).await?;
    let mut chunk = Chunk::default();
    {
        let mut rows = sqlx::query(shape.read).fetch(session.connection());
        while let Some(row) = rows.try_next().await.map_err(postgres::store_error)? {
            let row = Cells::from_row(&row).map_err(postgres::store_error)?;
            if let Some(rows) = chunk.add(row.of(shape.name, shape.kinds)?) {
                let _ = sender.send(Ok(Piece::Rows(rows))).await;
            }
        }
    }
    let _ = sender.send(Ok(Piece::Rows(chunk.rows))).await;
    session.close().await;
    Ok(())
}
