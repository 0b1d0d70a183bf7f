//! Certificates of apps: only those with which a signature can be checked, under the names that a JWT can say.

use crate::client::{APP_SCHEMA, Client};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dayend_testkit::app::TestApp;
use rcgen::{
    CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize,
};
use serde_json::{Value, json};

/// A public key, and the SHA-1 of its bytes as `openssl dgst` tells it, in base64url.
const KEY: (&str, &str) = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3sOPtKeV1HByMUpM1iSkfK43o21zYlqNEJ6e1XksblRQ7K0ehokwOTD9r1jQ281DkSx7Yi44oGI5ioivaiVNZoEqOrlXUJe59GyuHmHQ/t2+rzdYC6BkxwK8LnZIy2+OZRBjIYBQC3eEE7geWTZ1OLBWc+olVEh0nZVfeNaiaG08zIlb0QBRDZef2VODnpfPOPaEqgjO7eosCGyYe1mpJnoNDfEni1kuhq0UN1dcY1isAvzVuQzfazCqovhJtSUF9rtjD8GAvu3bNdCq7Pl7hy0ds4XrE9GErW2NmcoQJ21gmLdbno0ZbiuQY1McWqJL88M2VWfpdeR8gG0+Rlp5qwIDAQAB",
    "ak6EjfCwM9sDctY_HcXVl3hGu2U",
);
/// A public key of 1024 bits.
const SHORT: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCSuAEfmJCfSO200oBXVrpS+5AvBY1kvLP5NeFGKNqzvpzphgSG4GDiSB+BkBL1+I9C+K9XcdA06Tow8wcYyGM4nA4LgIZW/Kr4rplMvHfO2zwOAqxD3z8Y8XCAL7/e/8ZvJ3/XsV0AMDt2PVjw9hq6sXuKoTfIVma3KFuJchvDVwIDAQAB";

fn app(certificates: &Value) -> Value {
    json!({
        "schemas": [APP_SCHEMA], "displayName": "Signs", "basedOnTemplate": { "value": "CustomWebAppTemplateId" },
        "active": true, "isOAuthClient": true, "allowedGrants": ["client_credentials"], "certificates": certificates,
    })
}

fn one(alias: &str, der: &[u8]) -> Value {
    json!({ "certAlias": alias, "x509Base64Certificate": BASE64_STANDARD.encode(der) })
}

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

#[tokio::test]
async fn a_certificate_is_named_by_its_alias_and_its_thumbprint() {
    let house = TestApp::new().await;
    let admin = Client::administrator(&house).await;
    let certificate = CertificateParams::default().self_signed(&rsa()).unwrap();
    let made = admin.post("/Apps", &app(&json!([one("2026", certificate.der())]))).await.with(201);
    let told = &made["certificates"][0];
    assert_eq!(
        (&told["kid"], told["x5t"].as_str().map(str::len)),
        (&json!("2026"), Some(27)),
        "{told}"
    );

    let bare = BASE64_STANDARD.decode(KEY.0).unwrap();
    let path = format!("/Apps/{}", made["id"].as_str().unwrap());
    let second = json!([{ "op": "add", "path": "certificates", "value": [one("2027", &bare)] }]);
    let changed = admin.patch(&path, second).await.with(200);
    assert_eq!(&changed["certificates"][0], told, "the first one is as it was");
    assert_eq!(changed["certificates"][1]["kid"], "2027");
    assert_eq!(changed["certificates"][1]["x5t"], KEY.1);
}

#[tokio::test]
async fn what_no_signature_could_be_checked_with_is_refused() {
    let house = TestApp::new().await;
    let admin = Client::administrator(&house).await;
    let good = CertificateParams::default().self_signed(&rsa()).unwrap();
    let curve = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let curve = CertificateParams::default().self_signed(&curve).unwrap();
    let short = BASE64_STANDARD.decode(SHORT).unwrap();
    let sequence = [&[0x30, 0x82, 0x01, 0x00][..], &[0; 256]].concat();
    #[rustfmt::skip]
    let cases = [
        ("another kind of key",      json!([one("a", curve.der())])),
        ("a short key",              json!([one("a", &short)])),
        ("a sequence of nothing",    json!([one("a", &sequence)])),
        ("a cut certificate",        json!([one("a", &good.der()[..good.der().len() - 300])])),
        ("no bytes",                 json!([one("a", b"")])),
        ("no base64",                json!([{ "certAlias": "a", "x509Base64Certificate": "-----BEGIN" }])),
        ("one name for two",         json!([one("a", good.der()), one("a", &rsa().subject_public_key_info())])),
    ];
    for (name, certificates) in cases {
        let reply = admin.post("/Apps", &app(&certificates)).await;
        assert_eq!(reply.error(), "400 invalidValue", "{name}: {}", reply.body);
    }
}
