//! What the settings of an app may say.

use super::AppDraft;
use super::certificates::check_certificates;
use super::urls::{check_origin, check_url};
use crate::admin::{AdminError, check_name};
use crate::model::AppSettings;
use crate::tokens::{GrantType, LIFETIME_MAX_S, LIFETIME_MIN_S};
use dayend_engine::codes::shortened;
use std::collections::BTreeSet;

/// Entries of one list.
const LIST_MAX: usize = 100;
/// Scopes that an app protects or may ask for.
const SCOPES_MAX: usize = 500;
/// The longest scope or audience.
const SCOPE_MAX_CHARS: usize = 255;
const DESCRIPTION_MAX_CHARS: usize = 2000;
const OPERATIONS: [&str; 2] = ["introspect", "onBehalfOfUser"];
const TRUST_SCOPES: [&str; 3] = ["Explicit", "Account", "Tags"];
/// What a public app sends proves nothing, so only grants are for it that rest on something else.
const PUBLIC_GRANTS: [&str; 3] =
    ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];

/// Refuses what is no app.
pub(super) fn check(draft: &AppDraft, public: bool) -> Result<(), AdminError> {
    let settings = &draft.settings;
    check_name("app name", &draft.display_name)?;
    check_text("description", &settings.description, DESCRIPTION_MAX_CHARS)?;
    check_grants(&draft.grants, public)?;
    check_urls(settings)?;
    check_words("allowed operation", &settings.allowed_operations, &OPERATIONS)?;
    let trust: Vec<String> = settings.trust_scope.iter().cloned().collect();
    check_words("trust scope", &trust, &TRUST_SCOPES)?;
    check_lifetimes(settings)?;
    check_scopes(settings)?;
    check_certificates(&settings.certificates)
}

fn check_grants(grants: &[String], public: bool) -> Result<(), AdminError> {
    for grant in grants {
        if GrantType::from_name(grant).is_none() {
            let known: Vec<_> = GrantType::ALL.into_iter().map(GrantType::as_str).collect();
            return Err(AdminError::Invalid(format!(
                "`{}` is no grant type of this server: {}",
                shortened(grant),
                known.join(", ")
            )));
        }
        if public && !PUBLIC_GRANTS.contains(&grant.as_str()) {
            return Err(AdminError::Invalid(format!(
                "a public app may not use the grant type {grant}: it cannot prove who it is"
            )));
        }
    }
    unique("grant type", grants)
}

fn check_urls(settings: &AppSettings) -> Result<(), AdminError> {
    let any_scheme = settings.all_url_schemes_allowed;
    unique("redirect URI", &settings.redirect_uris)?;
    unique("post-logout redirect URI", &settings.post_logout_redirect_uris)?;
    unique("origin", &settings.cors_origins)?;
    for url in &settings.redirect_uris {
        check_url("redirect URI", url, any_scheme)?;
    }
    for url in &settings.post_logout_redirect_uris {
        check_url("post-logout redirect URI", url, any_scheme)?;
    }
    if let Some(url) = &settings.logout_uri {
        check_url("logout URI", url, any_scheme)?;
    }
    settings.cors_origins.iter().try_for_each(|origin| check_origin(origin))
}

fn check_lifetimes(settings: &AppSettings) -> Result<(), AdminError> {
    let lifetimes = [
        ("access token", settings.access_token_s),
        ("refresh token", settings.refresh_token_s),
        ("longest access token", settings.max_access_token_s),
    ];
    let allowed = LIFETIME_MIN_S..=LIFETIME_MAX_S;
    for (what, seconds) in lifetimes {
        if seconds.is_some_and(|seconds| !allowed.contains(&seconds)) {
            return Err(AdminError::Invalid(format!(
                "the {what} must live for {LIFETIME_MIN_S} to {LIFETIME_MAX_S} seconds"
            )));
        }
    }
    Ok(())
}

fn check_scopes(settings: &AppSettings) -> Result<(), AdminError> {
    let audience = settings.audience.as_deref().unwrap_or_default();
    if settings.audience.is_some() {
        check_scope("audience", audience)?;
    }
    if settings.audience.is_none() && !settings.scopes.is_empty() {
        return Err(AdminError::Invalid("an app with scopes needs an audience".to_owned()));
    }
    if audience.starts_with("urn:opc:idm:") || audience.starts_with("urn:opc:resource:expiry") {
        return Err(AdminError::Invalid("the audience is one of the server's own".to_owned()));
    }
    let values: Vec<String> = settings.scopes.iter().map(|scope| scope.value.clone()).collect();
    unique_of("scope", &values, SCOPES_MAX)?;
    unique_of("allowed scope", &settings.allowed_scopes, SCOPES_MAX)?;
    unique("secondary audience", &settings.secondary_audiences)?;
    for scope in &settings.scopes {
        check_scope("scope", &scope.value)?;
        check_text("description of a scope", &scope.description, DESCRIPTION_MAX_CHARS)?;
        check_text("name of a scope", &scope.display_name, SCOPE_MAX_CHARS)?;
    }
    settings.allowed_scopes.iter().try_for_each(|scope| check_scope("allowed scope", scope))?;
    settings.secondary_audiences.iter().try_for_each(|name| check_scope("audience", name))
}

/// RFC 6749 section 3.3: what a scope may be made of.
fn check_scope(what: &str, text: &str) -> Result<(), AdminError> {
    let lawful = text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if lawful && !text.is_empty() && text.len() <= SCOPE_MAX_CHARS {
        return Ok(());
    }
    Err(AdminError::Invalid(format!(
        "`{}` is no {what}: 1 to {SCOPE_MAX_CHARS} visible ASCII characters, no blank, `\"` or `\\`",
        shortened(text)
    )))
}

fn check_words(what: &str, words: &[String], known: &[&str]) -> Result<(), AdminError> {
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => unique(what, words),
        Some(word) => Err(AdminError::Invalid(format!(
            "`{}` is no {what}: {}",
            shortened(word),
            known.join(", ")
        ))),
    }
}

fn check_text(what: &str, text: &str, max_chars: usize) -> Result<(), AdminError> {
    if text.chars().count() <= max_chars {
        return Ok(());
    }
    Err(AdminError::Invalid(format!("the {what} is longer than {max_chars} characters")))
}

pub(super) fn unique(what: &str, texts: &[String]) -> Result<(), AdminError> {
    unique_of(what, texts, LIST_MAX)
}

fn unique_of(what: &str, texts: &[String], max: usize) -> Result<(), AdminError> {
    if texts.len() > max {
        return Err(AdminError::Invalid(format!("there are more than {max} of: {what}")));
    }
    let mut seen = BTreeSet::new();
    match texts.iter().find(|text| !seen.insert(text.as_str())) {
        None => Ok(()),
        Some(text) => {
            Err(AdminError::Invalid(format!("the {what} `{}` is there twice", shortened(text))))
        }
    }
}
