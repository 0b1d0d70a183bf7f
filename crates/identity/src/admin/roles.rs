//! App roles: what can be held besides functions, with the names of Oracle's identity service.

use Power::{
    ManageApps, ManageGrants, ManageGroups, ManageUsers, SeeApps, SeeGrants, SeeGroups, SeeUsers,
};

/// What an administrator may do to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    SeeUsers,
    ManageUsers,
    SeeGroups,
    ManageGroups,
    SeeApps,
    ManageApps,
    SeeGrants,
    ManageGrants,
}

/// A role that a user, group or app can hold in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppRole {
    /// The own account.
    Me,
    DomainAdministrator,
    UserAdministrator,
    UserManager,
    HelpDeskAdministrator,
    ApplicationAdministrator,
    SecurityAdministrator,
    AuditAdministrator,
    GlobalViewer,
    /// A log-in page of somebody else.
    AuthenticatorClient,
    /// A log-in without a page.
    Signin,
    /// Every user.
    Authenticated,
    /// Every app.
    AuthenticatedClient,
}

impl AppRole {
    /// All roles.
    pub const ALL: [Self; 13] = [
        Self::Me,
        Self::DomainAdministrator,
        Self::UserAdministrator,
        Self::UserManager,
        Self::HelpDeskAdministrator,
        Self::ApplicationAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
        Self::GlobalViewer,
        Self::AuthenticatorClient,
        Self::Signin,
        Self::Authenticated,
        Self::AuthenticatedClient,
    ];

    /// The name that people and tokens know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Me => "Me",
            Self::DomainAdministrator => "Identity Domain Administrator",
            Self::UserAdministrator => "User Administrator",
            Self::UserManager => "User Manager",
            Self::HelpDeskAdministrator => "Help Desk Administrator",
            Self::ApplicationAdministrator => "Application Administrator",
            Self::SecurityAdministrator => "Security Administrator",
            Self::AuditAdministrator => "Audit Administrator",
            Self::GlobalViewer => "Global Viewer",
            Self::AuthenticatorClient => "Authenticator Client",
            Self::Signin => "Signin",
            Self::Authenticated => "Authenticated",
            Self::AuthenticatedClient => "Authenticated Client",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What the role is for, in a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Self::Me => "Uses the interface to the own account",
            Self::DomainAdministrator => "Administers everything in the tenant",
            Self::UserAdministrator => "Administers users and groups",
            Self::UserManager => "Administers users",
            Self::HelpDeskAdministrator => "Sees users and groups",
            Self::ApplicationAdministrator => "Administers apps",
            Self::SecurityAdministrator => "Sees how the tenant is secured",
            Self::AuditAdministrator => "Sees who holds what",
            Self::GlobalViewer => "Sees everything and changes nothing",
            Self::AuthenticatorClient => "Logs users in with a page of its own",
            Self::Signin => "Logs users in without a page",
            Self::Authenticated => "Every user who is logged in",
            Self::AuthenticatedClient => "Every app that has proved who it is",
        }
    }

    /// What its holders may do to the tenant.
    pub fn powers(self) -> &'static [Power] {
        match self {
            Self::DomainAdministrator => &[
                SeeUsers,
                ManageUsers,
                SeeGroups,
                ManageGroups,
                SeeApps,
                ManageApps,
                SeeGrants,
                ManageGrants,
            ],
            Self::UserAdministrator => {
                &[SeeUsers, ManageUsers, SeeGroups, ManageGroups, SeeGrants, ManageGrants]
            }
            Self::UserManager => &[SeeUsers, ManageUsers, SeeGroups],
            Self::HelpDeskAdministrator => &[SeeUsers, SeeGroups],
            Self::ApplicationAdministrator => {
                &[SeeUsers, SeeGroups, SeeApps, ManageApps, SeeGrants, ManageGrants]
            }
            Self::SecurityAdministrator | Self::AuditAdministrator | Self::GlobalViewer => {
                &[SeeUsers, SeeGroups, SeeApps, SeeGrants]
            }
            Self::Me
            | Self::AuthenticatorClient
            | Self::Signin
            | Self::Authenticated
            | Self::AuthenticatedClient => &[],
        }
    }

    /// Everybody has it who can have it, so it cannot be granted.
    pub fn is_implied(self) -> bool {
        matches!(self, Self::Authenticated | Self::AuthenticatedClient)
    }

    /// It gives power over others.
    pub fn is_administrative(self) -> bool {
        !self.powers().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_who_manages_also_sees() {
        for role in AppRole::ALL {
            assert_eq!(AppRole::from_name(role.as_str()), Some(role));
            let powers = role.powers();
            let pairs = [
                (ManageUsers, SeeUsers),
                (ManageGroups, SeeGroups),
                (ManageApps, SeeApps),
                (ManageGrants, SeeGrants),
            ];
            for (manage, see) in pairs {
                assert!(!powers.contains(&manage) || powers.contains(&see), "{role:?} {manage:?}");
            }
        }
    }
}
