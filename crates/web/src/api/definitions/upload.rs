//! Takes the body of an `apply`: a small one in memory, a large one in a file without a name, a few of those at a time.

use super::envelope::{self, Envelope, Unreadable};
use crate::api::input::{parse_large, unreadable};
use crate::api::parameters::Parameters;
use crate::app::App;
use crate::body::{self, BodyError, JSON, Sink};
use crate::problem::Problem;
use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use dayend_service::requests::{Refusal, SourceFile};
use dayend_wire::definitions::ApplyRequest;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A body up to this size stays in memory.
const SMALL_MAX_BYTES: usize = 256 << 10;
/// So many larger ones are taken, read and stored at the same time; others wait before they are read.
const LARGE_AT_ONCE: usize = 2;
static LARGE: Semaphore = Semaphore::const_new(LARGE_AT_ONCE);
/// How long a body may take to arrive, the waiting included.
const ARRIVAL_LIMIT: Duration = Duration::from_mins(5);

/// What an `apply` brought.
pub(super) struct Upload {
    pub(super) files: Vec<SourceFile>,
    pub(super) dry_run: bool,
    /// Held until it is stored.
    _turn: Option<SemaphorePermit<'static>>,
}

/// Takes a body.
pub(super) async fn take(app: &App, request: Request) -> Result<Upload, Problem> {
    let (parts, body) = request.into_parts();
    Parameters::read(&parts.uri, &[])?;
    body::require(&parts.headers, JSON)?;
    let limit_bytes = app.settings.definitions_limit_bytes;
    let mut spool = Spool::new(app.settings.spool_dir.clone());
    body::each(&parts.headers, body, limit_bytes, ARRIVAL_LIMIT, &mut spool).await?;
    spool.finish().await
}

/// What there is of a body.
struct Spool {
    dir: PathBuf,
    held: BytesMut,
    file: Option<tokio::fs::File>,
    turn: Option<SemaphorePermit<'static>>,
    failed: Option<std::io::Error>,
}

impl Spool {
    fn new(dir: PathBuf) -> Self {
        Self { dir, held: BytesMut::new(), file: None, turn: None, failed: None }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if self.turn.is_none() {
            self.turn = LARGE.acquire().await.ok();
        }
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            // It never has a name, so that nothing is left of it, whatever happens.
            let file = tempfile::tempfile_in(&self.dir)?;
            self.file.insert(tokio::fs::File::from_std(file))
        };
        file.write_all(&self.held).await?;
        self.held.clear();
        Ok(())
    }

    async fn finish(mut self) -> Result<Upload, Problem> {
        if self.file.is_some() && self.failed.is_none() {
            self.failed = self.flush().await.err();
        }
        let Some(mut file) = self.file.filter(|_| self.failed.is_none()) else {
            return match self.failed {
                Some(error) => Err(lost(&error)),
                None => held(&self.held),
            };
        };
        file.flush().await.map_err(|error| lost(&error))?;
        file.rewind().await.map_err(|error| lost(&error))?;
        let file = file.into_std().await;
        let read = tokio::task::spawn_blocking(move || envelope::read(file)).await;
        match read {
            Ok(Ok(Envelope { files, dry_run })) => Ok(Upload { files, dry_run, _turn: self.turn }),
            Ok(Err(Unreadable::Bad(problem))) => Err(unreadable(&problem)),
            Ok(Err(Unreadable::Lost(error))) => Err(lost(&error)),
            Err(error) => Err(lost(&error)),
        }
    }
}

impl Sink for Spool {
    async fn take(&mut self, data: Bytes) -> Result<(), BodyError> {
        self.held.extend_from_slice(&data);
        if self.held.len() > SMALL_MAX_BYTES && self.failed.is_none() {
            self.failed = self.flush().await.err();
        }
        if self.failed.is_some() {
            self.held.clear();
        }
        Ok(())
    }
}

fn held(bytes: &[u8]) -> Result<Upload, Problem> {
    let ApplyRequest { files, dry_run } = parse_large(bytes)?;
    let files =
        files.into_iter().map(|file| SourceFile { name: file.name, text: file.text.into() });
    Ok(Upload { files: files.collect(), dry_run, _turn: None })
}

fn lost(error: &dyn std::fmt::Display) -> Problem {
    Refusal::Unavailable(format!("the definitions could not be spooled: {error}")).into()
}
