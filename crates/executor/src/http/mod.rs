//! HTTP tasks: one request, then an answer, polling or a callback.

pub(crate) mod answer;
mod client;
mod document;
mod exchange;
pub(crate) mod lookup;
pub(crate) mod network;
mod policy;
mod request;
mod slots;
mod target;
mod task;

pub(crate) use client::Http;
pub(crate) use task::{adopt, run};
