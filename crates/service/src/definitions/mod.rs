//! Definition documents: reading, checking, comparing and writing them.
//!
//! Text goes in as files and comes out as engine types that hold every rule of the manual; what is wrong comes out
//! as defects that name file, line, column and field.

mod check;
mod connections;
mod content;
mod difference;
mod document;
mod export;
mod fields;
mod files;
mod groups;
mod headers;
mod json;
mod limits;
mod maps;
mod node;
mod placeholders;
mod quoting;
mod read;
mod references;
mod report;
mod scalars;
mod schema;
mod source;
mod splices;
mod tasks;
mod urls;
mod window;
mod work;
mod yaml;

#[cfg(test)]
mod tests;

pub use content::{pack, unpack};
pub use difference::diff;
pub use export::{export, export_after};
pub use limits::{DEFECTS_MAX, REQUEST_TEXT_MAX_BYTES, TEXT_MAX_BYTES};
pub use node::Position;
pub use placeholders::warnings;
pub use read::{Parsed, Positions, read};
pub use references::{Found, TargetKind, check_references, connections_named};
pub use schema::schema;
pub use source::SourceText;
