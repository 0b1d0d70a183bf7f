//! Definitions: apply, export, and the schema of what can be applied.

mod apply;
mod envelope;
mod export;
mod schema;
mod upload;

pub(super) use apply::apply;
pub(super) use export::export;
pub(super) use schema::schema;
