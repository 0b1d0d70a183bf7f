//! What the claims of another issuer's token mean here.

use super::settings::IssuerSettings;
use crate::caller::Function;
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest name that is taken from a token.
const NAME_MAX_BYTES: usize = 512;
/// Where the client is, if nothing is set.
const CLIENT_CLAIMS: [&str; 3] = ["client_id", "azp", "appid"];
const NAME_SEPARATORS: [char; 1] = [' '];

/// What a token says, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) tenant: String,
    pub(super) client: String,
    /// None: it is the client's own token.
    pub(super) user: Option<Named>,
    pub(super) functions: Vec<Function>,
}

/// A person of another issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// `sub`, which never changes.
    pub(super) subject: String,
    /// What the person is called.
    pub(super) name: String,
}

/// Reads the claims; none: they lack what must be there, or name nobody of ours.
pub(super) fn meaning(
    settings: &IssuerSettings,
    functions: &BTreeMap<String, Vec<Function>>,
    claims: &Value,
) -> Option<Meaning> {
    if is_no_access_token(claims) {
        return None;
    }
    let tenant = match &settings.tenant_claim {
        None => settings.tenant.clone()?,
        Some(claim) => settings.tenants.get(text(claims, claim)?)?.clone(),
    };
    let subject = text(claims, "sub").map(str::to_owned);
    let client = match &settings.client_claim {
        Some(claim) => text(claims, claim),
        None => CLIENT_CLAIMS.iter().find_map(|claim| text(claims, claim)),
    };
    let client = client.map(str::to_owned).or_else(|| subject.clone())?;
    let user = if is_clients_own(claims, subject.as_deref(), &client) {
        None
    } else {
        let name = text(claims, &settings.user_claim)?.to_owned();
        Some(Named { subject: subject?, name })
    };
    let roles = settings.roles_claim.as_ref().and_then(|claim| find(claims, claim));
    let mut held: Vec<Function> =
        words(roles).filter_map(|role| functions.get(role)).flatten().copied().collect();
    held.sort_unstable();
    held.dedup();
    Some(Meaning { tenant, client, user, functions: held })
}

/// ID tokens and the like are for the client that asked, whatever their audience.
fn is_no_access_token(claims: &Value) -> bool {
    let says = |claim: &str, good: &[&str]| match claims.get(claim) {
        None => true,
        Some(value) => value.as_str().is_some_and(|text| good.contains(&text)),
    };
    claims.get("at_hash").is_some()
        || claims.get("c_hash").is_some()
        || claims.get("nonce").is_some()
        || claims.get("events").is_some()
        // Oracle's issuers and Keycloak say it outright.
        || !says("tok_type", &["AT"])
        || !says("typ", &["Bearer", "JWT", "at+jwt"])
}

fn is_clients_own(claims: &Value, subject: Option<&str>, client: &str) -> bool {
    let is = |claim: &str, value: &str| claims.get(claim).and_then(Value::as_str) == Some(value);
    subject.is_none_or(|subject| subject == client)
        || is("sub_type", "client")
        || is("idtyp", "app")
        || is("gty", "client-credentials")
}

/// A text that can be a name.
fn text<'a>(claims: &'a Value, claim: &str) -> Option<&'a str> {
    let text = find(claims, claim)?.as_str()?;
    let fits = !text.is_empty()
        && text.len() <= NAME_MAX_BYTES
        && text.trim() == text
        && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// The claim of this name; else, with dots, one within others.
fn find<'a>(claims: &'a Value, claim: &str) -> Option<&'a Value> {
    claims.get(claim).or_else(|| claim.split('.').try_fold(claims, |value, part| value.get(part)))
}

fn words(roles: Option<&Value>) -> impl Iterator<Item = &str> {
    let listed = roles.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let written = roles.and_then(Value::as_str).unwrap_or_default().split(NAME_SEPARATORS);
    listed.chain(written.filter(|word| !word.is_empty()))
}
