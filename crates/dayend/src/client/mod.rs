//! The client side: how commands find their server, talk to it, wait for runs and report.

mod backoff;
mod claims;
mod connection;
mod deliveries;
mod durations;
mod explain;
mod external;
mod failure;
mod files;
mod follow;
pub(crate) mod login;
mod oauth;
mod options;
mod profile;
mod progress;
mod retry;
mod runs;
mod token;
mod validity;
mod verdict;
mod voice;

pub(crate) use claims::Claims;
pub(crate) use connection::{Connection, Limits};
pub(crate) use durations::duration;
pub(crate) use explain::explain;
pub(crate) use external::{Control, code_of};
pub(crate) use failure::Failure;
pub(crate) use files::Fresh;
pub(crate) use follow::{FollowArgs, OnHeld, Owner, follow};
pub(crate) use oauth::Tokens;
pub(crate) use options::ClientOptions;
pub(crate) use profile::{Grant, Profile, own_path};
pub(crate) use token::MY_SCOPES;
pub(crate) use validity::Validity;
pub(crate) use verdict::{Verdict, warnings};
pub(crate) use voice::{Voice, print, visible};
