//! Which workspaces there are: tenants are read from the audit, in which their making is recorded.

use super::super::failure::Failure;
use super::super::offline::{INIT_EVENT, Offline};
use super::scope::SCOPE_EVENT;
use dayend_engine::codes::Scope;
use dayend_store::port::{HistoryRecord, Partition};
use serde_json::Value;
use std::collections::BTreeSet;

/// Records read at a time.
const PAGE: u32 = 2000;

/// The workspaces of all tenants, by tenant.
pub(super) async fn all_scopes(offline: &Offline) -> Result<Vec<Scope>, Failure> {
    let mut tenants = BTreeSet::new();
    look_through(offline, |record| {
        if record.event == INIT_EVENT || record.event == SCOPE_EVENT {
            let detail: Value = serde_json::from_str(&record.detail).unwrap_or_default();
            tenants.extend(detail.get("tenant").and_then(Value::as_str).map(str::to_owned));
        }
    })
    .await?;
    let mut scopes = Vec::new();
    for tenant in tenants {
        scopes.extend(stored(offline, &tenant).await?);
    }
    Ok(scopes)
}

/// The workspaces of a tenant that exists.
pub(super) async fn scopes_of(offline: &Offline, tenant: &str) -> Result<Vec<Scope>, Failure> {
    let scopes = stored(offline, tenant).await?;
    if scopes.is_empty() {
        return Err(Failure::not_found(format!("the tenant {tenant:?} does not exist")));
    }
    Ok(scopes)
}

async fn stored(offline: &Offline, tenant: &str) -> Result<Vec<Scope>, Failure> {
    let scopes = offline.store.scopes(tenant).await;
    scopes.map_err(|error| Failure::cannot_serve(error.to_string()))
}

async fn look_through(
    offline: &Offline,
    mut look: impl FnMut(&HistoryRecord),
) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let page = offline.store.history(Partition(0), None, after, PAGE).await;
        let page = page.map_err(|error| Failure::cannot_serve(error.to_string()))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for row in &page {
            look(&row.record);
        }
    }
}
