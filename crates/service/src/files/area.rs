//! The exchange as attempts of tasks see it.

use super::error::FileError;
use super::exchange::Exchange;
use super::incoming::{Incoming, Put};
use super::outgoing::{FileFound, FileShown};
use async_trait::async_trait;
use dayend_engine::codes::Scope;
use dayend_executor::Executors;
use dayend_executor::files::{AreaError, AreaFile, AreaReader, AreaWriter, FileArea, Origin};
use dayend_files::{ByteStream, FileName, Prefix};
use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files that are listed together.
const PAGE: u32 = 500;
/// What the file of an attempt is described with.
const RUN: &str = "dayend-run";
const TASK: &str = "dayend-task";
const GENERATION: &str = "dayend-generation";

/// Attempts find their files in the exchange from now on, and those that wait hear of files that come.
pub fn serve_attempts(executors: &Arc<Executors>, exchange: &Arc<Exchange>) {
    // Each has the other: one of the two must not keep the other one alive.
    let listener = Arc::downgrade(executors);
    exchange.tell_of_arrivals(Box::new(move |scope, name| {
        if let Some(executors) = listener.upgrade() {
            executors.file_arrived(scope, name.as_str());
        }
    }));
    executors.use_files(Arc::new(Area(Arc::clone(exchange))));
}

struct Area(Arc<Exchange>);

#[async_trait]
impl FileArea for Area {
    async fn find(&self, scope: &Scope, name: &str) -> Result<Option<AreaFile>, AreaError> {
        let found = self.0.find(scope, &named(name)?).await.map_err(|error| refused(&error))?;
        Ok(found.map(|found| shown(&found.shown)))
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<AreaFile>, AreaError> {
        let prefix = Prefix::new(prefix).map_err(|error| AreaError::Refused(error.to_string()))?;
        let files =
            self.0.list(scope, &prefix, after, PAGE).await.map_err(|error| refused(&error))?;
        Ok(files.iter().map(shown).collect())
    }

    async fn read(
        &self,
        scope: &Scope,
        name: &str,
        origin: &Origin,
    ) -> Result<Option<(AreaFile, Box<dyn AreaReader>)>, AreaError> {
        let Some(found) =
            self.0.find(scope, &named(name)?).await.map_err(|error| refused(&error))?
        else {
            return Ok(None);
        };
        let noted = self.0.note_download(scope, &actor(origin), &found.shown, None).await;
        noted.map_err(|error| refused(&error))?;
        let FileFound { shown: file, .. } = &found;
        let bytes = Bytes(found.read(0..file.size_bytes).await.map_err(|error| refused(&error))?);
        Ok(Some((shown(file), Box::new(bytes))))
    }

    async fn write(
        &self,
        scope: &Scope,
        name: &str,
        size_bytes: u64,
        origin: &Origin,
    ) -> Result<Box<dyn AreaWriter>, AreaError> {
        let name = named(name)?;
        let mut put = Put::new(scope.clone(), name.clone(), &actor(origin));
        put.declared_bytes = Some(size_bytes);
        put.described.meta = marks(origin);
        let marks = put.described.meta.clone();
        let mut incoming = self.0.begin(put).await.map_err(|error| refused(&error))?;
        if size_bytes == 0 {
            incoming.all_came();
        }
        let exchange = Arc::clone(&self.0);
        let scope = scope.clone();
        let (sum, rest) = (Sha256::new(), size_bytes);
        Ok(Box::new(Draft { exchange, scope, name, marks, incoming, sum, rest }))
    }
}

struct Bytes(ByteStream);

#[async_trait]
impl AreaReader for Bytes {
    async fn next(&mut self) -> Result<Option<bytes::Bytes>, AreaError> {
        self.0.try_next().await.map_err(|error| refused(&error.into()))
    }
}

/// A file that an attempt leaves, on its way in.
struct Draft {
    exchange: Arc<Exchange>,
    scope: Scope,
    name: FileName,
    marks: BTreeMap<String, String>,
    incoming: Incoming,
    sum: Sha256,
    /// Bytes that are still to come.
    rest: u64,
}

#[async_trait]
impl AreaWriter for Draft {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), AreaError> {
        self.sum.update(bytes);
        self.incoming.write(bytes).await.map_err(|error| refused(&error))?;
        self.rest = self.rest.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.rest == 0 {
            self.incoming.all_came();
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<AreaFile, AreaError> {
        let Self { exchange, scope, name, marks, incoming, sum, .. } = *self;
        let sum = dayend_files::Sha256Sum(sum.finalize().into()).to_hex();
        let there = exchange.find(&scope, &name).await.map_err(|error| refused(&error))?;
        let is_same = |there: &FileShown| there.sha256 == sum && has(&there.described.meta, &marks);
        match there.filter(|there| is_same(&there.shown)) {
            Some(there) => Ok(shown(&there.shown)),
            None => {
                incoming.finish().await.map(|file| shown(&file)).map_err(|error| refused(&error))
            }
        }
    }
}

fn marks(origin: &Origin) -> BTreeMap<String, String> {
    let Origin { run, task, generation } = origin;
    let marks = [(RUN, run.clone()), (TASK, task.clone()), (GENERATION, generation.to_string())];
    marks.map(|(name, value)| (name.to_owned(), value)).into()
}

fn has(meta: &BTreeMap<String, String>, marks: &BTreeMap<String, String>) -> bool {
    marks.iter().all(|(name, value)| meta.get(name) == Some(value))
}

fn actor(origin: &Origin) -> String {
    format!("{}/{}", origin.run, origin.task)
}

fn named(name: &str) -> Result<FileName, AreaError> {
    FileName::new(name).map_err(|error| AreaError::Refused(error.to_string()))
}

fn shown(file: &FileShown) -> AreaFile {
    AreaFile {
        name: file.name.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
        changed_at: file.modified_at,
    }
}

/// Whether it is worth while to ask again.
fn refused(error: &FileError) -> AreaError {
    let problem = error.to_string();
    match error {
        FileError::Damaged(how) => {
            AreaError::Refused(format!("is damaged where it is kept: {how}"))
        }
        FileError::Busy | FileError::Conflict(_) | FileError::Unavailable(_) => {
            AreaError::NotNow(problem)
        }
        FileError::Name(_)
        | FileError::Invalid(_)
        | FileError::NotFound { .. }
        | FileError::Denied(_)
        | FileError::TooLarge { .. }
        | FileError::Size { .. }
        | FileError::Checksum(_)
        | FileError::Condition(_)
        | FileError::Quota(_)
        | FileError::Full => AreaError::Refused(problem),
    }
}
