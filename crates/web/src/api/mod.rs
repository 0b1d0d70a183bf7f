//! `/api/v1`: what the CLI and the console need, one resource each, errors as problem+json.

mod callback;
mod definitions;
mod files;
mod gate;
mod idempotency;
mod input;
mod parameters;
mod routes;
mod runs;
mod segments;

pub(crate) use gate::{Permitted, permitted};
pub use routes::router;
