//! The batches that most tests run.

pub(crate) const CHAIN: &str = "
apiVersion: dayend/v1
kind: Batch
code: CHAIN
tasks:
  - { code: A, noop: {} }
  - { code: B, noop: {}, after: [A] }
  - { code: C, noop: {}, after: [B] }
";

/// How a run of it ends well.
pub(crate) const CHAIN_DONE: &str = "SUCCESSFUL A=SUCCESSFUL B=SUCCESSFUL C=SUCCESSFUL";

pub(crate) const NIGHT: &str = "
apiVersion: dayend/v1
kind: Batch
code: FIRST
tasks: [{ code: F1, noop: {} }]
---
apiVersion: dayend/v1
kind: Batch
code: SECOND
tasks: [{ code: S1, noop: {} }, { code: S2, noop: {}, after: [S1] }]
---
apiVersion: dayend/v1
kind: Batch
code: THIRD
tasks: [{ code: T1, noop: {} }]
---
apiVersion: dayend/v1
kind: BatchGroup
code: NIGHT
members: [{ batch: FIRST }, { batch: SECOND, after: [FIRST] }, { batch: THIRD, after: [SECOND] }]
";

/// How a run of it ends well.
pub(crate) const NIGHT_DONE: &str =
    "SUCCESSFUL FIRST=SUCCESSFUL SECOND=SUCCESSFUL THIRD=SUCCESSFUL";

pub(crate) const ONE: &str = "
apiVersion: dayend/v1
kind: Batch
code: ONE
tasks: [{ code: ONLY, noop: {} }]
";
