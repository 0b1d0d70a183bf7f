//! How a client proves who it is: RFC 6749 section 2.3.1, and the forms that clients really send.

use crate::token::{ClientCredentials, TokenError};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretString};

/// The longest client id that is looked up.
pub(crate) const CLIENT_ID_MAX_BYTES: usize = 256;
/// The longest client secret that is hashed.
pub(crate) const CLIENT_SECRET_MAX_BYTES: usize = 1024;

/// Oracle's guides let people make this text with several tools, and some leave the padding away.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The only kind of client assertion (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What of the client's proof stands in the form.
#[derive(Debug, Default)]
pub struct InForm {
    pub id: Option<String>,
    pub secret: Option<SecretString>,
    pub assertion_type: Option<String>,
    pub assertion: Option<SecretString>,
}

/// Puts together what came in the `Authorization` header and in the form; two methods at once are refused.
pub fn collect(
    authorization: Option<&str>,
    form: InForm,
) -> Result<Option<ClientCredentials>, TokenError> {
    let secrets = usize::from(authorization.is_some())
        + usize::from(form.secret.is_some())
        + usize::from(form.assertion.is_some());
    if secrets > 1 {
        return Err(invalid(
            "the client authenticates in more than one way: the Authorization header, client_secret and client_assertion exclude each other",
        ));
    }
    let assertion = asserted(form.assertion_type.as_deref(), form.assertion)?;
    let Some(authorization) = authorization else {
        return in_form(form.id, form.secret, assertion);
    };
    let (name, secret) = basic(authorization).ok_or(TokenError::InvalidClient)?;
    let credentials =
        ClientCredentials { client_id: name, secret: Some(secret), basic: true, assertion: None };
    match form.id {
        Some(other) if !readings(&credentials).any(|(id, _)| id == other) => {
            Err(invalid("client_id in the body is not that of the Authorization header"))
        }
        Some(_) | None => Ok(Some(credentials)),
    }
}

fn asserted(
    kind: Option<&str>,
    assertion: Option<SecretString>,
) -> Result<Option<SecretString>, TokenError> {
    match (kind, assertion) {
        (None, None) => Ok(None),
        (Some(ASSERTION_TYPE), Some(assertion)) => Ok(Some(assertion)),
        (Some(ASSERTION_TYPE), None) => {
            Err(invalid("client_assertion_type was sent without client_assertion"))
        }
        (None, Some(_)) => Err(invalid("client_assertion was sent without client_assertion_type")),
        (Some(_), _) => Err(TokenError::InvalidRequest(format!(
            "the only client_assertion_type is {ASSERTION_TYPE}"
        ))),
    }
}

fn in_form(
    client_id: Option<String>,
    secret: Option<SecretString>,
    assertion: Option<SecretString>,
) -> Result<Option<ClientCredentials>, TokenError> {
    match (client_id, &secret, &assertion) {
        (None, None, None) => Ok(None),
        (None, Some(_), _) => Err(invalid("client_secret was sent without client_id")),
        (client_id, _, _) => Ok(Some(ClientCredentials {
            client_id: client_id.unwrap_or_default(),
            secret,
            basic: false,
            assertion,
        })),
    }
}

fn invalid(problem: &str) -> TokenError {
    TokenError::InvalidRequest(problem.to_owned())
}

/// The name and the password of a `Basic` header, as they stand there.
pub fn basic(authorization: &str) -> Option<(String, SecretString)> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    let encoded = Some(encoded.trim())
        .filter(|text| scheme.eq_ignore_ascii_case("basic") && text.len() <= 8 * 1024)?;
    let text = String::from_utf8(LENIENT.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    (!name.is_empty()).then(|| (name.to_owned(), SecretString::from(password)))
}

