//! The client side: how commands find their server, talk to it, wait for runs and report.

mod backoff;
mod connection;
mod durations;
mod explain;
mod external;
mod failure;
mod follow;
mod options;
mod profile;
mod progress;
mod retry;
mod runs;
mod token;
mod verdict;
mod voice;

pub(crate) use connection::{Connection, Limits};
pub(crate) use explain::explain;
pub(crate) use external::{Control, code_of};
pub(crate) use failure::Failure;
pub(crate) use follow::{FollowArgs, OnHeld, Owner, follow};
pub(crate) use options::ClientOptions;
pub(crate) use profile::Profile;
pub(crate) use verdict::{Verdict, warnings};
pub(crate) use voice::{Voice, print, visible};
