//! The external scheduler interface: `trigger`, `status`, `interrupt`, `restart` and `rerun`, key for key as in the guide.
//!
//! A call goes through the same stages whatever it asks for: [`call`] checks who asks, for which scope and with which
//! right, then reads the body; the verb's own file turns the body into a request; the service carries it out;
//! [`envelope`] says what became of it.

mod call;
mod control;
mod envelope;
mod fault;
mod fields;
mod fingerprint;
mod headers;
mod interrupt;
mod params;
mod rerun;
mod restart;
mod routes;
mod status;
mod status_answer;
mod trigger;

pub(crate) use call::Manner;
pub(crate) use envelope::{failed_outside, is_call, not_post};
pub(crate) use routes::{answer, call_at};
