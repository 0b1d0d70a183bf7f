//! What of the scopes asked for is granted, and for which resource servers.

use super::asked::{self, Scopes, invalid, printable};
use super::consumer::{CONSUMER, CONSUMER_ALL, covers};
use super::resources::{Resource, Resources};
use super::roles::{SECURITY_CLIENT, SELF_SERVICE, role_in, scopes_of};
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::model::AppTag;
use crate::token::TokenError;
use crate::tokens::client::unavailable;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dayend_engine::time::Timestamp;
use serde_json::json;

/// `aud` of a token for all resource servers of the account.
const ACCOUNT: &str = "urn:opc:resource:scope:account";
/// Begins `aud` of a token for the resource servers with certain tags.
const TAGGED: &str = "urn:opc:resource:scope:tag=";
/// An app that may use the user's rights without having them itself.
const ON_BEHALF: &str = "onBehalfOfUser";

/// What one token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) audiences: Vec<String>,
    /// As the `scope` claim says them.
    pub(crate) scopes: Vec<String>,
    /// What the resource server sets, in seconds.
    pub(crate) access_token_s: Option<u64>,
    pub(crate) refresh_token_s: Option<u64>,
    /// A refresh token may come with it.
    pub(crate) offline: bool,
}

/// The scopes asked for, by kind.
#[derive(Default)]
struct Sorted<'a> {
    /// Of the identity service itself.
    own: Vec<&'a str>,
    /// About the user; they belong to whatever token they come with.
    about: Vec<&'a str>,
    consumer: Vec<&'a str>,
    foreign: Vec<&'a str>,
    many: bool,
}

impl Identity {
    /// What is granted: a token for this server, or for one resource server, or for several if that was asked for too.
    pub(crate) async fn granted(
        &self,
        app: &KnownApp,
        user: Option<&KnownUser>,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Result<Vec<Target>, TokenError> {
        let sorted = sort(scopes);
        if !sorted.consumer.is_empty() {
            return trusted(app, &sorted).map(|target| vec![target]);
        }
        let mut targets = Vec::new();
        if !sorted.own.is_empty() || sorted.foreign.is_empty() {
            targets.push(self.own_target(app, user, &sorted)?);
        }
        self.add_foreign(app, &sorted, &mut targets, now).await?;
        if targets.len() > 1 && !sorted.many {
            return Err(invalid(format!(
                "the scopes belong to {} resource servers: ask for one token each, or add {}",
                targets.len(),
                asked::MANY
            )));
        }
        if let Some(first) = targets.first_mut() {
            first.scopes.extend(
                sorted.about.iter().filter(|_| user.is_some()).map(|scope| (*scope).to_owned()),
            );
        }
        if targets.iter().any(|target| target.scopes.is_empty()) {
            let nothing = "the client (or the user) may have none of these scopes";
            return Err(invalid(nothing.to_owned()));
        }
        Ok(targets)
    }

    fn own_target(
        &self,
        app: &KnownApp,
        user: Option<&KnownUser>,
        sorted: &Sorted<'_>,
    ) -> Result<Target, TokenError> {
        let audiences = vec![
            self.settings.issuer.clone(),
            format!("urn:opc:lbaas:logicalguid={}", app.row.tenant),
        ];
        let scopes = own(app, user, &sorted.own)?;
        Ok(Target { audiences, scopes, offline: true, ..Target::default() })
    }

    /// Adds a target for each resource server whose scopes are asked for.
    async fn add_foreign(
        &self,
        app: &KnownApp,
        sorted: &Sorted<'_>,
        targets: &mut Vec<Target>,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        if sorted.foreign.is_empty() {
            return Ok(());
        }
        let resources =
            self.resources(&app.row.tenant, now).await.map_err(|error| unavailable(&error))?;
        let mut servers: Vec<(&str, usize)> = Vec::new();
        for scope in &sorted.foreign {
            let (resource, value) = found(app, &resources, scope).ok_or_else(|| {
                invalid(format!(
                    "the scope {} is not known, or not for this client",
                    printable(scope)
                ))
            })?;
            let known = servers.iter().find(|(id, _)| *id == resource.client_id).map(|(_, at)| *at);
            let at = known.unwrap_or(targets.len());
            if known.is_none() {
                self.check_active(resource, scope, now).await?;
                servers.push((&resource.client_id, at));
                targets.push(self.target(resource));
            }
            if let Some(target) = targets.get_mut(at) {
                target.scopes.push(value.to_owned());
            }
        }
        Ok(())
    }

    async fn check_active(
        &self,
        resource: &Resource,
        scope: &str,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let server =
            self.known_app(&resource.client_id, now).await.map_err(|error| unavailable(&error))?;
        if server.is_some_and(|server| server.row.active) {
            return Ok(());
        }
        Err(invalid(format!("the resource server of {} is switched off", printable(scope))))
    }

    fn target(&self, resource: &Resource) -> Target {
        let settings = &resource.settings;
        let others = settings.secondary_audiences.iter();
        let others = others.filter(|audience| **audience != self.settings.issuer);
        Target {
            audiences: std::iter::once(&resource.audience).chain(others).cloned().collect(),
            scopes: Vec::new(),
            access_token_s: settings.access_token_s,
            refresh_token_s: settings.refresh_token_s,
            offline: settings.allow_offline,
        }
    }
}

fn sort(scopes: &Scopes) -> Sorted<'_> {
    let mut sorted = Sorted::default();
    for scope in scopes.names() {
        match scope.as_str() {
            asked::MANY => sorted.many = true,
            asked::OFFLINE => {}
            about if asked::ABOUT.contains(&about) => sorted.about.push(about),
            own if own.starts_with(asked::OWN) => sorted.own.push(own),
            consumer if consumer.starts_with(CONSUMER) => sorted.consumer.push(consumer),
            foreign => sorted.foreign.push(foreign),
        }
    }
    sorted
}

