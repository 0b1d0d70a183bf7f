//! What tasks wait for that wait for a file: it follows from the definition, the parameters and the beginning of the wait.

use crate::compiled::Source;
use crate::conductor::view::View;
use crate::stored::StoredParams;
use dayend_engine::definition::{Batch, Work};
use dayend_engine::params::{BuiltIns, Params, RunParams};
use dayend_engine::time::Timestamp;
use dayend_executor::files::awaited;
use dayend_store::port::StoreError;
use std::sync::Arc;

/// The batch of a run and its parameters; none of a group, whose members wait.
pub(super) struct Awaited<'v> {
    view: &'v View,
    batch: Option<(&'v Arc<Batch>, RunParams)>,
}

impl<'v> Awaited<'v> {
    pub(super) fn of(view: &'v View) -> Result<Self, StoreError> {
        let batch = match &view.compiled.source {
            Source::Group(_) => None,
            Source::Batch(batch) => {
                Some((batch, StoredParams::parse(&view.row.params)?.into_run_params()))
            }
        };
        Ok(Self { view, batch })
    }

    /// What the task waits for, if it is one that waits for a file and began at `since`.
    pub(super) fn by(&self, node: u32, since: Option<Timestamp>) -> Option<String> {
        let (batch, run) = self.batch.as_ref()?;
        let spec = batch.tasks.spec(node);
        let Work::File(work) = &spec.work else { return None };
        let row = &self.view.row;
        let built_ins = BuiltIns {
            mis_date: &row.mis_date.to_string(),
            run_id: row.run_id.as_str(),
            task: batch.tasks.code(node)?,
        };
        let params = Params::resolve(&batch.params, &spec.params, run, built_ins);
        awaited(work, &params, since?).ok()
    }
}
