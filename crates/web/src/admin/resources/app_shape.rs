//! An app as SCIM tells it.

use super::apps::Definers;
use super::built_in::{BuiltIn, Defined};
use super::roles::id_of;
use super::shape::{finished, put_list, put_text};
use crate::admin::gate::Call;
use crate::admin::input::Input;
use crate::admin::schema::{APP, APP_EXTENSION};
use dayend_engine::time::Timestamp;
use dayend_identity::admin::{App, Holding};
use dayend_identity::model::{AppSettings, Stamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

/// The template of apps with a secret, and of those without.
pub(super) const WEB_APP: &str = "CustomWebAppTemplateId";
pub(super) const BROWSER_APP: &str = "CustomBrowserMobileTemplateId";

/// All of an app but its secret and its roles.
pub(super) fn shape(call: &Call, app: &App, definers: &Definers) -> Value {
    let settings = &app.settings;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(app.id));
    fields.insert("name".to_owned(), json!(app.client_id));
    fields.insert("displayName".to_owned(), json!(app.display_name));
    put_text(&mut fields, "description", &settings.description);
    fields.insert("active".to_owned(), json!(app.active));
    fields.insert("basedOnTemplate".to_owned(), template(call, app));
    fields.insert("clientType".to_owned(), json!(client_type(app)));
    for (name, flag) in [
        ("isOAuthClient", settings.oauth_client || !app.grants.is_empty()),
        ("isOAuthResource", settings.oauth_resource),
        ("allUrlSchemesAllowed", settings.all_url_schemes_allowed),
        ("bypassConsent", settings.bypass_consent),
        ("allowOffline", settings.allow_offline),
    ] {
        fields.insert(name.to_owned(), json!(flag));
    }
    for (name, list) in [
        ("allowedGrants", &app.grants),
        ("redirectUris", &settings.redirect_uris),
        ("postLogoutRedirectUris", &settings.post_logout_redirect_uris),
        ("allowedOperations", &settings.allowed_operations),
        ("secondaryAudiences", &settings.secondary_audiences),
    ] {
        put_list(&mut fields, name, list.iter().map(|text| json!(text)).collect());
    }
    for (name, text) in [
        ("logoutUri", &settings.logout_uri),
        ("trustScope", &settings.trust_scope),
        ("audience", &settings.audience),
    ] {
        put_text(&mut fields, name, text.as_deref().unwrap_or_default());
    }
    for (name, seconds) in [
        ("accessTokenExpiry", settings.access_token_s),
        ("refreshTokenExpiry", settings.refresh_token_s),
    ] {
        if let Some(seconds) = seconds {
            fields.insert(name.to_owned(), json!(seconds));
        }
    }
    put_list(&mut fields, "scopes", scopes(settings));
    put_list(&mut fields, "allowedScopes", allowed_scopes(settings, definers));
    put_list(&mut fields, "certificates", certificates(settings));
    fields.insert(APP_EXTENSION.to_owned(), extension(app));
    // The secret is not told, but a new one is a change.
    finished(
        call,
        &APP,
        fields,
        (app.created_at, &settings.stamp),
        &settings.stamp.modified_at.to_string(),
    )
}

/// One of the apps that are part of the server.
pub(super) fn built_in(call: &Call, app: BuiltIn) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(app.id));
    fields.insert("name".to_owned(), json!(app.name));
    fields.insert("displayName".to_owned(), json!(app.display_name));
    fields.insert("description".to_owned(), json!(app.description));
    fields.insert("active".to_owned(), json!(true));
    fields.insert("isOAuthClient".to_owned(), json!(false));
    fields.insert("isOAuthResource".to_owned(), json!(true));
    fields.insert("idcsPreventedOperations".to_owned(), json!(["replace", "update", "delete"]));
    finished(call, &APP, fields, (Timestamp(0), &Stamp::default()), "")
}

/// The secret of an app that was just made, or just got another one.
pub(in crate::admin) fn client_secret(secret: &SecretString) -> Input {
    let mut once = Input::new();
    once.insert("clientSecret".to_owned(), json!(secret.expose_secret()));
    once
}

/// Adds what the app holds.
pub(super) fn put_roles<'h>(
    call: &Call,
    told: &mut Value,
    held: impl Iterator<Item = &'h Holding>,
) {
    let list: Vec<Value> = held
        .map(|holding| {
            let role = Defined::of(&holding.right);
            let (id, app) = (id_of(call, role), role.app());
            json!({
                "value": id, "display": role.name(), "type": "direct", "appId": app.id, "appName": app.display_name,
                "adminRole": role.is_administrative(), "$ref": call.location("AppRoles", &id),
            })
        })
        .collect();
    if let Some(fields) = told.as_object_mut() {
        put_list(fields, "grantedAppRoles", list);
    }
}

fn client_type(app: &App) -> &'static str {
    match (app.confidential, app.settings.trusted) {
        (false, _) => "public",
        (true, false) => "confidential",
        (true, true) => "trusted",
    }
}

fn template(call: &Call, app: &App) -> Value {
    let usual = if app.confidential { WEB_APP } else { BROWSER_APP };
    let name =
        if app.settings.template.is_empty() { usual } else { app.settings.template.as_str() };
    json!({ "value": name, "wellKnownId": name, "$ref": call.location("AppTemplates", name) })
}

fn scopes(settings: &AppSettings) -> Vec<Value> {
    let audience = settings.audience.as_deref().unwrap_or_default();
    let told = settings.scopes.iter().map(|scope| {
        let mut told = Map::new();
        told.insert("value".to_owned(), json!(scope.value));
        told.insert("fqs".to_owned(), json!(format!("{audience}{}", scope.value)));
        put_text(&mut told, "description", &scope.description);
        put_text(&mut told, "displayName", &scope.display_name);
        told.insert("requiresConsent".to_owned(), json!(scope.requires_consent));
        Value::Object(told)
    });
    told.collect()
}

fn allowed_scopes(settings: &AppSettings, definers: &Definers) -> Vec<Value> {
    let told = settings.allowed_scopes.iter().map(|fqs| {
        let mut told = Map::new();
        told.insert("fqs".to_owned(), json!(fqs));
        put_text(
            &mut told,
            "idOfDefiningApp",
            definers.get(fqs).map(String::as_str).unwrap_or_default(),
        );
        Value::Object(told)
    });
    told.collect()
}

fn certificates(settings: &AppSettings) -> Vec<Value> {
    let told = settings.certificates.iter().map(|certificate| {
        let mut told = Map::new();
        told.insert("certAlias".to_owned(), json!(certificate.alias));
        put_text(&mut told, "kid", &certificate.kid);
        put_text(&mut told, "x5t", &certificate.x5t);
        put_text(&mut told, "x509Base64Certificate", &certificate.x509_base64);
        Value::Object(told)
    });
    told.collect()
}

fn extension(app: &App) -> Value {
    let settings = &app.settings;
    let mut told = Map::new();
    told.insert("strict".to_owned(), json!(app.strict));
    put_list(
        &mut told,
        "corsOrigins",
        settings.cors_origins.iter().map(|origin| json!(origin)).collect(),
    );
    told.insert("corsNullOrigin".to_owned(), json!(settings.cors_null_origin));
    if let Some(seconds) = settings.max_access_token_s {
        told.insert("maxAccessTokenExpiry".to_owned(), json!(seconds));
    }
    Value::Object(told)
}
