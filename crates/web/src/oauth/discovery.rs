//! `/.well-known/…`: what this server can do, and where.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use dayend_identity::{GrantType, userinfo};
use serde_json::{Value, json};

/// Everybody may read it, pages of other origins too.
const HEADERS: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "public, max-age=300"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

/// OpenID Connect Discovery and RFC 8414.
pub(super) async fn openid(
    State(app): State<App>,
) -> ([(HeaderName, &'static str); 2], Json<Value>) {
    (HEADERS, Json(configuration(&app)))
}

/// The same, wrapped as Oracle's clients expect it.
pub(super) async fn idcs(State(app): State<App>) -> ([(HeaderName, &'static str); 2], Json<Value>) {
    let version = env!("CARGO_PKG_VERSION");
    let wrapped = json!({
        "configuration": { "version": version, "service_release_version": version },
        "openid-configuration": configuration(&app),
    });
    (HEADERS, Json(wrapped))
}

/// The keys and their order are those of Oracle's identity service; the values are true.
fn configuration(app: &App) -> Value {
    let base = app.settings.base_url.as_str();
    let at = |path: &str| format!("{base}{path}");
    let (authorize, token) = (at("/oauth2/v1/authorize"), at("/oauth2/v1/token"));
    let (userinfo, logout) = (at("/oauth2/v1/userinfo"), at("/oauth2/v1/userlogout"));
    let (revoke, introspect) = (at("/oauth2/v1/revoke"), at("/oauth2/v1/introspect"));
    let jwks = at("/admin/v1/SigningCert/jwk");
    json!({
        "issuer": app.service.identity().issuer(),
        "authorization_endpoint": authorize,
        "token_endpoint": token,
        "userinfo_endpoint": userinfo,
        "revocation_endpoint": revoke,
        "introspection_endpoint": introspect,
        "introspect_endpoint": introspect,
        "end_session_endpoint": logout,
        "secure_authorization_endpoint": authorize,
        "secure_token_endpoint": token,
        "secure_userinfo_endpoint": userinfo,
        "secure_revocation_endpoint": revoke,
        "secure_introspection_endpoint": introspect,
        "secure_end_session_endpoint": logout,
        "device_authorization_endpoint": at("/oauth2/v1/device"),
        "jwks_uri": jwks,
        "secure_jwks_uri": jwks,
        "scopes_supported": userinfo::SCOPES.as_slice(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": userinfo::CLAIMS.as_slice(),
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": true,
        "userinfo_signing_alg_values_supported": ["none"],
        "ui_locales_supported": ["en"],
        "claims_parameter_supported": false,
        "http_logout_supported": true,
        "logout_session_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "idcs_id_token": "supported",
        "idcs_logout_v3": "supported",
    })
}

/// `none` is for public apps, so it stands last.
const AUTH_METHODS: [&str; 4] =
    ["client_secret_basic", "private_key_jwt", "client_secret_post", "none"];
