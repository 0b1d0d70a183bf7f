//! What the history says about files; never a secret.

use super::error::{Denied, FileError};
use super::exchange::Exchange;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, HistoryRecord, Outcome, Write};
use serde_json::{Value, json};
use std::sync::Arc;

/// One event in a scope.
pub(super) struct Event<'a> {
    pub(super) what: &'static str,
    pub(super) actor: &'a str,
    pub(super) scope: &'a Scope,
    /// More than the scope.
    pub(super) detail: Value,
}

impl Event<'_> {
    fn record(self, at: Timestamp) -> HistoryRecord {
        let Scope { tenant, service, workspace } = self.scope;
        let mut detail = json!({ "tenant": tenant, "service": service, "workspace": workspace });
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), self.detail) {
            detail.extend(more);
        }
        HistoryRecord {
            run: None,
            at,
            actor: self.actor.to_owned(),
            event: self.what.to_owned(),
            detail: detail.to_string(),
        }
    }
}

impl Exchange {
    /// Writes changes with the event that they are, even if the caller goes away meanwhile; false: a guard did not hold.
    pub(super) async fn change(
        &self,
        documents: Vec<DocumentChange>,
        event: Event<'_>,
    ) -> Result<bool, FileError> {
        let history = event.record(self.clock.now());
        self.write(Write::Change { documents, with: Box::new(Write::Audit { history }) }).await
    }

    /// Writes an event that changes nothing.
    pub(super) async fn note(&self, event: Event<'_>) -> Result<(), FileError> {
        let history = event.record(self.clock.now());
        self.write(Write::Audit { history }).await.map(drop)
    }

    async fn write(&self, write: Write) -> Result<bool, FileError> {
        let writer = Arc::clone(&self.writer);
        let writing = tokio::spawn(async move { writer.write(write).await });
        match writing.await {
            Ok(Ok(outcome)) => Ok(outcome == Outcome::Applied),
            Ok(Err(error)) => Err(FileError::Unavailable(error.to_string())),
            Err(error) => Err(FileError::Unavailable(error.to_string())),
        }
    }

    /// Notes that a link did not give what was asked of it.
    pub(super) async fn note_denied(&self, scope: &Scope, link: &str, denied: Denied) {
        let detail = json!({ "link": link, "reason": denied.word() });
        self.note_in_part(Event { what: "file-refused", actor: "anonymous", scope, detail }).await;
    }

    /// Notes what anybody can make happen: of a flood, some, and how many there were.
    pub(super) async fn note_in_part(&self, mut event: Event<'_>) {
        let Some(left_out) = self.refusals.admit(self.clock.now()) else { return };
        if let (Some(detail), 1..) = (event.detail.as_object_mut(), left_out) {
            detail.insert("left_out_before".to_owned(), left_out.into());
        }
        if let Err(error) = self.note(event).await {
            tracing::error!(%error, "a refusal could not be recorded");
        }
    }
}
