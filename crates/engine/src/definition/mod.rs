//! What an engineer writes: batches, groups and connections, after parsing and before compiling to a plan.

mod files;
mod kinds;
mod names;
mod spec;
mod tasks;
mod work;

pub use files::{COMMAND_FILES_MAX, CommandFiles, FileWork, InputFile, OutputFile};
pub use kinds::{Batch, Definition, EDGES_MAX, Edge, Group, Kind, Member, NODES_MAX, On, Task};
pub use spec::{OnLost, Retries, Spec};
pub use tasks::Tasks;
pub use work::{CommandWork, Connection, ConnectionTarget, HttpWork, SecretRef, SqlWork, Work};
