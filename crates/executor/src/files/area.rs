//! What attempts need of the file exchange.

use crate::port::Attempt;
use async_trait::async_trait;
use bytes::Bytes;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;

/// A file that is there, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaFile {
    pub name: String,
    pub size_bytes: u64,
    /// In hex.
    pub sha256: String,
    /// When it was put there, or replaced.
    pub changed_at: Timestamp,
}

/// Why the exchange did not do what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// Asked again it would say the same.
    #[error("{0}")]
    Refused(String),
    /// Later it may be different.
    #[error("{0}")]
    NotNow(String),
}

/// Which attempt reads or leaves a file; the same for all retries, so that the same bytes are the same version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub run: String,
    pub task: String,
    pub generation: u32,
}

impl Origin {
    /// The origin of what an attempt leaves.
    pub(crate) fn of(attempt: &Attempt) -> Self {
        let (run, task) = (attempt.run_id.to_string(), attempt.code().to_owned());
        Self { run, task, generation: attempt.generation }
    }
}

/// The files of all scopes. Nothing here is visible before it is whole.
#[async_trait]
pub trait FileArea: Send + Sync {
    /// The file of this name.
    async fn find(&self, scope: &Scope, name: &str) -> Result<Option<AreaFile>, AreaError>;

    /// Some of the files whose names begin so and come after `after`, by name; none if there are no more.
    async fn list(
        &self,
        scope: &Scope,
        prefix: &str,
        after: &str,
    ) -> Result<Vec<AreaFile>, AreaError>;

    /// The file of this name and its bytes.
    async fn read(
        &self,
        scope: &Scope,
        name: &str,
        origin: &Origin,
    ) -> Result<Option<(AreaFile, Box<dyn AreaReader>)>, AreaError>;

    /// Begins a file of so many bytes.
    async fn write(
        &self,
        scope: &Scope,
        name: &str,
        size_bytes: u64,
        origin: &Origin,
    ) -> Result<Box<dyn AreaWriter>, AreaError>;
}

/// The bytes of a file on their way out.
#[async_trait]
pub trait AreaReader: Send {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, AreaError>;
}

/// The bytes of a file on their way in; given up when this is dropped.
#[async_trait]
pub trait AreaWriter: Send {
    /// Takes the next bytes.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), AreaError>;

    /// Makes the file visible, whole; without a change if the same attempt left the same bytes before.
    async fn finish(self: Box<Self>) -> Result<AreaFile, AreaError>;
}
