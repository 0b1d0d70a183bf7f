//! Reading a token request (RFC 6749 sections 2.3, 3.2, 4.3, 4.4 and 6): a pure function of headers, query and body.

use super::error::Refused;
use crate::body::{FORM, require};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dayend_identity::token::{ClientCredentials, TokenError, TokenRequest};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// What must not stand in a URL, where logs and histories keep it.
const SECRET_PARAMETERS: [&str; 7] = [
    "client_secret",
    "password",
    "refresh_token",
    "code",
    "code_verifier",
    "assertion",
    "client_assertion",
];

/// The question in a request to the token endpoint.
pub(super) fn read(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Result<TokenRequest, Refused> {
    let basic = basic(headers)?;
    let tried_basic = basic.is_some();
    parameters(headers, query, body)
        .and_then(|form| request(form, basic))
        .map_err(|error| Refused { error, tried_basic })
}

fn request(mut form: Form, basic: Option<ClientCredentials>) -> Result<TokenRequest, TokenError> {
    let client = client(&mut form, basic)?;
    Ok(TokenRequest {
        client,
        grant_type: form
            .take("grant_type")
            .ok_or_else(|| invalid("the parameter `grant_type` is missing"))?,
        scope: form.take("scope"),
        username: form.take("username"),
        password: form.take_secret("password"),
        refresh_token: form.take_secret("refresh_token"),
        from: None,
    })
}

/// The client's credentials, which may come by one way only.
fn client(
    form: &mut Form,
    basic: Option<ClientCredentials>,
) -> Result<Option<ClientCredentials>, TokenError> {
    if form.take("client_assertion").is_some() || form.take("client_assertion_type").is_some() {
        return Err(invalid(
            "client assertions are not supported: use Basic, or `client_id` and `client_secret`",
        ));
    }
    let (client_id, secret) = (form.take("client_id"), form.take_secret("client_secret"));
    match (basic, client_id, secret) {
        (Some(_), _, Some(_)) => {
            Err(invalid("the client authenticated twice: in the header and in the body"))
        }
        (Some(client), Some(id), None) if id != client.client_id => {
            Err(invalid("`client_id` is not the client of the header"))
        }
        (Some(client), _, None) => Ok(Some(client)),
        (None, None, Some(_)) => Err(invalid("`client_secret` came without `client_id`")),
        (None, Some(client_id), secret) => {
            Ok(Some(ClientCredentials { client_id, secret, basic: false }))
        }
        (None, None, None) => Ok(None),
    }
}

/// The credentials of the `Authorization` header, as sent: what is percent-encoded stays so.
fn basic(headers: &HeaderMap) -> Result<Option<ClientCredentials>, Refused> {
    let refused = |error| Refused { error, tried_basic: true };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(refused(invalid("the request has more than one `Authorization` header")));
        }
        (Some(value), None) => value,
    };
    let credentials =
        value.to_str().ok().and_then(decoded).ok_or_else(|| refused(TokenError::InvalidClient))?;
    Ok(Some(credentials))
}

fn decoded(value: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = value.trim().split_once(' ')?;
    let bytes = BASE64_STANDARD
        .decode(encoded.trim())
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let pair = SecretString::from(String::from_utf8(bytes).ok()?);
    let (client_id, secret) = pair.expose_secret().split_once(':')?;
    let secret = (!secret.is_empty()).then(|| SecretString::from(secret));
    (!client_id.is_empty()).then(|| ClientCredentials {
        client_id: client_id.to_owned(),
        secret,
        basic: true,
    })
}

/// The form's parameters; those without a value count as absent (RFC 6749 section 3.2).
struct Form(BTreeMap<String, String>);

impl Form {
    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    fn take_secret(&mut self, name: &str) -> Option<SecretString> {
        self.take(name).map(SecretString::from)
    }
}

fn parameters(headers: &HeaderMap, query: Option<&str>, body: &[u8]) -> Result<Form, TokenError> {
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    for (name, _) in query {
        if SECRET_PARAMETERS.contains(&name.as_ref()) {
            return Err(TokenError::InvalidRequest(format!(
                "`{name}` must not stand in the URL: send it in the body"
            )));
        }
    }
    require(headers, FORM).map_err(|error| TokenError::InvalidRequest(error.to_string()))?;
    let mut form = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        // The decoder puts this character where the bytes are no UTF-8.
        if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER)
        {
            return Err(invalid("the body is not percent-encoded UTF-8"));
        }
        if form.contains_key(name.as_ref()) {
            return Err(TokenError::InvalidRequest(format!(
                "the parameter `{}` is repeated",
                shortened(&name)
            )));
        }
        form.insert(name.into_owned(), value.into_owned());
    }
    Ok(Form(form))
}

fn shortened(name: &str) -> String {
    dayend_engine::codes::shortened(name)
}

fn invalid(problem: &str) -> TokenError {
    TokenError::InvalidRequest(problem.to_owned())
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
