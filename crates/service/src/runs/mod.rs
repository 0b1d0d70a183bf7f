//! The use cases on runs.

mod awaited;
mod find;
mod look;
mod trigger;
mod verbs;
mod words;
