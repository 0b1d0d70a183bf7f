//! Logging in at the command line: by browser or by device code, kept in a file that only its owner reads.

mod answer;
mod apart;
mod browser;
mod device;
mod kept;
mod loopback;
mod open;
mod place;
mod random;
mod reach;
mod renew;
mod session;

pub(crate) use apart::RenewLoginArgs;
pub(crate) use browser::log_in_with_browser;
pub(crate) use device::log_in_with_device;
pub(crate) use kept::KeptLogin;
pub(crate) use place::Place;
pub(crate) use renew::Renewed;
pub(crate) use session::{REVOKE, current, log_out, narrower, patiently, token};
