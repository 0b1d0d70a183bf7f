//! One commit, and finding out what became of it when the answer is lost.

use dayend_store::port::{CommitError, Group, GroupId, Outcome, Store};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The longest pause between two attempts to commit or to load.
pub(super) const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// The first pause.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// How long callers wait for a commit; then they are told that it is not known yet.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a commit came to.
pub(super) enum Committed {
    Done(Vec<Outcome>),
    NotDone(String),
}

/// The result of the commit under way; never, if there is none.
pub(super) async fn join(commit: &mut Option<JoinHandle<Committed>>) -> Committed {
    match commit {
        Some(task) => task
            .await
            .unwrap_or_else(|error| Committed::NotDone(format!("the commit failed: {error}"))),
        None => std::future::pending().await,
    }
}

/// Commits a group. `doubt` is told when the store takes long, or does not even say what became of it.
pub(super) async fn commit(
    store: Arc<dyn Store>,
    group: Group,
    pause: Duration,
    doubt: Arc<Notify>,
) -> Committed {
    let id = group.id;
    // Should the store panic, the group may be on disk all the same.
    let mut committing = pin!(AssertUnwindSafe(store.commit(group)).catch_unwind());
    let answer = if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut committing).await {
        answer
    } else {
        tracing::warn!(group = id.0, "the database takes long to answer a commit");
        doubt.notify_one();
        committing.await
    };
    let lost = match answer {
        Ok(Ok(outcomes)) => return Committed::Done(outcomes),
        Ok(Err(CommitError::NotDone(error))) => return Committed::NotDone(error.to_string()),
        Ok(Err(CommitError::Unknown(error))) => error.to_string(),
        Err(_) => "the store panicked".to_owned(),
    };
    tracing::warn!(group = id.0, "the answer to a commit was lost: {lost}");
    settle(store.as_ref(), id, pause, &doubt).await
}

/// Asks until the store says what became of a group: it is never sent again blindly.
async fn settle(store: &dyn Store, id: GroupId, mut pause: Duration, doubt: &Notify) -> Committed {
    loop {
        match store.was_committed(id).await {
            Ok(Some(outcomes)) => return Committed::Done(outcomes),
            Ok(None) => {
                return Committed::NotDone(
                    "the database lost the connection before the commit".to_owned(),
                );
            }
            Err(error) => {
                tracing::warn!(group = id.0, "the fate of a commit is not known yet: {error}");
                doubt.notify_one();
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
}
