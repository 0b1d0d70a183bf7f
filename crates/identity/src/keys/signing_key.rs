//! The key that signs access tokens.

use super::files::read_private;
use super::{KeyError, SIGNING_KEY_ID};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

const MODULUS_MIN_BYTES: usize = 256;

/// An RSA key pair that is parsed once, with all that is published about it.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    /// The token header, encoded: the same for every token.
    header: String,
    /// What verifies this key's signatures.
    pub(crate) decoding: DecodingKey,
    /// The public part, with its certificate.
    pub(crate) jwk: Value,
}

/// The header of every token, with the keys in the order in which Oracle writes them; no `typ`.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "x5t#S256")]
    x5t_s256: &'a str,
    x5t: &'a str,
    kid: &'a str,
    alg: &'a str,
}

impl SigningKey {
    /// Loads the key and the certificate that belongs to it.
    pub(super) fn load(key_path: &Path, certificate_path: &Path) -> Result<Self, KeyError> {
        let invalid = |path: &Path, reason: &str| KeyError::Invalid {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let (pem, certificate) = (read_private(key_path)?, read_private(certificate_path)?);
        let text =
            std::str::from_utf8(&pem).map_err(|_| invalid(key_path, "it is not a PEM file"))?;
        let parsed = rcgen::KeyPair::from_pem(text)
            .map_err(|_| invalid(key_path, "it is not a PKCS#8 private key in PEM form"))?;
        let pair = RsaKeyPair::from_pkcs8(parsed.serialized_der())
            .map_err(|_| invalid(key_path, "it is not an RSA key"))?;
        if pair.public_modulus_len() < MODULUS_MIN_BYTES {
            return Err(invalid(key_path, "the RSA key is shorter than 2048 bits"));
        }
        let public = pair.public_key().as_ref().to_vec();
        if !certificate.windows(public.len()).any(|part| part == public) {
            return Err(invalid(certificate_path, "it is not the certificate of the signing key"));
        }
        let components = modulus_and_exponent(&pem)
            .ok_or_else(|| invalid(key_path, "its public part cannot be read"))?;
        let thumbprints = Thumbprints::of(&certificate);
        Ok(Self {
            pair,
            header: header(&thumbprints),
            decoding: DecodingKey::from_rsa_der(&public),
            jwk: jwk(&components, &thumbprints, &certificate),
        })
    }

    /// Signs claims into a compact token.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> String {
        let claims = serde_json::to_vec(claims).expect("claims are strings, numbers and lists");
        self.sign_parts(&self.header, &claims)
    }

    fn sign_parts(&self, header: &str, claims: &[u8]) -> String {
        let mut token = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            token.as_bytes(),
            &mut signature,
        );
        signed.expect("a loaded RSA key signs any text");
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        token
    }
}

#[cfg(test)]
impl SigningKey {
    /// Signs any header and claims, to see what a verifier makes of them.
    pub(crate) fn sign_anything(&self, header: &str, claims: &str) -> String {
        self.sign_parts(&URL_SAFE_NO_PAD.encode(header), claims.as_bytes())
    }
}

struct Thumbprints {
    sha1: String,
    sha256: String,
}

impl Thumbprints {
    fn of(certificate: &[u8]) -> Self {
        let print = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, certificate));
        Self { sha1: print(&digest::SHA1_FOR_LEGACY_USE_ONLY), sha256: print(&digest::SHA256) }
    }
}

fn header(thumbprints: &Thumbprints) -> String {
    let header = Header {
        x5t_s256: &thumbprints.sha256,
        x5t: &thumbprints.sha1,
        kid: SIGNING_KEY_ID,
        alg: "RS256",
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).expect("a header is four strings"))
}

fn modulus_and_exponent(pem: &[u8]) -> Option<(String, String)> {
    let key = EncodingKey::from_rsa_pem(pem).ok()?;
    let public = Jwk::from_encoding_key(&key, Algorithm::RS256).ok()?;
    let AlgorithmParameters::RSA(parameters) = public.algorithm else { return None };
    Some((parameters.n, parameters.e))
}

/// No `key_ops`: a common library refuses the value that Oracle publishes there.
fn jwk(
    (modulus, exponent): &(String, String),
    thumbprints: &Thumbprints,
    certificate: &[u8],
) -> Value {
    json!({
        "kty": "RSA",
        "x5t#S256": thumbprints.sha256,
        "e": exponent,
        "x5t": thumbprints.sha1,
        "kid": SIGNING_KEY_ID,
        "x5c": [STANDARD.encode(certificate)],
        "use": "sig",
        "alg": "RS256",
        "n": modulus,
    })
}
