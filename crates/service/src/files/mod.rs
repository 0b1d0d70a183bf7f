//! The file exchange: what a night takes in and gives out, by name, in a scope.
//!
//! Callers and the night itself meet at the [`Exchange`]: it keeps names, sizes and checksums as documents, and bytes in
//! the vault. A file is there when its document is: bytes without one are on their way in or out, and [`due`] knows them
//! all, so that whatever is interrupted leaves nothing behind for more than a day.

mod area;
mod audit;
mod blobs;
mod checked;
mod documents;
mod due;
mod error;
mod exchange;
mod incoming;
mod links;
mod multipart;
mod outgoing;
mod pace;
mod parts;
mod receiving;
mod records;
mod removing;
mod sweep;
mod usage;

pub use area::serve_attempts;
pub use error::{Denied, FileError};
pub use exchange::{Exchange, ExchangeParts, FileSettings};
pub use incoming::{Incoming, Put};
pub use links::{Followed, LinkMade, LinkRefused, LinkShown, NewLink, Wish};
pub use multipart::{PartShown, Parts, UploadBegun};
pub use outgoing::{FileFound, FileShown};
pub use parts::IncomingPart;
pub use receiving::Condition;
pub use records::Described;
