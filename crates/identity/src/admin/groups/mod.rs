//! Groups: what is granted to one counts for all its members.

mod change;
mod look;
mod record;

pub use change::GroupDraft;
pub use look::{Group, Member};
pub(crate) use record::Membership;
use record::{GroupName, GroupRecord};
