//! Scopes as Oracle's identity service reads them: what is asked for, what of it the caller may have, and for whom.

mod asked;
mod consumer;
mod plan;
#[cfg(test)]
mod properties;
mod resources;
mod roles;

pub(crate) use asked::{LIFETIME_MAX_S, LIFETIME_MIN_S, Scopes};
pub(crate) use consumer::covers;
pub(crate) use plan::Target;
pub(crate) use resources::Resources;
