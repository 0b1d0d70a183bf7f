//! Keeping users, apps and grants: each change is durable, in the history and effective when the call returns.

mod apps;
mod error;
mod grants;
mod users;

pub use apps::{CreatedApp, NewApp};
pub use error::AdminError;
use error::check_name;
pub use grants::{GrantChange, Grantee};
pub use users::{CreatedUser, NewUser};
