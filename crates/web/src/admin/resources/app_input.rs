//! What a request says that an app is to be.

use super::app_shape::{BROWSER_APP, WEB_APP};
use crate::admin::error::ScimError;
use crate::admin::input::{Input, Says as _};
use crate::admin::schema::APP_EXTENSION;
use dayend_engine::codes::shortened;
use dayend_identity::admin::{App, AppDraft, Registration};
use dayend_identity::model::{AppSettings, Certificate, ResourceScope};

/// A new app. It can be used once it is active, which it is only if the request says so.
pub(super) fn registration(input: &Input) -> Result<Registration, ScimError> {
    let template = input.object("basedOnTemplate").and_then(|template| template.text("value"));
    let by_template = match template {
        None => None,
        Some(WEB_APP) => Some(false),
        Some(BROWSER_APP) => Some(true),
        Some(other) => {
            return Err(ScimError::value(format!(
                "there is no template `{}`: use {WEB_APP} or {BROWSER_APP}",
                shortened(other)
            )));
        }
    };
    let by_type = match input.text("clientType").map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("public") => Some(true),
        Some("confidential" | "trusted") => Some(false),
        Some(_) => {
            return Err(ScimError::value("`clientType` is confidential, public or trusted"));
        }
    };
    let public = match (by_template, by_type) {
        (Some(one), Some(other)) if one != other => {
            return Err(ScimError::value("`clientType` is not that of `basedOnTemplate`"));
        }
        (one, other) => other.or(one).unwrap_or(false),
    };
    let mut draft = draft(input, None);
    let usual = if public { BROWSER_APP } else { WEB_APP };
    template.unwrap_or(usual).clone_into(&mut draft.settings.template);
    draft.settings.trusted =
        input.text("clientType").is_some_and(|kind| kind.eq_ignore_ascii_case("trusted"));
    let client_id = input.text("name").map(str::to_owned);
    Ok(Registration { client_id, public, draft })
}

/// What can be said of every app. `now`: as it is, if there is one; what a request cannot say stays.
pub(super) fn draft(input: &Input, now: Option<&App>) -> AppDraft {
    let empty = Input::new();
    let extension = input.object(APP_EXTENSION).unwrap_or(&empty);
    let flag = |name: &str| input.flag(name).unwrap_or_default();
    let some_text =
        |name: &str| input.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let grants = input.texts("allowedGrants");
    let settings = AppSettings {
        description: input.text("description").unwrap_or_default().to_owned(),
        redirect_uris: input.texts("redirectUris"),
        all_url_schemes_allowed: flag("allUrlSchemesAllowed"),
        post_logout_redirect_uris: input.texts("postLogoutRedirectUris"),
        logout_uri: some_text("logoutUri"),
        bypass_consent: flag("bypassConsent"),
        allowed_operations: input.texts("allowedOperations"),
        allowed_scopes: fqs(input),
        trust_scope: some_text("trustScope"),
        audience: some_text("audience"),
        scopes: input.objects("scopes").into_iter().map(scope).collect(),
        secondary_audiences: input.texts("secondaryAudiences"),
        allow_offline: flag("allowOffline"),
        access_token_s: input.number("accessTokenExpiry"),
        refresh_token_s: input.number("refreshTokenExpiry"),
        max_access_token_s: extension.number("maxAccessTokenExpiry"),
        certificates: certificates(input, now),
        cors_origins: extension.texts("corsOrigins"),
        cors_null_origin: extension.flag("corsNullOrigin").unwrap_or_default(),
        oauth_client: input.flag("isOAuthClient").unwrap_or(!grants.is_empty()),
        oauth_resource: flag("isOAuthResource"),
        ..now.map(|app| app.settings.clone()).unwrap_or_default()
    };
    AppDraft {
        display_name: input.text("displayName").unwrap_or_default().to_owned(),
        active: input.flag("active").unwrap_or_else(|| now.is_some_and(|app| app.active)),
        grants,
        strict: extension.flag("strict").unwrap_or_default(),
        settings,
    }
}

fn fqs(input: &Input) -> Vec<String> {
    let scopes = input.objects("allowedScopes").into_iter();
    scopes.filter_map(|scope| scope.text("fqs")).map(str::to_owned).collect()
}

fn scope(sent: &Input) -> ResourceScope {
    let text = |name: &str| sent.text(name).unwrap_or_default().to_owned();
    ResourceScope {
        value: text("value"),
        description: text("description"),
        display_name: text("displayName"),
        requires_consent: sent.flag("requiresConsent").unwrap_or_default(),
    }
}

/// A certificate that is there already keeps what the server knows of it.
fn certificates(input: &Input, now: Option<&App>) -> Vec<Certificate> {
    let known = now.map(|app| app.settings.certificates.as_slice()).unwrap_or_default();
    let sent = input.objects("certificates").into_iter().map(|sent| {
        let text = |name: &str| sent.text(name).unwrap_or_default().to_owned();
        let new = Certificate {
            alias: text("certAlias"),
            x509_base64: text("x509Base64Certificate"),
            ..Certificate::default()
        };
        let same =
            known.iter().find(|one| one.alias == new.alias && one.x509_base64 == new.x509_base64);
        same.cloned().unwrap_or(new)
    });
    sent.collect()
}
