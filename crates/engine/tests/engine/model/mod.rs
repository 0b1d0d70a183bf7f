//! A second, naive reading of the rules: everything is recounted from the edges every time. It shares no function with
//! the engine, only identifiers, definition types and the names of statuses.

mod batch;
mod graph;
mod group;

mod roll_up;

pub(crate) use batch::{Batch, Changed, End, Gate, Verb};
pub(crate) use graph::State;
pub(crate) use group::Group;
