//! The two apps that every tenant has: the identity service and the scheduler. They define the app roles.

use dayend_identity::admin::{AppRole, Right};
use dayend_identity::caller::Function;

/// An app that is part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) struct BuiltIn {
    pub(super) id: &'static str,
    /// Its client id; nobody can authenticate with it.
    pub(super) name: &'static str,
    pub(super) display_name: &'static str,
    pub(super) description: &'static str,
}

/// Defines the administrative roles; the id is the one that it has in Oracle's identity service.
pub(super) const IDENTITY: BuiltIn = BuiltIn {
    id: "IDCSAppId",
    name: "IDCSApp",
    display_name: "Identity service",
    description: "Users, groups, apps and tokens",
};
/// Defines the functions of the scheduler.
pub(super) const SCHEDULER: BuiltIn = BuiltIn {
    id: "DayendAppId",
    name: "DayendApp",
    display_name: "Dayend",
    description: "Batches, groups of batches and their runs",
};
/// All of them.
pub(super) const ALL: [BuiltIn; 2] = [IDENTITY, SCHEDULER];

/// Something that one of them defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Defined {
    Role(AppRole),
    Function(Function),
}

impl Defined {
    /// Everything that can be granted, and the roles that everybody has.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let roles = AppRole::ALL.into_iter().map(Self::Role);
        roles.chain(Function::ALL.into_iter().map(Self::Function))
    }

    /// What a right is, wherever it holds.
    pub(super) fn of(right: &Right) -> Self {
        match right {
            Right::Role(role) => Self::Role(*role),
            Right::Function { function, .. } => Self::Function(*function),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Function(function) => function.as_str(),
        }
    }

    pub(super) fn app(self) -> BuiltIn {
        match self {
            Self::Role(_) => IDENTITY,
            Self::Function(_) => SCHEDULER,
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Role(role) => role.description(),
            Self::Function(Function::View) => "Sees definitions, runs and logs",
            Self::Function(Function::Exec) => "Triggers, interrupts, restarts and reruns",
            Self::Function(Function::Operate) => "Holds, releases, excludes, includes, forces OK",
            Self::Function(Function::Define) => "Applies definitions",
            Self::Function(Function::DefineCommand) => "Applies definitions with command tasks",
            Self::Function(Function::FileView) => "Sees and downloads files",
            Self::Function(Function::FilePut) => "Uploads and removes files",
            Self::Function(Function::Impersonate) => "Acts for another user",
            Self::Function(Function::Admin) => "Administers users, apps and grants",
        }
    }

    /// It gives power over the tenant.
    pub(super) fn is_administrative(self) -> bool {
        match self {
            Self::Role(role) => role.is_administrative(),
            Self::Function(function) => function == Function::Admin,
        }
    }

    /// Whether users and groups can hold it.
    pub(super) fn for_people(self) -> bool {
        !matches!(
            self,
            Self::Role(
                AppRole::AuthenticatedClient | AppRole::AuthenticatorClient | AppRole::Signin
            )
        )
    }

    /// Whether apps can hold it.
    pub(super) fn for_apps(self) -> bool {
        self != Self::Role(AppRole::Authenticated)
    }
}
