//! ID tokens: who logged in, when, and for which app.

use super::claims::seconds;
use crate::keys::Keys;
use crate::random;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use dayend_store::port::UserRow;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

/// `tok_type` of an ID token.
const ID_TOKEN: &str = "IT";
/// However long the session lasts.
const LIFETIME_MAX_S: i64 = 3600;
/// A longer hint is not looked at.
const HINT_MAX_BYTES: usize = 16 * 1024;

/// What an ID token is made of.
pub(super) struct LoggedIn<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) user: &'a UserRow,
    pub(super) sid: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) auth_time: Timestamp,
    pub(super) session_ends_at: Timestamp,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    user_tz: &'a str,
    amr: [&'a str; 1],
    sub: &'a str,
    user_locale: &'a str,
    iss: &'a str,
    user_tenantname: &'a str,
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    azp: &'a str,
    user_lang: &'a str,
    authn_strength: u8,
    auth_time: i64,
    session_exp: i64,
    exp: i64,
    iat: i64,
    tenant: &'a str,
    jti: String,
    at_hash: String,
    user_displayname: &'a str,
    sub_mappingattr: &'a str,
    tok_type: &'a str,
    aud: [&'a str; 2],
    user_id: &'a str,
}

/// The ID token that goes with an access token.
pub(super) fn signed(
    keys: &Keys,
    who: &LoggedIn<'_>,
    access_token: &str,
    now: Timestamp,
) -> String {
    let (iat, session_exp) = (seconds(now), seconds(who.session_ends_at));
    let claims = IdClaims {
        user_tz: "Etc/UTC",
        amr: ["USERNAME_PASSWORD"],
        sub: &who.user.name,
        user_locale: "en",
        iss: who.issuer,
        user_tenantname: &who.user.tenant,
        sid: who.sid,
        nonce: who.nonce,
        azp: who.client_id,
        user_lang: "en",
        authn_strength: 2,
        auth_time: seconds(who.auth_time),
        session_exp,
        exp: session_exp.min(iat.saturating_add(LIFETIME_MAX_S)),
        iat,
        tenant: &who.user.tenant,
        jti: random::id(),
        at_hash: at_hash(access_token),
        user_displayname: &who.user.display_name,
        sub_mappingattr: "userName",
        tok_type: ID_TOKEN,
        aud: [who.issuer, who.client_id],
        user_id: &who.user.id,
    };
    keys.signing.sign(&claims)
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash.
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().first_chunk::<16>().expect("a SHA-256 has 32 bytes"))
}

/// What an ID token that is sent back as a hint says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Hint {
    iss: String,
    tok_type: String,
    pub(crate) tenant: String,
    pub(crate) user_id: String,
    /// The app that it was issued to.
    pub(crate) azp: String,
    pub(crate) sid: String,
}

impl Hint {
    /// Whether it is about this user.
    pub(crate) fn is_of(&self, tenant: &str, user_id: &str) -> bool {
        self.tenant == tenant && self.user_id == user_id
    }
}

/// Reads a hint: the signature must be ours, the times do not matter.
pub(crate) fn read_hint(keys: &Keys, issuer: &str, token: &str, now: Timestamp) -> Option<Hint> {
    if token.len() > HINT_MAX_BYTES {
        return None;
    }
    let header = decode_header(token).ok()?;
    if header.crit.is_some() || header.zip.is_some() {
        return None;
    }
    let key = keys.signing.verifying(header.kid.as_deref()?, now)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[issuer]);
    validation.set_required_spec_claims(&["iss", "aud"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let hint = decode::<Hint>(token, key.decoding(), &validation).ok()?.claims;
    (hint.iss == issuer && hint.tok_type == ID_TOKEN).then_some(hint)
}
