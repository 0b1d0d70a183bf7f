//! The state of one run and the one function that moves it: [`Run::step`].

mod active;
mod choices;
mod edges;
mod event;
mod facts;
mod look;
mod node;
mod roll_up;
mod step;
mod verbs;

pub use choices::{Choices, UnknownCodes};
pub use event::{Effect, Event, Outcome, Rejected, TaskVerb, Transition};
pub use node::{Gate, NodeRecord, NodeState};
pub use step::{Inconsistent, Loaded, Run};
