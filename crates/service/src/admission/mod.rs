//! Who is let in when more is asked than can be done: a fair queue before the conductor, and rates of callers.

mod fair;
mod intake;
mod limits;
mod places;
mod rates;

pub use intake::NotTaken;
pub(crate) use intake::{Intake, Outlet, intake};
pub use limits::QueueLimits;
pub(crate) use places::{lane, places};
pub use rates::RateLimits;
pub(crate) use rates::Rates;
