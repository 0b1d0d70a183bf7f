//! Tokens with any content, signed with the server's own key, which a thief would need.

use crate::house::{House, part};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fs;

pub(crate) struct Forge {
    key: RsaKeyPair,
    header: String,
}

impl Forge {
    /// Signs as the server does now.
    pub(crate) async fn open(house: &House) -> Self {
        let kid = house.get("/admin/v1/SigningCert/jwk").await.json()["keys"][0]["kid"].clone();
        let files = fs::read_dir(house.home.data().join("keys")).unwrap();
        let texts = files.map(|file| fs::read(file.unwrap().path()).unwrap());
        let pem = texts.filter_map(|bytes| String::from_utf8(bytes).ok());
        let mut keys = pem.filter_map(|text| rcgen::KeyPair::from_pem(&text).ok());
        let key = RsaKeyPair::from_pkcs8(keys.next().unwrap().serialized_der()).unwrap();
        let header = json!({ "kid": kid, "alg": "RS256" }).to_string();
        Self { key, header: URL_SAFE_NO_PAD.encode(header) }
    }

    /// Any text, well signed.
    pub(crate) fn signed(&self, claims: &str) -> String {
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of this token with another value for one of them, well signed.
    pub(crate) fn changed(&self, token: &str, name: &str, value: &Value) -> String {
        let mut claims = part(token, 1);
        claims[name] = value.clone();
        self.signed(&claims.to_string())
    }
}

/// What a server would take for good that uses a published key as the secret of HS256.
pub(crate) fn with_public_key_as_secret(token: &str, published: &Value) -> Vec<String> {
    let claims = token.split('.').nth(1).unwrap();
    let header = json!({ "kid": published["kid"], "alg": "HS256" }).to_string();
    let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
    let modulus = URL_SAFE_NO_PAD.decode(published["n"].as_str().unwrap()).unwrap();
    let certificate = published["x5c"][0].as_str().unwrap();
    let der = STANDARD.decode(certificate).unwrap();
    let secrets = [modulus, der, certificate.as_bytes().to_vec()];
    let sign = |secret: &Vec<u8>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    secrets.iter().map(sign).collect()
}
