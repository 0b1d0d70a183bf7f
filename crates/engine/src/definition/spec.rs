//! What a task says beside its code and its dependencies. Its JSON leaves out whatever is a default.

use super::work::Work;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The part of a task that many tasks may have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// None: it is called by its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(skip_serializing_if = "Work::is_noop")]
    pub work: Work,
    /// Parameters declared by the task alone; they win over the batch's default values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// How long one attempt may take; none = no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub retries: Retries,
    #[serde(skip_serializing_if = "is_default")]
    pub on_lost: OnLost,
}

/// How often a failed attempt is repeated within a generation, and how long apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Attempts after the first.
    pub max: u32,
    /// The delay before the first retry; it doubles with each further one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub backoff_ms: u64,
    /// The longest delay; none = unbounded doubling (capped at a day).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_backoff_ms: Option<u64>,
}

/// What follows when an attempt's executor vanished without a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLost {
    /// The task becomes ABORTED and waits for a person.
    #[default]
    Abort,
    /// The task is attempted again: only for tasks that are safe to repeat.
    Retry,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to it")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
