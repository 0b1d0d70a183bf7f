//! What a token is for, as far as the admin API asks.

use super::AppRole;

/// In the token of whoever asked for everything they may do.
const EVERYTHING: &str = "urn:opc:idm:t.security.client";
/// The own account.
const SELF_SERVICE: &str = "urn:opc:idm:t.user.me";
/// The scope by which a token is known to be for a role.
const MARKS: [(&str, AppRole); 7] = [
    ("urn:opc:idm:t.users", AppRole::UserAdministrator),
    ("urn:opc:idm:t.user.manager", AppRole::UserManager),
    ("urn:opc:idm:t.helpdesk.user", AppRole::HelpDeskAdministrator),
    ("urn:opc:idm:t.app", AppRole::ApplicationAdministrator),
    ("urn:opc:idm:t.settings", AppRole::SecurityAdministrator),
    ("urn:opc:idm:t.audit_r", AppRole::AuditAdministrator),
    ("urn:opc:idm:g.all_r", AppRole::GlobalViewer),
];

/// The scopes of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScopes(String);

impl TokenScopes {
    /// The scopes of the claim `scope`.
    pub fn new(scope: &str) -> Self {
        Self(scope.to_owned())
    }

    /// Whether it is for the own account.
    pub fn self_service(&self) -> bool {
        self.0.split(' ').any(|scope| scope == SELF_SERVICE)
    }

    /// The roles that it is for; none: for all that its user and its app hold.
    pub fn roles(&self) -> Option<Vec<AppRole>> {
        let has = |wanted: &str| self.0.split(' ').any(|scope| scope == wanted);
        if has(EVERYTHING) {
            return None;
        }
        let marked = MARKS.iter().filter(|(mark, _)| has(mark)).map(|(_, role)| *role);
        Some(marked.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_what_its_scopes_say() {
        let of = |scope: &str| {
            let scopes = TokenScopes::new(scope);
            (scopes.self_service(), scopes.roles())
        };
        assert_eq!(of("urn:opc:idm:t.security.client urn:opc:idm:t.user.me"), (true, None));
        assert_eq!(of("urn:opc:idm:t.user.me"), (true, Some(vec![])));
        assert_eq!(of("openid"), (false, Some(vec![])));
        assert_eq!(of(""), (false, Some(vec![])));
        assert_eq!(
            of("urn:opc:idm:t.users urn:opc:idm:t.users_r urn:opc:idm:g.all_r"),
            (false, Some(vec![AppRole::UserAdministrator, AppRole::GlobalViewer]))
        );
    }
}
