//! Reading a token request (RFC 6749 sections 2.3 and 3.2): a pure function of headers, query and body.

use super::error::Refused;
use crate::body::{FORM, require};
use axum::http::{HeaderMap, header};
use dayend_identity::credentials::{InForm, collect};
use dayend_identity::token::{ClientCredentials, TokenError, TokenRequest};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// What must not stand in a URL, where logs and histories keep it.
const SECRET_PARAMETERS: [&str; 11] = [
    "client_secret",
    "password",
    "refresh_token",
    "code",
    "code_verifier",
    "assertion",
    "client_assertion",
    "device_code",
    "subject_token",
    "actor_token",
    "token",
];

/// The question in a request to the token endpoint.
pub(super) fn read(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Result<TokenRequest, Refused> {
    let (mut form, client) = read_form(headers, query, body)?;
    let tried_basic = client.as_ref().is_some_and(|client| client.basic);
    request(&mut form, client).map_err(|error| Refused { error, tried_basic })
}

/// The parameters of a request from a client, and how the client proves who it is.
pub(super) fn read_form(
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
) -> Result<(Form, Option<ClientCredentials>), Refused> {
    let tried_basic = headers.contains_key(header::AUTHORIZATION);
    let refused = |error| Refused { error, tried_basic };
    let authorization = authorization(headers).map_err(refused)?;
    let mut form = parameters(headers, query, body).map_err(refused)?;
    let in_form = InForm {
        id: form.take("client_id"),
        secret: form.take_secret("client_secret"),
        assertion_type: form.take("client_assertion_type"),
        assertion: form.take_secret("client_assertion"),
    };
    let client = collect(authorization, in_form).map_err(refused)?;
    Ok((form, client))
}

fn request(form: &mut Form, client: Option<ClientCredentials>) -> Result<TokenRequest, TokenError> {
    Ok(TokenRequest {
        client,
        grant_type: form
            .take("grant_type")
            .ok_or_else(|| invalid("the parameter `grant_type` is missing"))?,
        scope: form.take("scope"),
        username: form.take("username"),
        password: form.take_secret("password"),
        refresh_token: form.take_secret("refresh_token"),
        code: form.take_secret("code"),
        redirect_uri: form.take("redirect_uri"),
        code_verifier: form.take_secret("code_verifier"),
        assertion: form.take_secret("assertion"),
        device_code: form.take_secret("device_code"),
        subject_token: form.take_secret("subject_token"),
        subject_token_type: form.take("subject_token_type"),
        requested_token_type: form.take("requested_token_type"),
        actor_token: form.take_secret("actor_token"),
        audience: form.take("audience"),
        resource: form.take("resource"),
        from: None,
    })
}

/// The `Authorization` header, of which there is at most one.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, TokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(invalid("the request has more than one `Authorization` header")),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| TokenError::InvalidClient),
    }
}

/// The form's parameters; those without a value count as absent (RFC 6749 section 3.2).
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    pub(super) fn take_secret(&mut self, name: &str) -> Option<SecretString> {
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
