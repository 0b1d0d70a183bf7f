//! Definitions: apply, export, and the schema of what can be applied.

mod apply;
mod export;
mod schema;

pub(super) use apply::apply;
pub(super) use export::export;
pub(super) use schema::schema;
