//! Which tokens are ours and valid now.

use super::claims::{ACCESS_TOKEN, SUBJECT_CLIENT, SUBJECT_USER};
use super::family::Family;
use super::times::Times;
use crate::keys::Keys;
use dayend_engine::time::Timestamp;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use std::sync::Arc;

/// A longer token is refused before anything is decoded.
pub(crate) const TOKEN_MAX_BYTES: usize = 16 * 1024;

/// What a valid token says that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) user_id: Option<String>,
    /// As the `scope` claim has them.
    pub(crate) scope: Arc<str>,
    /// `jti`.
    pub(crate) id: String,
    /// `parent_jti`: the token that it was exchanged for.
    pub(crate) parent: Option<String>,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    times: Times,
}

impl Verified {
    /// Whether the token has begun and not yet expired.
    pub(crate) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.times.hold_at(now)
    }

    /// From when to when it counts.
    pub(crate) fn times(&self) -> Times {
        self.times
    }

    /// When the log-in was (or the request of the app) that the token rests on.
    pub(crate) fn began(&self) -> Timestamp {
        let began = Family::of_token(&self.id).and_then(|family| family.began());
        began.unwrap_or(self.times.issued())
    }
}

/// Times are integers: texts, fractions and negative numbers do not parse, nor does a claim that is there twice.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    tok_type: String,
    sub_type: String,
    tenant: String,
    client_id: String,
    user_id: Option<String>,
    #[serde(default)]
    scope: String,
    jti: String,
    #[serde(default)]
    parent_jti: Option<String>,
    sub: String,
    aud: Audience,
}

/// RFC 7519 section 4.1.3: one, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks all that a token alone can tell.
pub(crate) struct Verifier {
    validation: Validation,
    /// As `validation`, for tokens that are for somebody else.
    for_anybody: Validation,
    issuer: String,
}

