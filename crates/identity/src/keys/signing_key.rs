//! One key that signs tokens, and what is published about it.

use super::ring::{PublicParts, RingKey};
use super::{KeyDirectory, KeyError};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

const MODULUS_MIN_BYTES: usize = 256;

/// An RSA key pair that is parsed once.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    /// The token header, encoded: the same for every token.
    header: String,
    pub(super) public: PublicKey,
}

/// What verifies a key's signatures.
pub(super) struct PublicKey {
    pub(super) decoding: DecodingKey,
    /// The public part, with its certificate.
    pub(super) jwk: Value,
    pub(super) parts: PublicParts,
}

/// A key pair that was just made.
pub(super) struct Fresh {
    /// The private part.
    pub(super) pem: Zeroizing<String>,
    pub(super) certificate: Vec<u8>,
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

/// Makes an RSA key of 2048 bits, with a certificate that it signs itself.
pub(super) fn generate(kid: &str) -> Result<Fresh, String> {
    let make = || {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut params = CertificateParams::default();
        let name = format!("Dayend token signing ({kid})");
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok::<_, rcgen::Error>(Fresh { pem: Zeroizing::new(key.serialize_pem()), certificate })
    };
    make().map_err(|error| error.to_string())
}

impl SigningKey {
    /// Loads a key of the ring and the certificate that belongs to it.
    pub(super) fn load(directory: &KeyDirectory, key: &RingKey) -> Result<Self, KeyError> {
        let (key_file, certificate_file) = (key.private_file(), key.certificate_file());
        let invalid = |file: &str, reason: &str| KeyError::Invalid {
            path: directory.path(file),
            reason: reason.to_owned(),
        };
        let pem = directory.read(&key_file)?;
        let certificate = directory.read_public(&certificate_file)?;
        let text =
            std::str::from_utf8(&pem).map_err(|_| invalid(&key_file, "it is not a PEM file"))?;
        let parsed = KeyPair::from_pem(text)
            .map_err(|_| invalid(&key_file, "it is not a PKCS#8 private key in PEM form"))?;
        let pair = RsaKeyPair::from_pkcs8(parsed.serialized_der())
            .map_err(|_| invalid(&key_file, "it is not an RSA key"))?;
        if pair.public_modulus_len() < MODULUS_MIN_BYTES {
            return Err(invalid(&key_file, "the RSA key is shorter than 2048 bits"));
        }
        let public = pair.public_key().as_ref().to_vec();
        if !certificate.windows(public.len()).any(|part| part == public) {
            return Err(invalid(&certificate_file, "it is not the certificate of the signing key"));
        }
        let parts =
            parts(&pem).ok_or_else(|| invalid(&key_file, "its public part cannot be read"))?;
        let thumbprints = Thumbprints::of(&certificate);
        Ok(Self {
            pair,
            header: header(&key.kid, &thumbprints),
            public: PublicKey {
                decoding: DecodingKey::from_rsa_der(&public),
                jwk: jwk(&key.kid, &parts, &thumbprints, &certificate),
                parts,
            },
        })
    }

    /// Signs claims into a compact token.
    pub(super) fn sign(&self, claims: &[u8]) -> String {
        self.sign_parts(&self.header, claims)
    }

    /// Signs any encoded header with any claims.
    pub(super) fn sign_parts(&self, header: &str, claims: &[u8]) -> String {
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

impl PublicKey {
    /// Loads what verifies a key whose private part is gone.
    pub(super) fn load(directory: &KeyDirectory, key: &RingKey) -> Result<Self, KeyError> {
        let invalid = |reason: &str| KeyError::Invalid {
            path: directory.path(super::RING_FILE),
            reason: format!("{}: {reason}", key.kid),
        };
        let parts = key.public.clone().ok_or_else(|| invalid("its public part is missing"))?;
        let modulus = URL_SAFE_NO_PAD.decode(&parts.n).unwrap_or_default();
        let bytes = modulus.iter().skip_while(|byte| **byte == 0).count();
        if bytes < MODULUS_MIN_BYTES {
            return Err(invalid("the RSA key is shorter than 2048 bits"));
        }
        let decoding = DecodingKey::from_rsa_components(&parts.n, &parts.e)
            .map_err(|_| invalid("its public part cannot be read"))?;
        let certificate = directory.read_public(&key.certificate_file())?;
        let thumbprints = Thumbprints::of(&certificate);
        let jwk = jwk(&key.kid, &parts, &thumbprints, &certificate);
        Ok(Self { decoding, jwk, parts })
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

fn header(kid: &str, thumbprints: &Thumbprints) -> String {
    let header =
        Header { x5t_s256: &thumbprints.sha256, x5t: &thumbprints.sha1, kid, alg: "RS256" };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).expect("a header is four strings"))
}

fn parts(pem: &[u8]) -> Option<PublicParts> {
    let key = EncodingKey::from_rsa_pem(pem).ok()?;
    let public = Jwk::from_encoding_key(&key, Algorithm::RS256).ok()?;
    let AlgorithmParameters::RSA(parameters) = public.algorithm else { return None };
    Some(PublicParts { n: parameters.n, e: parameters.e })
}

/// No `key_ops`: a common library refuses the value that Oracle publishes there.
fn jwk(kid: &str, parts: &PublicParts, thumbprints: &Thumbprints, certificate: &[u8]) -> Value {
    json!({
        "kty": "RSA",
        "x5t#S256": thumbprints.sha256,
        "e": parts.e,
        "x5t": thumbprints.sha1,
        "kid": kid,
        "x5c": [STANDARD.encode(certificate)],
        "use": "sig",
        "alg": "RS256",
        "n": parts.n,
    })
}
