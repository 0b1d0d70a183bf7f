//! A running server notices that its keys were changed, and puts down in the audit who did it.

use super::ring::KeyChange;
use super::signing_keys::Looked;
use crate::audit;
use crate::identity::Identity;
use crate::model::{Document, put};
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, StoreError, Write};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// How far the audit knows the changes of the keys.
#[derive(Debug, Default, Serialize, Deserialize)]
struct KeysRecorded {
    number: u64,
}

impl Document for KeysRecorded {
    const KIND: &'static str = "keys-recorded";
}

impl Identity {
    /// Takes up keys that were changed on the disk, lets the key sign whose turn it is, and records what was done to them.
    /// Called at start and every few seconds.
    pub async fn refresh_keys(&self, now: Timestamp) {
        let keys = Arc::clone(&self.keys);
        let looked = tokio::task::spawn_blocking(move || keys.signing.look(now)).await;
        match looked {
            Ok(Looked::Exchanged) => {
                // A key may have been retired at once: what it signed is looked at again.
                self.verified.clear();
                self.forget_cached();
                tracing::info!("the signing keys have changed");
            }
            Ok(Looked::Unchanged | Looked::Unreadable) => {}
            Err(error) => tracing::error!(%error, "the keys could not be looked at"),
        }
        if let Err(error) = self.record_key_changes(now).await {
            tracing::warn!(%error, "changes of the keys are not in the audit yet; it is tried again");
        }
    }

    async fn record_key_changes(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut recorded = self.keys_recorded.lock().await;
        if self.keys.signing.changes_since(*recorded).is_empty() {
            return Ok(());
        }
        let kept = self.document::<KeysRecorded>("", ID).await?;
        let mut guard = kept.as_ref().map_or(Guard::Absent, |kept| Guard::Revision(kept.revision));
        *recorded = kept.map_or(0, |kept| kept.value.number);
        for change in self.keys.signing.changes_since(*recorded) {
            let number = change.number;
            let document = put(("", ID), &KeysRecorded { number }, None, None, guard);
            let with = Box::new(Write::Audit { history: history(&change, now) });
            let written = self.write(Write::Change { documents: vec![document], with }).await;
            let outcome = written.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            // Another server of the same database was faster: the next look finds where it has got to.
            if outcome == dayend_store::port::Outcome::LostRace {
                return Ok(());
            }
            *recorded = number;
            guard = match guard {
                Guard::Revision(revision) => Guard::Revision(revision + 1),
                Guard::Absent | Guard::Any => Guard::Revision(1),
            };
        }
        Ok(())
    }
}

/// There is one such document.
const ID: &str = "keys";

fn history(change: &KeyChange, now: Timestamp) -> dayend_store::port::HistoryRecord {
    let detail = json!({
        "action": change.action, "kid": change.kid, "at": change.at, "effective": change.effective,
    });
    audit::record(&change.by, "signing-key", &detail, now)
}
