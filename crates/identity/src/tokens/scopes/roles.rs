//! Which scopes of the identity service come with which of its app roles.

use crate::admin::AppRole;

/// Every app has it.
pub(super) const SECURITY_CLIENT: &str = "urn:opc:idm:t.security.client";
/// What people may do with what is their own.
pub(super) const SELF_SERVICE: [&str; 3] = [
    "urn:opc:idm:t.user.me",
    "urn:opc:idm:t.user.me.passwordvalidator",
    "urn:opc:idm:t.user.authn.factors",
];

/// The scopes of a role by its name; what is no role has none.
pub(super) fn scopes_of(role: &str) -> Vec<&'static str> {
    match AppRole::from_name(role) {
        None => Vec::new(),
        Some(AppRole::DomainAdministrator) => {
            AppRole::ALL.into_iter().flat_map(own_scopes).copied().collect()
        }
        Some(role) => own_scopes(role).to_vec(),
    }
}

/// The name of the role in `urn:opc:idm:role.<name>`, whose blanks stand there as `%20`.
pub(super) fn role_in(scope: &str) -> Option<String> {
    Some(scope.strip_prefix("urn:opc:idm:role.")?.replace("%20", " "))
}

fn own_scopes(role: AppRole) -> &'static [&'static str] {
    match role {
        AppRole::Me => &SELF_SERVICE,
        AppRole::Signin => &["urn:opc:idm:t.user.signin"],
        AppRole::AuthenticatorClient => &["urn:opc:idm:t.user.authenticate"],
        AppRole::UserAdministrator => &[
            "urn:opc:idm:t.users",
            "urn:opc:idm:t.users_r",
            "urn:opc:idm:t.groups",
            "urn:opc:idm:t.groups_r",
            "urn:opc:idm:t.groups.members",
            "urn:opc:idm:t.groups.members_r",
            "urn:opc:idm:t.grants",
            "urn:opc:idm:t.user.lockedstatechanger",
            "urn:opc:idm:t.user.resetpassword",
        ],
        AppRole::UserManager => &[
            "urn:opc:idm:t.user.manager",
            "urn:opc:idm:t.users_r",
            "urn:opc:idm:t.groups_r",
            "urn:opc:idm:t.groups.members",
        ],
        AppRole::HelpDeskAdministrator => {
            &["urn:opc:idm:t.helpdesk.user", "urn:opc:idm:t.user.resetpassword"]
        }
        AppRole::ApplicationAdministrator => &[
            "urn:opc:idm:t.app",
            "urn:opc:idm:t.apponly_r",
            "urn:opc:idm:t.appservices",
            "urn:opc:idm:t.grants",
            "urn:opc:idm:t.oauthconsents",
        ],
        AppRole::SecurityAdministrator => &[
            "urn:opc:idm:t.settings",
            "urn:opc:idm:t.settings_r",
            "urn:opc:idm:t.oauth",
            "urn:opc:idm:t.customclaims",
            "urn:opc:idm:g.cert",
        ],
        AppRole::AuditAdministrator => &["urn:opc:idm:t.audit_r", "urn:opc:idm:t.idcsrpts"],
        AppRole::GlobalViewer => &["urn:opc:idm:g.all_r"],
        AppRole::DomainAdministrator | AppRole::Authenticated | AppRole::AuthenticatedClient => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::TokenScopes;

    #[test]
    fn a_token_for_a_role_is_known_by_its_scopes_to_be_for_that_role_and_no_other() {
        for role in AppRole::ALL.into_iter().filter(|role| role.is_administrative()) {
            let token = TokenScopes::new(&scopes_of(role.as_str()).join(" "));
            let roles = token.roles().unwrap();
            if role == AppRole::DomainAdministrator {
                let others = AppRole::ALL.into_iter().filter(|other| other.is_administrative());
                let others: Vec<_> = others.filter(|other| *other != role).collect();
                assert!(others.iter().all(|other| roles.contains(other)), "{roles:?}");
            } else {
                assert_eq!(roles, [role]);
            }
        }
    }

    #[test]
    fn whoever_can_be_granted_a_role_gets_scopes_for_it_and_what_is_no_role_has_none() {
        for role in AppRole::ALL.into_iter().filter(|role| !role.is_implied()) {
            assert!(!scopes_of(role.as_str()).is_empty(), "{role:?}");
        }
        for name in ["", "me", "Cloud Gate", "Authenticated"] {
            assert!(scopes_of(name).is_empty(), "{name}");
        }
    }
}
