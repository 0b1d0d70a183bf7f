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

/// Puts together what came in the `Authorization` header and in the form; two methods at once are refused.
pub fn collect(
    authorization: Option<&str>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
) -> Result<Option<ClientCredentials>, TokenError> {
    let Some(authorization) = authorization else {
        return match (client_id, client_secret) {
            (Some(client_id), secret) => {
                Ok(Some(ClientCredentials { client_id, secret, basic: false }))
            }
            (None, Some(_)) => Err(TokenError::InvalidRequest(
                "client_secret was sent without client_id".to_owned(),
            )),
            (None, None) => Ok(None),
        };
    };
    if client_secret.is_some() {
        let both =
            "the client authenticates in the Authorization header and in the body: use one of them";
        return Err(TokenError::InvalidRequest(both.to_owned()));
    }
    let (name, secret) = basic(authorization).ok_or(TokenError::InvalidClient)?;
    let credentials = ClientCredentials { client_id: name, secret: Some(secret), basic: true };
    match client_id {
        Some(other) if !readings(&credentials).any(|(id, _)| id == other) => {
            Err(TokenError::InvalidRequest(
                "client_id in the body is not that of the Authorization header".to_owned(),
            ))
        }
        Some(_) | None => Ok(Some(credentials)),
    }
}

/// The name and the password of a `Basic` header, as they stand there.
pub fn basic(authorization: &str) -> Option<(String, SecretString)> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    let encoded = Some(encoded.trim())
        .filter(|text| scheme.eq_ignore_ascii_case("basic") && text.len() <= 8 * 1024)?;
    let text = String::from_utf8(LENIENT.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), SecretString::from(password)))
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

fn form_decoded(text: &str) -> Option<String> {
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
        let credentials =
            collect(Some(&header("my%2Dapp", "a%2Bb+c")), None, None).unwrap().unwrap();
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
        let broken = collect(Some(&header("app", "100%")), None, None).unwrap().unwrap();
        assert_eq!(
            readings(&broken).count(),
            1,
            "a percent sign that encodes nothing is a percent sign"
        );
    }

    #[test]
    fn two_methods_at_once_are_an_invalid_request() {
        let refused =
            |result: Result<_, TokenError>| matches!(result, Err(TokenError::InvalidRequest(_)));
        let basic = header("app", "secret");
        assert!(refused(collect(Some(&basic), Some("app".to_owned()), Some("secret".into()))));
        assert!(refused(collect(Some(&basic), None, Some("secret".into()))));
        assert!(refused(collect(Some(&basic), Some("other".to_owned()), None)));
        assert!(refused(collect(None, None, Some("secret".into()))));
        assert!(collect(Some(&basic), Some("app".to_owned()), None).unwrap().unwrap().basic);
        assert!(
            !collect(None, Some("app".to_owned()), Some("secret".into())).unwrap().unwrap().basic
        );
        assert!(collect(None, None, None).unwrap().is_none());
        assert!(matches!(collect(Some("Bearer x"), None, None), Err(TokenError::InvalidClient)));
    }

    fn header(name: &str, secret: &str) -> String {
        format!("Basic {}", PADDED.encode(format!("{name}:{secret}")))
    }
}
