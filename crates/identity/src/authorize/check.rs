//! Who asks, where the answer goes, and whether the question is in order; in this order.

use super::answer::{AuthorizeError, Shown};
use super::prompt::Prompt;
use super::redirect::{Target, is_registered};
use super::request::{Asked, AuthorizeRequest};
use crate::credentials::CLIENT_ID_MAX_BYTES;
use crate::identity::Identity;
use crate::model::AppSettings;
use crate::tokens::{GrantType, Scopes};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::AppRow;

/// The longest `state` that is given back, and the longest of the other values.
const STATE_MAX_BYTES: usize = 2048;
const VALUE_MAX_BYTES: usize = 2048;
/// SHA-256 in base64url.
const CHALLENGE_CHARS: usize = 43;

impl Identity {
    /// The request, if it is in order. Until the redirect URI is known to be the app's, nobody is redirected.
    pub async fn authorize_request(
        &self,
        request: &AuthorizeRequest,
        now: Timestamp,
    ) -> Result<Asked, AuthorizeError> {
        let (app, settings) = self.asking_app(request).await?;
        let uri = redirect_uri(request, &app, &settings).map_err(AuthorizeError::Shown)?;
        let sent = request.state.clone();
        let state = sent.filter(|state| state.len() <= STATE_MAX_BYTES);
        let target = Target { uri, state, issuer: self.settings.issuer.clone() };
        in_order(request, &app)
            .map_err(|(error, description)| target.refused(error, &description))?;
        let scopes = Scopes::parse(request.scope.as_deref())
            .map_err(|error| target.refused("invalid_scope", &error.to_string()))?;
        let invalid = |problem: &str| target.refused("invalid_request", problem);
        let hint = match &request.id_token_hint {
            None => None,
            Some(hint) => Some(
                self.hint(hint, now)
                    .ok_or_else(|| invalid("id_token_hint is no ID token of this issuer"))?,
            ),
        };
        Ok(Asked {
            bypass_consent: settings.bypass_consent,
            prompt: Prompt::read(request.prompt.as_deref()).map_err(invalid)?,
            max_age_s: max_age(request.max_age.as_deref()).map_err(invalid)?,
            scopes,
            nonce: request.nonce.clone(),
            login_hint: request.login_hint.clone(),
            hint,
            challenge: request.code_challenge.clone(),
            app,
            target,
        })
    }

    async fn asking_app(
        &self,
        request: &AuthorizeRequest,
    ) -> Result<(AppRow, AppSettings), AuthorizeError> {
        let repeated = |name: &str| request.repeated.iter().any(|repeated| repeated == name);
        let client_id = request.client_id.as_deref().filter(|_| !repeated("client_id"));
        let client_id = client_id.ok_or(AuthorizeError::Shown(Shown::NoClient))?;
        let unknown = AuthorizeError::Shown(Shown::UnknownClient);
        if client_id.len() > CLIENT_ID_MAX_BYTES || client_id.contains('\0') {
            return Err(unknown);
        }
        let app = self.store.app(client_id).await?.filter(|app| app.active).ok_or(unknown)?;
        let settings = self.app_settings(&app.tenant, client_id).await?;
        Ok((app, settings))
    }
}

fn redirect_uri(
    request: &AuthorizeRequest,
    app: &AppRow,
    settings: &AppSettings,
) -> Result<String, Shown> {
    if request.repeated.iter().any(|name| name == "redirect_uri") {
        return Err(Shown::UnknownRedirect);
    }
    let native = app.secret.is_none();
    let asked = match (&request.redirect_uri, settings.redirect_uris.as_slice()) {
        (Some(asked), _) => asked,
        // RFC 6749 section 3.1.2.3: with one of them there is no doubt.
        (None, [only]) => only,
        (None, _) => return Err(Shown::NoRedirect),
    };
    if is_registered(&settings.redirect_uris, asked, native) {
        Ok(asked.clone())
    } else {
        Err(Shown::UnknownRedirect)
    }
}

/// The first thing that is wrong: the error of the RFC, and a sentence.
fn in_order(request: &AuthorizeRequest, app: &AppRow) -> Result<(), (&'static str, String)> {
    let invalid = |problem: &str| Err(("invalid_request", problem.to_owned()));
    if let Some(name) = request.repeated.first() {
        return Err(("invalid_request", format!("the parameter {} is repeated", shortened(name))));
    }
    if request.request {
        return Err(("request_not_supported", "request objects are not supported".to_owned()));
    }
    if request.request_uri {
        let problem = "references to request objects are not supported";
        return Err(("request_uri_not_supported", problem.to_owned()));
    }
    if request.registration {
        let problem = "apps are registered before they ask";
        return Err(("registration_not_supported", problem.to_owned()));
    }
    if request.garbled {
        return invalid("the parameters are not percent-encoded UTF-8");
    }
    if request.state.as_ref().is_some_and(|state| state.len() > STATE_MAX_BYTES) {
        return invalid("state is longer than 2048 bytes");
    }
    let long = [&request.nonce, &request.login_hint, &request.prompt];
    if long.into_iter().flatten().any(|value| value.len() > VALUE_MAX_BYTES) {
        return invalid("a parameter is longer than 2048 bytes");
    }
    match request.response_type.as_deref() {
        Some("code") => {}
        None => return invalid("the parameter response_type is required"),
        Some(_) => {
            let problem = "the only response type is code";
            return Err(("unsupported_response_type", problem.to_owned()));
        }
    }
    if request.response_mode.as_deref().is_some_and(|mode| mode != "query") {
        return invalid("the only response mode is query");
    }
    let code = GrantType::AuthorizationCode.as_str();
    if !app.grants.split_ascii_whitespace().any(|grant| grant == code) {
        let problem = format!("the app may not use the grant type {code}");
        return Err(("unauthorized_client", problem));
    }
    challenged(request, app)
}

/// RFC 7636, with its one method that proves something.
fn challenged(request: &AuthorizeRequest, app: &AppRow) -> Result<(), (&'static str, String)> {
    let invalid = |problem: &str| Err(("invalid_request", problem.to_owned()));
    let Some(challenge) = request.code_challenge.as_deref() else {
        if request.code_challenge_method.is_some() {
            return invalid("code_challenge_method came without code_challenge");
        }
        if app.secret.is_none() {
            return invalid("a public app must send a code_challenge");
        }
        return Ok(());
    };
    if request.code_challenge_method.as_deref() != Some("S256") {
        return invalid("the only code_challenge_method is S256");
    }
    let lawful =
        challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if lawful && challenge.len() == CHALLENGE_CHARS {
        return Ok(());
    }
    invalid("code_challenge is no SHA-256 in base64url")
}

fn max_age(text: Option<&str>) -> Result<Option<u64>, &'static str> {
    let Some(text) = text else { return Ok(None) };
    let digits =
        !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or("max_age is no number of seconds")
}
