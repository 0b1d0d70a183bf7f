//! The programs of the sample night: `dayend sample …`, run as command tasks by the server.

mod args;
mod files;
mod ledger;
mod money;
mod positions;
mod rates;
mod repair;
mod report;
mod witness;

pub(crate) use args::{SampleArgs, main};
pub(crate) use repair::repair;
pub(crate) use report::{Figures, figures};
