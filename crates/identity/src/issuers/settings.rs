//! What is set about an issuer.

use crate::caller::Function;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME_MAX_CHARS: usize = 32;
const URL_MAX_BYTES: usize = 2048;
const LIST_MAX: usize = 200;

/// One issuer; the names are those of `[[identity.issuers]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// Stands before the issuer's clients and users here: `entra:…`.
    pub name: String,
    /// The `iss` of its tokens, to the letter.
    pub issuer: String,
    /// Where its keys are published; none: its discovery document says so.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A token must be for one of them.
    pub audience: Vec<String>,
    /// `RS256`, `PS256`, `ES256`.
    #[serde(default = "rs256")]
    pub algorithms: Vec<String>,
    /// The tenant whose its tokens are.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Or the claim that names it, …
    #[serde(default)]
    pub tenant_claim: Option<String>,
    /// … and which value means which tenant.
    #[serde(default)]
    pub tenants: BTreeMap<String, String>,
    /// The claim with the user's log-in name.
    #[serde(default = "sub")]
    pub user_claim: String,
    /// The claim with the client; none: `client_id`, `azp` or `appid`.
    #[serde(default)]
    pub client_claim: Option<String>,
    /// A user of that name who exists here is that user.
    #[serde(default = "yes")]
    pub users: bool,
    /// The claim with roles: a list, or a text with blanks between them; `a.b` is `b` within `a`.
    #[serde(default)]
    pub roles_claim: Option<String>,
    /// What each role may do, in all workspaces of the tenant.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<String>>,
    /// Certificates (PEM) to trust when its keys are fetched, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<String>,
}

/// Why an issuer cannot be trusted as it is set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("identity.issuers: {name}: {problem}")]
pub struct BadIssuer {
    pub name: String,
    pub problem: String,
}

impl IssuerSettings {
    /// Finds what is wrong with the issuer alone.
    pub fn check(&self) -> Result<(), BadIssuer> {
        let bad = |problem: String| BadIssuer {
            name: dayend_engine::codes::shortened(&self.name),
            problem,
        };
        if !is_name(&self.name) {
            return Err(bad(
                "a name is a letter, then letters, digits and `-`, at most 32".to_owned()
            ));
        }
        for url in [Some(&self.issuer), self.jwks_url.as_ref()].into_iter().flatten() {
            check_url(url).map_err(&bad)?;
        }
        if self.audience.is_empty() || self.audience.iter().any(String::is_empty) {
            return Err(bad(
                "`audience` must name what its tokens for this server are for".to_owned()
            ));
        }
        self.algorithms_of().map_err(&bad)?;
        self.functions_of().map_err(&bad)?;
        let fixed = self.tenant.as_ref().is_some_and(|tenant| !tenant.is_empty());
        let claimed = self.tenant_claim.is_some() && !self.tenants.is_empty();
        if fixed == claimed {
            return Err(bad("set either `tenant`, or `tenant_claim` and `tenants`".to_owned()));
        }
        if self.roles_claim.is_some() == self.roles.is_empty() {
            return Err(bad("`roles_claim` and `roles` are only of use together".to_owned()));
        }
        if !self.users && self.roles_claim.is_none() {
            return Err(bad(
                "with `users = false` nobody is let in without `roles_claim`".to_owned()
            ));
        }
        let sizes = [self.audience.len(), self.tenants.len(), self.roles.len()];
        if sizes.into_iter().any(|size| size > LIST_MAX) {
            return Err(bad(format!("a list has more than {LIST_MAX} entries")));
        }
        Ok(())
    }

    pub(super) fn algorithms_of(&self) -> Result<Vec<Algorithm>, String> {
        let algorithm = |name: &String| match name.as_str() {
            "RS256" => Ok(Algorithm::RS256),
            "PS256" => Ok(Algorithm::PS256),
            "ES256" => Ok(Algorithm::ES256),
            _ => Err("`algorithms` are RS256, PS256 or ES256".to_owned()),
        };
        if self.algorithms.is_empty() {
            return Err("`algorithms` is empty".to_owned());
        }
        self.algorithms.iter().map(algorithm).collect()
    }

    pub(super) fn functions_of(&self) -> Result<BTreeMap<String, Vec<Function>>, String> {
        let function = |name: &String| {
            Function::from_name(name).ok_or_else(|| {
                let known: Vec<_> = Function::ALL.into_iter().map(Function::as_str).collect();
                format!(
                    "`{}` in `roles` is none of {}",
                    dayend_engine::codes::shortened(name),
                    known.join(", ")
                )
            })
        };
        let role = |(role, names): (&String, &Vec<String>)| {
            let functions: Result<Vec<_>, String> = names.iter().map(function).collect();
            Ok((role.clone(), functions?))
        };
        self.roles.iter().map(role).collect()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() <= NAME_MAX_CHARS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// https, or http to this machine: whoever can change keys on their way can be anybody.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    let shown = dayend_engine::codes::shortened(url);
    let clean = url.len() <= URL_MAX_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic());
    let loopback = url.strip_prefix("http://").is_some_and(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = authority
            .rfind(':')
            .filter(|at| !authority.get(*at..).is_some_and(|end| end.ends_with(']')));
        let host = port.and_then(|at| authority.get(..at)).unwrap_or(authority);
        matches!(host, "127.0.0.1" | "[::1]" | "localhost")
    });
    if clean && (url.starts_with("https://") || loopback) && !url.contains(['#', '@', '"', '\\']) {
        return Ok(());
    }
    Err(format!("`{shown}` is no https URL (http only to 127.0.0.1, [::1] or localhost)"))
}

fn rs256() -> Vec<String> {
    vec!["RS256".to_owned()]
}

fn sub() -> String {
    "sub".to_owned()
}

fn yes() -> bool {
    true
}