impl Verifier {
    /// Accepts access tokens of this issuer for this issuer.
    pub(crate) fn new(issuer: &str) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // The library would ask the machine's clock, and round fractions: times are checked here.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let mut for_anybody = validation.clone();
        for_anybody.validate_aud = false;
        Self { validation, for_anybody, issuer: issuer.to_owned() }
    }

    /// The token's content, if it is one of ours, for this server, and valid now.
    pub(crate) fn verify(&self, keys: &Keys, token: &str, now: Timestamp) -> Option<Verified> {
        self.read(keys, token, &self.validation, now)
    }

    /// The token's content, if it is one of ours and valid now, whomever it is for.
    pub(crate) fn verify_for_anybody(
        &self,
        keys: &Keys,
        token: &str,
        now: Timestamp,
    ) -> Option<Verified> {
        self.read(keys, token, &self.for_anybody, now)
    }

    fn read(
        &self,
        keys: &Keys,
        token: &str,
        validation: &Validation,
        now: Timestamp,
    ) -> Option<Verified> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let header = decode_header(token).ok()?;
        // `jku`, `x5u`, `jwk` and `x5c` may say what they like: the key is ours or none.
        if header.crit.is_some() || header.zip.is_some() {
            return None;
        }
        let key = keys.signing.verifying(header.kid.as_deref()?, now)?;
        let claims = decode::<Claims>(token, key.decoding(), validation).ok()?.claims;
        let subject_fits = match claims.sub_type.as_str() {
            SUBJECT_USER => claims.user_id.is_some(),
            SUBJECT_CLIENT => claims.user_id.is_none(),
            _ => false,
        };
        let ours = claims.iss == self.issuer && claims.tok_type == ACCESS_TOKEN && subject_fits;
        let verified = Verified {
            tenant: claims.tenant,
            client_id: claims.client_id,
            user_id: claims.user_id,
            scope: claims.scope.into(),
            id: claims.jti,
            parent: claims.parent_jti,
            subject: claims.sub,
            audiences: match claims.aud {
                Audience::One(audience) => vec![audience],
                Audience::Several(audiences) => audiences,
            },
            times: Times::new(claims.iat, claims.nbf, claims.exp)?,
        };
        Some(verified).filter(|verified| ours && verified.is_valid_at(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::create;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://dayend.example:8443";
    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
    const NOW_S: i64 = 1_790_000_000;
    const HEADER: &str = r#"{"kid":"SIGNING_KEY","alg":"RS256"}"#;

    #[test]
    fn a_token_that_breaks_any_rule_is_refused() {
        let (keys, verifier) = (keys(), Verifier::new(ISSUER));
        assert!(
            verifier
                .verify(&keys, &keys.signing.sign_anything(HEADER, &claims().to_string()), NOW)
                .is_some(),
            "the good one"
        );
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            claims.to_string()
        };
        let without = |name: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            claims.to_string()
        };
        #[rustfmt::skip]
        let bad_claims = [
            ("no exp",              without("exp")),
            ("exp is a text",       with("exp", json!((NOW_S + 60).to_string()))),
            ("exp is a fraction",   with("exp", json!(1_790_000_060.5))),
            ("exp is negative",     with("exp", json!(-1))),
            ("exp is immense",      with("exp", json!(1e300))),
            ("exp beyond i64",      with("exp", json!(u64::MAX))),
            ("exp is null",         with("exp", Value::Null)),
            ("exp is there twice",  claims().to_string().replacen('{', r#"{"exp":9999999999,"#, 1)),
            ("expired now",         with("exp", json!(NOW_S))),
            ("expired long ago",    with("exp", json!(1))),
            ("no iat",              without("iat")),
            ("iat is a text",       with("iat", json!("now"))),
            ("from the future",     with("iat", json!(NOW_S + 61))),
            ("not before later",    with("nbf", json!(NOW_S + 61))),
            ("nbf is a text",       with("nbf", json!("0"))),
            ("no iss",              without("iss")),
            ("foreign iss",         with("iss", json!("https://evil.example"))),
            ("iss with a slash",    with("iss", json!(format!("{ISSUER}/")))),
            ("iss is a list",       with("iss", json!([ISSUER]))),
            ("no aud",              without("aud")),
            ("foreign aud",         with("aud", json!(["https://evil.example"]))),
            ("empty aud",           with("aud", json!([]))),
            ("aud is a number",     with("aud", json!(1))),
            ("an id token",         with("tok_type", json!("IT"))),
            ("no tok_type",         without("tok_type")),
            ("a user without id",   without("user_id")),
            ("a client with id",    with("sub_type", json!("client"))),
            ("an odd subject",      with("sub_type", json!("robot"))),
            ("no tenant",           without("tenant")),
            ("a list of claims",    "[]".to_owned()),
            ("no JSON",             "exp".to_owned()),
            ("nested deeply",       format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))),
        ];
        for (name, claims) in bad_claims {
            assert_eq!(
                verifier.verify(&keys, &keys.signing.sign_anything(HEADER, &claims), NOW),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn a_header_that_breaks_any_rule_is_refused() {
        let (keys, verifier) = (keys(), Verifier::new(ISSUER));
        #[rustfmt::skip]
        let bad_headers = [
            ("alg none",            r#"{"kid":"SIGNING_KEY","alg":"none"}"#),
            ("alg nOnE",            r#"{"kid":"SIGNING_KEY","alg":"nOnE"}"#),
            ("alg HS256",           r#"{"kid":"SIGNING_KEY","alg":"HS256"}"#),
            ("alg RS512",           r#"{"kid":"SIGNING_KEY","alg":"RS512"}"#),
            ("alg PS256",           r#"{"kid":"SIGNING_KEY","alg":"PS256"}"#),
            ("alg ES256",           r#"{"kid":"SIGNING_KEY","alg":"ES256"}"#),
            ("no alg",              r#"{"kid":"SIGNING_KEY"}"#),
            ("alg twice",           r#"{"kid":"SIGNING_KEY","alg":"none","alg":"RS256"}"#),
            ("no kid",              r#"{"alg":"RS256"}"#),
            ("kid is a path",       r#"{"kid":"../../dev/null","alg":"RS256"}"#),
            ("kid is SQL",          r#"{"kid":"' UNION SELECT 1 --","alg":"RS256"}"#),
            ("kid of 10 KiB",       &format!(r#"{{"kid":"{}","alg":"RS256"}}"#, "K".repeat(10_000))),
            ("kid is a URL",        r#"{"kid":"https://evil.example/jwks","alg":"RS256"}"#),
            ("a key to come",       r#"{"kid":"SIGNING_KEY_2","alg":"RS256"}"#),
            ("kid is a number",     r#"{"kid":1,"alg":"RS256"}"#),
            ("crit",                r#"{"kid":"SIGNING_KEY","alg":"RS256","crit":["b64"],"b64":false}"#),
            ("empty crit",          r#"{"kid":"SIGNING_KEY","alg":"RS256","crit":[]}"#),
            ("zip",                 r#"{"kid":"SIGNING_KEY","alg":"RS256","zip":"DEF"}"#),
        ];
        for (name, header) in bad_headers {
            assert_eq!(
                verifier.verify(
                    &keys,
                    &keys.signing.sign_anything(header, &claims().to_string()),
                    NOW
                ),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn a_token_that_we_did_not_sign_is_refused() {
        let (keys, verifier) = (keys(), Verifier::new(ISSUER));
        let good = keys.signing.sign_anything(HEADER, &claims().to_string());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let foreign_claims = URL_SAFE_NO_PAD.encode(claims().to_string().replace("anna", "root"));
        let public = URL_SAFE_NO_PAD.decode(jwk(&keys)["n"].as_str().unwrap()).unwrap();
        let hmac = aws_lc_rs::hmac::sign(
            &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public),
            signed.as_bytes(),
        );
        let hs256 = signed.replacen(
            header,
            &URL_SAFE_NO_PAD.encode(r#"{"kid":"SIGNING_KEY","alg":"HS256"}"#),
            1,
        );
        let none = signed.replacen(
            header,
            &URL_SAFE_NO_PAD.encode(r#"{"kid":"SIGNING_KEY","alg":"none"}"#),
            1,
        );
        #[rustfmt::skip]
        let cases = [
            ("no signature",             format!("{signed}.")),
            ("alg none, no signature",   format!("{none}.")),
            ("HS256 with the public key", format!("{hs256}.{}", URL_SAFE_NO_PAD.encode(hmac))),
            ("other claims",             format!("{header}.{foreign_claims}.{signature}")),
            ("another server's key",     super::tests::keys().signing.sign_anything(HEADER, &claims().to_string())),
            ("zeros",                    format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 256]))),
            ("two parts",                signed.to_owned()),
            ("four parts",               format!("{good}.x")),
            ("blank before",             format!(" {good}")),
            ("blank behind",             format!("{good} ")),
            ("padded",                   format!("{good}==")),
            ("empty",                    String::new()),
            ("dots",                     "..".to_owned()),
            ("not ASCII",                "é.é.é".to_owned()),
            ("huge",                     format!("{}.{signature}", "A".repeat(20_000))),
        ];
        for (name, token) in cases {
            assert_eq!(verifier.verify(&keys, &token, NOW), None, "{name}");
        }
    }

    #[test]
    fn a_signed_token_beyond_16_kib_is_refused() {
        let (keys, verifier) = (keys(), Verifier::new(ISSUER));
        let sized = |letters: usize| {
            let mut claims = claims();
            claims["scope"] = json!("x".repeat(letters));
            keys.signing.sign_anything(HEADER, &claims.to_string())
        };
        assert!(verifier.verify(&keys, &sized(10_000), NOW).is_some());
        assert!(verifier.verify(&keys, &sized(13_000), NOW).is_none());
    }

    #[test]
    fn keys_offered_in_the_header_are_ignored() {
        let (keys, verifier) = (keys(), Verifier::new(ISSUER));
        let offering = r#"{"kid":"SIGNING_KEY","alg":"RS256","jku":"http://127.0.0.1:1/jwks","x5u":"file:///etc/passwd","x5c":["AAAA"]}"#;
        assert!(
            verifier
                .verify(&keys, &keys.signing.sign_anything(offering, &claims().to_string()), NOW)
                .is_some()
        );
        let foreign = super::tests::keys();
        let own_key =
            json!({"kid": "SIGNING_KEY", "alg": "RS256", "jwk": jwk(&foreign)}).to_string();
        assert!(
            verifier
                .verify(&keys, &foreign.signing.sign_anything(&own_key, &claims().to_string()), NOW)
                .is_none()
        );
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": [ISSUER, "urn:x"], "sub": "anna", "sub_type": "user", "user_id": "u1", "tenant": "T",
            "client_id": "T_APPID", "tok_type": "AT", "iat": NOW_S, "exp": NOW_S + 60, "jti": "1",
        })
    }

    fn jwk(keys: &Keys) -> Value {
        keys.signing.jwks(NOW)["keys"][0].clone()
    }

    fn keys() -> Keys {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path()).unwrap();
        Keys::load(dir.path()).unwrap()
    }
}
