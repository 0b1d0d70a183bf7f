//! The admin API as its clients see it: a real service behind the real router.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod apps;
mod certificates;
mod client;
mod groups;
mod lists;
mod matrix;
mod power;
mod users;