/// The resource server of a fully qualified scope that the app may ask for, and the scope's name there.
fn found<'a>(
    app: &KnownApp,
    resources: &'a Resources,
    scope: &'a str,
) -> Option<(&'a Resource, &'a str)> {
    let protects = |resource: &Resource, value: &str| {
        resource.settings.scopes.iter().any(|own| covers(&own.value, value))
    };
    let allowed = app.settings.allowed_scopes.iter().any(|allowed| covers(allowed, scope));
    resources.of(scope).find(|(resource, value)| {
        protects(resource, value) && (allowed || is_trusted(app, resource))
    })
}

/// Whether the app may ask for every scope of the resource server: its own ones, or those that the app's trust reaches.
fn is_trusted(app: &KnownApp, resource: &Resource) -> bool {
    let trusting =
        app.row.secret.is_some().then_some(app.settings.trust_scope.as_deref()).flatten();
    resource.client_id == app.row.client_id
        || match trusting {
            Some("Account") => true,
            Some("Tags") => {
                app.settings.allowed_tags.iter().any(|tag| resource.settings.tags.contains(tag))
            }
            Some(_) | None => false,
        }
}

/// A token for all that the app trusts. It is for nothing else: nothing of the identity service comes with it.
fn trusted(app: &KnownApp, sorted: &Sorted<'_>) -> Result<Target, TokenError> {
    if !(sorted.own.is_empty() && sorted.foreign.is_empty() && sorted.about.is_empty()) {
        return Err(invalid(format!(
            "{CONSUMER_ALL} and its like cannot be asked for together with other scopes"
        )));
    }
    let audience = match app.settings.trust_scope.as_deref().filter(|_| app.row.secret.is_some()) {
        Some("Account") => ACCOUNT.to_owned(),
        Some("Tags") if !app.settings.allowed_tags.is_empty() => tagged(&app.settings.allowed_tags),
        Some(_) | None => {
            return Err(invalid("the client trusts no resource servers by account or tags: ask for fully qualified scopes".to_owned()));
        }
    };
    let allowed: Vec<&String> =
        app.settings.allowed_scopes.iter().filter(|scope| scope.starts_with(CONSUMER)).collect();
    let refused = sorted.consumer.iter().find(|asked| {
        !(allowed.is_empty() || allowed.iter().any(|allowed| covers(allowed, asked)))
    });
    match refused {
        Some(scope) => {
            Err(invalid(format!("the client may not have the scope {}", printable(scope))))
        }
        None => Ok(Target {
            audiences: vec![audience],
            scopes: sorted.consumer.iter().map(|scope| (*scope).to_owned()).collect(),
            offline: true,
            ..Target::default()
        }),
    }
}

fn tagged(tags: &[AppTag]) -> String {
    format!("{TAGGED}{}", STANDARD.encode(json!({ "tags": tags }).to_string()))
}

/// What is granted of the identity service's own scopes.
pub(super) fn own(
    app: &KnownApp,
    user: Option<&KnownUser>,
    wanted: &[&str],
) -> Result<Vec<String>, TokenError> {
    let roles = common_roles(app, user);
    let mut permitted = vec![SECURITY_CLIENT];
    permitted.extend(SELF_SERVICE.iter().filter(|_| user.is_some()));
    permitted.extend(roles.iter().flat_map(|role| scopes_of(role)));
    let mut granted: Vec<&str> = Vec::new();
    for scope in wanted {
        if *scope == asked::MY_SCOPES {
            granted.extend(&permitted);
        } else if let Some(role) = role_in(scope) {
            granted.extend(scopes_of(&role).iter().filter(|_| roles.contains(&role.as_str())));
        } else if let Some(held) = permitted.iter().find(|held| *held == scope) {
            granted.push(held);
        } else {
            return Err(invalid(format!(
                "the scope {} is not known, or not for this client and user",
                printable(scope)
            )));
        }
    }
    Ok(once_each(&granted))
}

fn once_each(scopes: &[&str]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    scopes.iter().filter(|scope| seen.insert(**scope)).map(|scope| (*scope).to_owned()).collect()
}

/// The app roles that count: the app's, and with a user those that both have.
fn common_roles<'a>(app: &'a KnownApp, user: Option<&'a KnownUser>) -> Vec<&'a str> {
    let of_app = &app.roles;
    let Some(user) = user else { return of_app.iter().map(String::as_str).collect() };
    let on_behalf = app.settings.allowed_operations.iter().any(|allowed| allowed == ON_BEHALF);
    let of_user = user.roles.iter();
    of_user.filter(|role| on_behalf || of_app.contains(role)).map(String::as_str).collect()
}