/// The id and secret as sent, then form-url-decoded: RFC 6749 wants them encoded inside `Basic`, curl sends them raw.
pub(crate) fn readings(
    credentials: &ClientCredentials,
) -> impl Iterator<Item = (String, Option<SecretString>)> {
    let secret = credentials.secret.as_ref().map(SecretString::expose_secret);
    let encoded = |text: &str| text.contains(['%', '+']);
    let may_be_encoded =
        credentials.basic && (encoded(&credentials.client_id) || secret.is_some_and(encoded));
    let decoded = may_be_encoded
        .then(|| Some((form_decoded(&credentials.client_id)?, secret.map(form_decoded))));
    let decoded = decoded.flatten().and_then(|(id, secret)| match secret {
        None => Some((id, None)),
        Some(secret) => secret.map(|secret| (id, Some(SecretString::from(secret)))),
    });
    [Some((credentials.client_id.clone(), credentials.secret.clone())), decoded]
        .into_iter()
        .flatten()
}

/// The text without percent-encoding; none: a percent sign in it encodes nothing.
pub(crate) fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD as PADDED;

    #[test]
    fn basic_is_read_whatever_the_case_the_padding_and_the_colons() {
        let (name, secret) = basic(&header("TENANT_APPID", "a:b:c")).unwrap();
        assert_eq!((name.as_str(), secret.expose_secret()), ("TENANT_APPID", "a:b:c"));
        assert!(basic(&header("a", "b").replace("Basic", "bASIC").replace('=', "")).is_some());
        for bad in ["", "Basic", "Basic ", "Basic !!!", "Bearer YTpi", "Basic YWI=", "Basic //8="] {
            assert!(basic(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_encoded_secret_is_read_both_ways() {
        let credentials = sent(Some(&header("my%2Dapp", "a%2Bb+c")), &[]).unwrap().unwrap();
        let read: Vec<_> = readings(&credentials)
            .map(|(id, secret)| (id, secret.unwrap().expose_secret().to_owned()))
            .collect();
        assert_eq!(
            read,
            [
                ("my%2Dapp".to_owned(), "a%2Bb+c".to_owned()),
                ("my-app".to_owned(), "a+b c".to_owned())
            ]
        );
        let broken = sent(Some(&header("app", "100%")), &[]).unwrap().unwrap();
        assert_eq!(
            readings(&broken).count(),
            1,
            "a percent sign that encodes nothing is a percent sign"
        );
    }

    #[test]
    fn two_methods_at_once_are_an_invalid_request() {
        let basic = header("app", "secret");
        let basic = Some(basic.as_str());
        let (id, secret) = (("client_id", "app"), ("client_secret", "secret"));
        let (kind, jwt) =
            (("client_assertion_type", ASSERTION_TYPE), ("client_assertion", "a.b.c"));
        #[rustfmt::skip]
        let refused: [(&str, Option<&str>, &[_]); 8] = [
            ("Basic and a secret",              basic, &[id, secret]),
            ("Basic and a secret alone",        basic, &[secret]),
            ("Basic of another client",         basic, &[("client_id", "other")]),
            ("a secret without a client",       None,  &[secret]),
            ("Basic and an assertion",          basic, &[kind, jwt]),
            ("a secret and an assertion",       None,  &[id, secret, kind, jwt]),
            ("an assertion without its type",   None,  &[id, jwt]),
            ("a type of another kind",          None,  &[id, ("client_assertion_type", "saml"), jwt]),
        ];
        for (name, authorization, form) in refused {
            let result = sent(authorization, form);
            assert!(matches!(result, Err(TokenError::InvalidRequest(_))), "{name}: {result:?}");
        }
        assert!(sent(basic, &[id]).unwrap().unwrap().basic);
        assert!(!sent(None, &[id, secret]).unwrap().unwrap().basic);
        assert!(sent(None, &[kind, jwt]).unwrap().unwrap().assertion.is_some());
        assert!(sent(None, &[]).unwrap().is_none());
        assert!(matches!(sent(Some("Bearer x"), &[]), Err(TokenError::InvalidClient)));
    }

    fn sent(
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Option<ClientCredentials>, TokenError> {
        let field = |name: &str| {
            form.iter().find(|(field, _)| *field == name).map(|(_, value)| (*value).to_owned())
        };
        let form = InForm {
            id: field("client_id"),
            secret: field("client_secret").map(SecretString::from),
            assertion_type: field("client_assertion_type"),
            assertion: field("client_assertion").map(SecretString::from),
        };
        collect(authorization, form)
    }

    fn header(name: &str, secret: &str) -> String {
        format!("Basic {}", PADDED.encode(format!("{name}:{secret}")))
    }
}
