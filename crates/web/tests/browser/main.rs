//! The pages and the seeds' browser code in a real browser: headless Chromium, driven over `WebDriver`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod chromium;
mod fetch;
mod house;
mod log_in;
mod scripts;
