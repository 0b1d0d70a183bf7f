//! The pages and the seeds' browser code in a real browser: headless Chromium.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod desk;
mod fetch;
mod house;
mod log_in;
mod scripts;
