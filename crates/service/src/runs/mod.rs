//! The use cases on runs.

mod find;
mod look;
mod trigger;
mod verbs;
mod words;
