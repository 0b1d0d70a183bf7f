//! Reading the call: a pure function of headers and query.

use axum::http::{HeaderMap, header};
use dayend_identity::credentials::{InForm, collect};
use dayend_identity::token::TokenError;
use secrecy::SecretString;

/// What the guide says holds if nothing is asked for.
const DEFAULT_EXPIRY_S: u64 = 3000;
/// What must not stand in a URL, where logs and histories keep it.
const SECRETS: [&str; 6] =
    ["username", "user", "password", "client_secret", "token", "access_token"];

/// The call as sent.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) user: String,
    pub(super) password: SecretString,
    pub(super) expires_in_s: u64,
}

/// The person's credentials, from the `Authorization` header and nowhere else, and the lifetime.
pub(super) fn read(headers: &HeaderMap, query: Option<&str>) -> Result<Call, TokenError> {
    let expires_in_s = expiry(query.unwrap_or_default())?;
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| TokenError::InvalidClient)?,
        (Some(_), Some(_)) => {
            return Err(invalid("the request has more than one Authorization header"));
        }
        (None, _) => return Err(TokenError::InvalidClient),
    };
    let sent = collect(Some(authorization), InForm::default())?.ok_or(TokenError::InvalidClient)?;
    let password = sent.secret.ok_or(TokenError::InvalidClient)?;
    Ok(Call { user: sent.client_id, password, expires_in_s })
}

fn expiry(query: &str) -> Result<u64, TokenError> {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
            return Err(invalid("credentials must not stand in the URL: send them with Basic"));
        }
        if name != "expiry" {
            continue;
        }
        let seconds = match value.as_ref() {
            "" => DEFAULT_EXPIRY_S,
            digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().unwrap_or(u64::MAX)
            }
            _ => return Err(invalid("expiry is not a number of seconds")),
        };
        if found.replace(seconds).is_some() {
            return Err(invalid("the parameter expiry is repeated"));
        }
    }
    Ok(found.unwrap_or(DEFAULT_EXPIRY_S))
}

fn invalid(problem: &str) -> TokenError {
    TokenError::InvalidRequest(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn the_call_is_read_from_basic_and_expiry_alone() {
        let read = |authorization: &[&str], query: &str| {
            let mut headers = HeaderMap::new();
            for value in authorization {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            match super::read(&headers, Some(query)) {
                Ok(call) => {
                    format!("{} {} {}", call.user, call.password.expose_secret(), call.expires_in_s)
                }
                Err(error) => format!("{error:?}"),
            }
        };
        let basic = "Basic YW5uYTpwOndk";
        #[rustfmt::skip]
        let cases: [(&[&str], &str, &str); 12] = [
            (&[basic], "",                        "anna p:wd 3000"),
            (&[basic], "expiry=300",              "anna p:wd 300"),
            (&[basic], "expiry=",                 "anna p:wd 3000"),
            (&[basic], "x=y",                     "anna p:wd 3000"),
            (&[basic], "expiry=99999999999999999999", "anna p:wd 18446744073709551615"),
            (&[basic], "expiry=-1",               r#"InvalidRequest("expiry is not a number of seconds")"#),
            (&[basic], "expiry=1&expiry=2",       r#"InvalidRequest("the parameter expiry is repeated")"#),
            (&[basic], "Password=x",              r#"InvalidRequest("credentials must not stand in the URL: send them with Basic")"#),
            (&[],      "",                        "InvalidClient"),
            (&[basic, basic], "",                 r#"InvalidRequest("the request has more than one Authorization header")"#),
            (&["Bearer x"], "",                   "InvalidClient"),
            (&["Basic !"], "",                    "InvalidClient"),
        ];
        for (authorization, query, want) in cases {
            assert_eq!(read(authorization, query), want, "{authorization:?} {query}");
        }
    }
}
