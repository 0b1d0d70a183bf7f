//! What there is to tell of an app: never a secret.

use super::answer::Answer;
use dayend_identity::admin::App;
use serde_json::{Map, Value, json};

/// One line for a list.
pub(super) fn line(app: &App) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}",
        app.client_id,
        state(app),
        kind(app),
        app.grants.join(" "),
        app.display_name
    )
}

/// The object for a list.
pub(super) fn object(app: &App) -> Value {
    json!({
        "client_id": app.client_id, "state": state(app), "kind": kind(app), "grants": app.grants, "app": app.display_name,
    })
}

/// Everything.
pub(super) fn all(app: &App) -> Answer {
    let settings = &app.settings;
    let scopes: Vec<String> = settings.scopes.iter().map(|scope| scope.value.clone()).collect();
    let mut fields = Map::new();
    for (name, value) in [
        ("client_id", json!(app.client_id)),
        ("id", json!(app.id)),
        ("app", json!(app.display_name)),
        ("description", json!(settings.description)),
        ("state", json!(state(app))),
        ("kind", json!(kind(app))),
        ("grants", json!(app.grants)),
        ("strict", json!(app.strict)),
        ("created_at", json!(app.created_at.to_string())),
        ("redirect_uris", json!(settings.redirect_uris)),
        ("post_logout_redirect_uris", json!(settings.post_logout_redirect_uris)),
        ("any_scheme", json!(settings.all_url_schemes_allowed)),
        ("allowed_scopes", json!(settings.allowed_scopes)),
        ("allowed_operations", json!(settings.allowed_operations)),
        ("bypass_consent", json!(settings.bypass_consent)),
        ("audience", json!(settings.audience)),
        ("scopes", json!(scopes)),
        ("allow_offline", json!(settings.allow_offline)),
        ("access_expiry_s", json!(settings.access_token_s)),
        ("refresh_expiry_s", json!(settings.refresh_token_s)),
        ("max_expiry_s", json!(settings.max_access_token_s)),
        ("cors_origins", json!(settings.cors_origins)),
        ("cors_null_origin", json!(settings.cors_null_origin)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    fields.into_iter().fold(Answer::new(), |answer, (name, value)| {
        answer.line(format!("{:<26}{}", name.replace('_', " "), words(&value))).value(&name, value)
    })
}

fn state(app: &App) -> &'static str {
    if app.active { "active" } else { "disabled" }
}

fn kind(app: &App) -> &'static str {
    if app.confidential { "confidential" } else { "public" }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
