//! One module for each line (or few lines) of the table.

mod chain;
mod commands;
mod crowd;
mod engine;
mod fan;
mod grids;
mod idle;
mod large_status;
mod live;
mod million;
mod parts;
mod restart;
mod runs;
mod series;
mod small_files;
mod status;
mod tokens;
mod transfer;
mod triggers;
mod which;

pub(crate) use which::{Row, measure, measure_together, measure_without_store};
