//! An authenticated caller and the functions that can be granted.

use std::fmt;
use std::sync::Arc;

/// Who presented a valid access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub tenant: String,
    pub client_id: String,
    /// The app answers logical errors of the interface with 4xx.
    pub strict: bool,
    /// The token's `scope`: blanks separate.
    pub scope: Arc<str>,
    /// The user behind the token; none for an app's own token.
    pub user: Option<CallerUser>,
    /// What the roles of another issuer's token allow, in all workspaces of the tenant; nothing for a token of our own.
    pub functions: Arc<[Function]>,
}

/// The user part of a [`Caller`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerUser {
    pub id: String,
    /// The log-in name, the token's `sub`.
    pub name: String,
}

impl Caller {
    /// Whether the token has a scope.
    pub fn has_scope(&self, name: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == name)
    }

    /// Whether the token is for the interfaces of this server, and not only to know who somebody is.
    pub fn may_use_interfaces(&self) -> bool {
        self.scope.split(' ').any(|scope| scope.starts_with("urn:opc:idm:"))
    }

    /// `user@client` or `client`, for the audit.
    pub fn actor(&self) -> String {
        match &self.user {
            Some(user) => format!("{}@{}", user.name, self.client_id),
            None => self.client_id.clone(),
        }
    }

    /// Whose grants count: `user:<id>` or `app:<client id>`.
    pub fn grantee(&self) -> String {
        match &self.user {
            Some(user) => format!("user:{}", user.id),
            None => format!("app:{}", self.client_id),
        }
    }
}

/// What can be granted in a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// See definitions, runs, logs.
    View,
    /// Trigger, interrupt, restart, rerun (and see status).
    Exec,
    /// Hold, release, exclude, include, force-OK.
    Operate,
    /// Apply definitions.
    Define,
    /// Apply definitions with command tasks.
    DefineCommand,
    /// See and download files.
    FileView,
    /// Upload and remove files.
    FilePut,
    /// Name another user in `ofs_remote_user`.
    Impersonate,
    /// Users, apps and grants.
    Admin,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 9] = [
        Self::View,
        Self::Exec,
        Self::Operate,
        Self::Define,
        Self::DefineCommand,
        Self::FileView,
        Self::FilePut,
        Self::Impersonate,
        Self::Admin,
    ];

    /// The name as it is granted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "BATCH_VIEW",
            Self::Exec => "BATCH_EXEC",
            Self::Operate => "BATCH_OPER",
            Self::Define => "BATCH_MOD",
            Self::DefineCommand => "BATCH_CMD",
            Self::FileView => "FILE_VIEW",
            Self::FilePut => "FILE_PUT",
            Self::Impersonate => "IMPERSONATE",
            Self::Admin => "ADMIN",
        }
    }

    /// The function with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.as_str() == name)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
