//! Who is there: read from the audit, in which everybody's making is recorded.

use super::super::failure::Failure;
use super::super::offline::Offline;
use dayend_store::port::Partition;
use serde_json::Value;
use std::collections::BTreeSet;

/// Records read at a time.
const PAGE: u32 = 2000;

/// The values of `key` in all records of `event` about the tenant, sorted.
pub(super) async fn names(
    offline: &Offline,
    tenant: &str,
    event: &str,
    key: &str,
) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    let mut after = 0;
    loop {
        let page = offline.store.history(Partition(0), None, after, PAGE).await;
        let page = page.map_err(|error| Failure::cannot_serve(error.to_string()))?;
        let Some(last) = page.last() else { return Ok(names) };
        after = last.seq;
        for row in page.iter().filter(|row| row.record.event == event) {
            let detail: Value = serde_json::from_str(&row.record.detail).unwrap_or_default();
            let text = |key: &str| detail.get(key).and_then(Value::as_str);
            if text("tenant") == Some(tenant) {
                names.extend(text(key).map(str::to_owned));
            }
        }
    }
}
