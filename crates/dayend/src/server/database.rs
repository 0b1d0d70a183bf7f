//! Opening the data directory's database.

use super::directory::Directory;
use super::failure::Failure;
use dayend_store::SqliteStore;
use dayend_store::port::{Store, StoreError};
use std::sync::Arc;

/// Opens the database for this process alone.
pub(super) async fn open(directory: &Directory) -> Result<Arc<dyn Store>, Failure> {
    // Boxed: the future of opening is large, and every command would carry it.
    match Box::pin(SqliteStore::open(&directory.database())).await {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(failure(directory, &error)),
    }
}

/// Opens the database as it is: nothing is written, not even a newer schema.
pub(super) async fn open_read_only(directory: &Directory) -> Result<Arc<dyn Store>, Failure> {
    match Box::pin(SqliteStore::open_read_only(&directory.database())).await {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(failure(directory, &error)),
    }
}

/// What a failing database means for a server command.
pub(super) fn failure(directory: &Directory, error: &StoreError) -> Failure {
    let shown = directory.root().display();
    match error {
        StoreError::InUse(_) => Failure::in_use(format!(
            "another Dayend process uses the data directory {shown}: stop it first"
        )),
        StoreError::Unavailable(problem)
        | StoreError::Inconsistent(problem)
        | StoreError::Unsupported(problem) => {
            Failure::cannot_serve(format!("the database in {shown} cannot be used: {problem}"))
        }
    }
}
