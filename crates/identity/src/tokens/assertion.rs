//! What an app says in a JWT that it signed with its own key (RFC 7523).

use super::certificate::PublicKey;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::model::{Certificate, Document, put};
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, StoreError};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// A longer assertion is refused before anything is decoded.
const ASSERTION_MAX_BYTES: usize = 16 * 1024;
/// No assertion counts for longer than this, counted from now: its id must be remembered so long.
const LIFETIME_MAX_S: i64 = 86_400;
/// The app's clock may be so much before ours.
const CLOCK_SKEW_S: i64 = 60;

/// What an assertion says, and what must be remembered so that nobody says it again.
pub(super) struct Asserted {
    pub(super) subject: String,
    pub(super) ends_at: Timestamp,
    /// Kept in the same write in which the assertion is made use of.
    pub(super) spends: DocumentChange,
}

/// An assertion that was made use of.
#[derive(Debug, Serialize, Deserialize)]
struct UsedAssertion {}

impl Document for UsedAssertion {
    const KIND: &'static str = "used-assertion";
}

/// Times are integers: texts, fractions and negative numbers do not parse, nor does a claim that is there twice.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    iat: Option<u64>,
    nbf: Option<u64>,
    jti: Option<String>,
}

impl Identity {
    /// Reads an assertion of the app; none: it is not one, has expired, or was used before.
    pub(super) async fn asserted(
        &self,
        app: &KnownApp,
        assertion: &SecretString,
        now: Timestamp,
    ) -> Result<Option<Asserted>, StoreError> {
        let text = assertion.expose_secret();
        let Some(claims) = self.read_assertion(app, text, now) else { return Ok(None) };
        let (tenant, client_id) = (app.row.tenant.as_str(), app.row.client_id.as_str());
        // Without an id the whole text is its id: it can be used once all the same.
        let name = claims.jti.as_deref().unwrap_or(text);
        let id = self.keys.server.secret_id("assertion", &format!("{client_id}\0{name}"));
        if self.document::<UsedAssertion>(tenant, &id).await?.is_some() {
            return Ok(None);
        }
        let ends_at = Timestamp(i64::try_from(claims.exp).unwrap_or_default() * 1_000_000);
        let forget_at = ends_at.plus_ms(CLOCK_SKEW_S.unsigned_abs() * 1000);
        let spends =
            put((tenant, &id), &UsedAssertion {}, Some(client_id), Some(forget_at), Guard::Absent);
        Ok(Some(Asserted { subject: claims.sub, ends_at, spends }))
    }

    fn read_assertion(&self, app: &KnownApp, text: &str, now: Timestamp) -> Option<Claims> {
        if text.len() > ASSERTION_MAX_BYTES {
            return None;
        }
        let header = decode_header(text).ok()?;
        // Keys that the header brings along are not looked at: the key is one of the app's, or none.
        let plain = header.crit.is_none() && header.zip.is_none();
        let key = key_of(&app.settings.certificates, &header, now).filter(|_| plain)?;
        let mut validation = Validation::new(Algorithm::RS256);
        let issuer = self.settings.issuer.as_str();
        let token_endpoint = format!("{}/oauth2/v1/token", issuer.trim_end_matches('/'));
        validation.set_issuer(&[&app.row.client_id]);
        validation.set_audience(&[issuer, &format!("{issuer}/"), &token_endpoint]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // The library would ask the machine's clock, and round fractions: times are checked here.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let key = DecodingKey::from_rsa_der(&key.rsa_der);
        let claims = decode::<Claims>(text, &key, &validation).ok()?.claims;
        let now_s = now.0.div_euclid(1_000_000);
        let seconds = |claim: u64| i64::try_from(claim).ok();
        let ends_s = seconds(claims.exp)?;
        let begun = |claim: Option<u64>| {
            claim.is_none_or(|at| seconds(at).is_some_and(|at| at <= now_s + CLOCK_SKEW_S))
        };
        let lasts = now_s < ends_s && ends_s <= now_s + LIFETIME_MAX_S + CLOCK_SKEW_S;
        let timely = lasts && begun(claims.iat) && begun(claims.nbf);
        Some(claims).filter(|_| timely)
    }
}

/// The app's key that the header names by `kid` or by `x5t`.
fn key_of(certificates: &[Certificate], header: &Header, now: Timestamp) -> Option<PublicKey> {
    let names = |certificate: &&Certificate| {
        let is = |name: &str, sent: Option<&String>| {
            !name.is_empty()
                && sent.is_some_and(|sent| sent.trim_end_matches('=') == name.trim_end_matches('='))
        };
        is(&certificate.kid, header.kid.as_ref()) || is(&certificate.x5t, header.x5t.as_ref())
    };
    let certificate = certificates.iter().find(names)?;
    PublicKey::read(&certificate.x509_base64).filter(|key| key.is_valid_at(now))
}

/// The client that an assertion names, unchecked: whose keys are to be looked at.
pub(super) fn claimed_client(assertion: &SecretString) -> Option<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    #[derive(Deserialize)]
    struct Named {
        sub: String,
    }
    let text = assertion.expose_secret();
    let payload = text.split('.').nth(1).filter(|_| text.len() <= ASSERTION_MAX_BYTES)?;
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Named>(&json).ok().map(|named| named.sub)
}
