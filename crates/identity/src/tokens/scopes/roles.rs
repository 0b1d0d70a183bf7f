//! Which scopes of the identity service come with which of its app roles.

/// Every app has it.
pub(super) const SECURITY_CLIENT: &str = "urn:opc:idm:t.security.client";
/// What people may do with what is their own.
pub(super) const SELF_SERVICE: [&str; 3] = [
    "urn:opc:idm:t.user.me",
    "urn:opc:idm:t.user.me.passwordvalidator",
    "urn:opc:idm:t.user.authn.factors",
];
/// May have the scopes of all roles.
const DOMAIN_ADMINISTRATOR: &str = "Identity Domain Administrator";

/// The scopes of the roles, by name.
const SCOPES: [(&str, &[&str]); 10] = [
    ("Me", &SELF_SERVICE),
    ("Signin", &["urn:opc:idm:t.user.signin"]),
    ("Authenticator Client", &["urn:opc:idm:t.user.authenticate"]),
    (
        "User Administrator",
        &[
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
    ),
    (
        "User Manager",
        &[
            "urn:opc:idm:t.user.manager",
            "urn:opc:idm:t.users_r",
            "urn:opc:idm:t.groups_r",
            "urn:opc:idm:t.groups.members",
        ],
    ),
    (
        "Help Desk Administrator",
        &["urn:opc:idm:t.helpdesk.user", "urn:opc:idm:t.user.resetpassword"],
    ),
    (
        "Application Administrator",
        &[
            "urn:opc:idm:t.app",
            "urn:opc:idm:t.apponly_r",
            "urn:opc:idm:t.appservices",
            "urn:opc:idm:t.grants",
            "urn:opc:idm:t.oauthconsents",
        ],
    ),
    (
        "Security Administrator",
        &[
            "urn:opc:idm:t.settings",
            "urn:opc:idm:t.settings_r",
            "urn:opc:idm:t.oauth",
            "urn:opc:idm:t.customclaims",
            "urn:opc:idm:g.cert",
        ],
    ),
    ("Audit Administrator", &["urn:opc:idm:t.audit_r", "urn:opc:idm:t.idcsrpts"]),
    ("Global Viewer", &["urn:opc:idm:g.all_r"]),
];

/// The scopes of a role; a role of somebody's own app has none here.
pub(super) fn scopes_of(role: &str) -> Vec<&'static str> {
    let matching = |name: &str| role == DOMAIN_ADMINISTRATOR || name == role;
    let of_role = SCOPES.iter().filter(|(name, _)| matching(name));
    of_role.flat_map(|(_, scopes)| scopes.iter().copied()).collect()
}

/// The name of the role in `urn:opc:idm:role.<name>`, whose blanks stand there as `%20`.
pub(super) fn role_in(scope: &str) -> Option<String> {
    Some(scope.strip_prefix("urn:opc:idm:role.")?.replace("%20", " "))
}
