//! History: the audit events of a partition, chained by hash, and what a step of a run writes into its event.

mod detail;
pub(crate) mod records;

pub use detail::{NotAStepDetail, StepDetail};
