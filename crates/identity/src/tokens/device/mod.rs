//! A device without a browser: it shows a code, which its user types into the browser of another device (RFC 8628).

mod ask;
mod decide;
mod documents;
mod polls;
mod redeem;

pub use decide::{DeviceError, WaitingDevice};
pub(crate) use polls::Polls;
