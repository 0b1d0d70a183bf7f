//! Keeping users, apps, groups and grants: each change is durable, in the history and effective when the call returns.

mod accounts;
mod administrator;
mod apps;
mod difference;
mod directory;
mod error;
mod grants;
mod groups;
mod holdings;
mod last_administrator;
mod registry;
mod revocation;
mod rights;
mod roles;
mod token_scopes;
mod users;

pub use accounts::{User, UserDraft};
pub use administrator::Administrator;
pub use apps::{CreatedApp, NewApp};
pub use directory::DIRECTORY_MAX;
pub use error::AdminError;
use error::check_name;
pub use grants::{GrantChange, Grantee};
pub use groups::{Group, GroupDraft, Member};
pub use holdings::Holding;
pub use registry::{App, AppDraft, RegisteredApp, Registration};
pub use rights::{Holder, Right, Rights};
pub use roles::{AppRole, Power};
pub use token_scopes::TokenScopes;
pub use users::{CreatedUser, NewUser};
