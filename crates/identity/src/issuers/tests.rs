//! Tokens of another issuer, made here with its own keys.

use super::claims::{Meaning, Named};
use super::issuer::Issuers;
use super::published::Documents;
use super::settings::IssuerSettings;
use crate::caller::Function;
use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

const ISSUER: &str = "https://login.example/realm";
const JWKS: &str = "https://login.example/realm/keys";
const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
const NOW_S: i64 = 1_790_000_000;

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000_000)
}

/// What is published where, and how often it was asked for.
#[derive(Default)]
struct Web {
    pages: Mutex<HashMap<String, Result<Vec<u8>, String>>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Documents for Web {
    async fn document(&self, url: &str, _ca_file: Option<&str>) -> Result<Vec<u8>, String> {
        self.asked.lock().unwrap().push(url.to_owned());
        let missing = || Err("the answer is 404".to_owned());
        self.pages.lock().unwrap().get(url).cloned().unwrap_or_else(missing)
    }
}

impl Web {
    fn publish(&self, url: &str, page: &Value) {
        self.pages.lock().unwrap().insert(url.to_owned(), Ok(page.to_string().into_bytes()));
    }

    fn goes_away(&self) {
        for page in self.pages.lock().unwrap().values_mut() {
            *page = Err("no answer within 10 s".to_owned());
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The keys of the issuer: one RSA and one elliptic.
struct Theirs {
    rsa: RsaKeyPair,
    curve: EcdsaKeyPair,
}

fn theirs() -> &'static Theirs {
    static THEIRS: OnceLock<Theirs> = OnceLock::new();
    THEIRS.get_or_init(|| {
        let rsa =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
        let curve = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Theirs {
            rsa: RsaKeyPair::from_pkcs8(rsa.unwrap().serialized_der()).unwrap(),
            curve: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                curve.serialized_der(),
            )
            .unwrap(),
        }
    })
}

impl Theirs {
    fn set(&self, rsa_name: &str) -> Value {
        let public = self.rsa.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = self.curve.public_key().as_ref();
        json!({ "keys": [
            {
                "kty": "RSA", "use": "sig", "kid": rsa_name,
                "n": encode(public.modulus().big_endian_without_leading_zero()),
                "e": encode(public.exponent().big_endian_without_leading_zero()),
            },
            { "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "curve", "x": encode(&point[1..33]), "y": encode(&point[33..]) },
            { "kty": "oct", "kid": "shared", "k": "c2VjcmV0" },
            { "kty": "future", "kid": "what" },
        ] })
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let random = SystemRandom::new();
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        match header["alg"].as_str().unwrap() {
            "ES256" => {
                signature = self.curve.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec();
            }
            "PS256" => {
                self.rsa.sign(&RSA_PSS_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
            }
            _ => {
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
            }
        }
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn settings(change: &Value) -> IssuerSettings {
    let mut all = json!({
        "name": "login", "issuer": ISSUER, "jwks_url": JWKS, "audience": ["api://dayend"], "tenant": "bank1",
        "algorithms": ["RS256", "PS256", "ES256"], "user_claim": "preferred_username",
        "roles_claim": "realm_access.roles", "roles": { "night": ["BATCH_EXEC", "BATCH_VIEW"], "day": ["BATCH_VIEW"] },
    });
    for (key, value) in change.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": ["account", "api://dayend"], "sub": "f00-1", "azp": "night-app", "typ": "Bearer",
        "preferred_username": "anna", "realm_access": { "roles": ["night", "day", "coffee"] },
        "iat": NOW_S, "exp": NOW_S + 300, "jti": "1",
    })
}

fn header(algorithm: &str, name: &str) -> Value {
    json!({ "alg": algorithm, "typ": "JWT", "kid": name })
}

fn trusting(web: &Arc<Web>, change: &Value) -> Issuers {
    let documents: Arc<dyn Documents> = Arc::clone(web) as _;
    Issuers::new("https://dayend.example", vec![settings(change)], &documents).unwrap()
}

async fn ask(issuers: &Issuers, token: &str, now: Timestamp) -> Option<Meaning> {
    use aws_lc_rs::digest::{SHA256, digest};
    let hash = digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap();
    let issuer = issuers.of(token)?;
    issuers.verified(issuer, (hash, token), now).await.map(|good| good.meaning.clone())
}

fn published() -> Arc<Web> {
    let web = Arc::new(Web::default());
    web.publish(JWKS, &theirs().set("rsa"));
    web
}

#[tokio::test]
async fn a_good_token_means_its_user_its_client_and_what_its_roles_may_do() {
    let web = published();
    let issuers = trusting(&web, &json!({}));
    let want = Meaning {
        tenant: "bank1".to_owned(),
        client: "night-app".to_owned(),
        user: Some(Named { subject: "f00-1".to_owned(), name: "anna".to_owned() }),
        functions: vec![Function::View, Function::Exec],
    };
    for (algorithm, name) in [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "curve")] {
        let token = theirs().signed(&header(algorithm, name), &claims());
        for _ in 0..2 {
            assert_eq!(ask(&issuers, &token, NOW).await.as_ref(), Some(&want), "{algorithm}");
        }
        assert_eq!(ask(&issuers, &token, later(300)).await, None, "{algorithm} has expired");
    }
    assert_eq!(web.asked(), 1, "the keys are fetched once");
    let mut own = claims();
    own["sub"] = json!("night-app");
    let meaning =
        ask(&issuers, &theirs().signed(&header("RS256", "rsa"), &own), NOW).await.unwrap();
    assert_eq!(meaning.user, None, "the client's own token");
}

#[tokio::test]
async fn a_token_that_breaks_any_rule_is_refused() {
    let issuers = trusting(&published(), &json!({}));
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        theirs().signed(&header("RS256", "rsa"), &claims)
    };
    let headed = |header: Value| theirs().signed(&header, &claims());
    let good = headed(header("RS256", "rsa"));
    let (text, signature) = good.rsplit_once('.').unwrap();
    let hmac = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret"),
        text.as_bytes(),
    );
    #[rustfmt::skip]
    let cases = [
        ("another audience",      with("aud", json!("account"))),
        ("no audience",           with("aud", Value::Null)),
        ("a list of issuers",     with("iss", json!([ISSUER]))),
        ("exp is a text",         with("exp", json!("9999999999"))),
        ("exp is a fraction",     with("exp", json!(9_999_999_999.5))),
        ("no iat",                with("iat", Value::Null)),
        ("nbf is a text",         with("nbf", json!("0"))),
        ("from the future",       with("iat", json!(NOW_S + 61))),
        ("an ID token",           with("at_hash", json!("x"))),
        ("an ID token's nonce",   with("nonce", json!("x"))),
        ("Keycloak's ID token",   with("typ", json!("ID"))),
        ("Keycloak's refresh",    with("typ", json!("Refresh"))),
        ("Oracle's ID token",     with("tok_type", json!("IT"))),
        ("a logout token",        with("events", json!({}))),
        ("no user name",          with("preferred_username", Value::Null)),
        ("a name with a newline", with("preferred_username", json!("an\nna"))),
        ("a list of names",       with("preferred_username", json!(["anna"]))),
        ("alg not allowed",       headed(json!({"alg": "RS512", "kid": "rsa"}))),
        ("a key of another kind", headed(json!({"alg": "RS256", "kid": "curve"}))),
        ("a curve as RSA",        headed(json!({"alg": "ES256", "kid": "rsa"}))),
        ("a shared secret",       format!("{text}.{}", URL_SAFE_NO_PAD.encode(hmac))),
        ("no kid, two keys",      headed(json!({"alg": "RS256"}))),
        ("kid is a path",         headed(json!({"alg": "RS256", "kid": "../../dev/null"}))),
        ("crit",                  headed(json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": false}))),
        ("another type",          headed(json!({"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}))),
        ("other claims",          format!("{}.{}.{signature}", good.split('.').next().unwrap(), URL_SAFE_NO_PAD.encode(claims().to_string().replace("anna", "root")))),
        ("ES256 of zeros",        {
            let token = headed(header("ES256", "curve"));
            format!("{}.{}", token.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode([0; 64]))
        }),
    ];
    assert!(ask(&issuers, &good, NOW).await.is_some());
    for (name, token) in cases {
        assert_eq!(ask(&issuers, &token, NOW).await, None, "{name}");
    }
    assert!(issuers.of(&with("iss", json!("https://evil.example"))).is_none());
    assert!(issuers.of("..").is_none() && issuers.of("").is_none());
}

#[tokio::test]
async fn unknown_keys_are_looked_for_once_a_minute_and_known_ones_outlive_their_issuer() {
    let web = published();
    let issuers = trusting(&web, &json!({}));
    let token = |name: &str| theirs().signed(&header("RS256", name), &claims_for_a_day());
    for stranger in 0..50 {
        assert_eq!(ask(&issuers, &token(&format!("key{stranger}")), NOW).await, None);
    }
    assert_eq!(web.asked(), 1);
    web.publish(JWKS, &theirs().set("rsa2"));
    assert_eq!(ask(&issuers, &token("rsa2"), later(59)).await, None, "too early to look again");
    assert!(ask(&issuers, &token("rsa2"), later(60)).await.is_some());
    assert_eq!(ask(&issuers, &token("rsa"), later(61)).await, None, "the old key was withdrawn");
    web.goes_away();
    assert!(ask(&issuers, &token("rsa2"), later(5_000)).await.is_some());
    assert_eq!(ask(&issuers, &token("rsa3"), later(6_000)).await, None);
    assert!(ask(&issuers, &token("rsa2"), later(7_000)).await.is_some());
}

#[tokio::test]
async fn a_token_verified_with_a_withdrawn_key_counts_no_more() {
    let web = published();
    let issuers = trusting(&web, &json!({}));
    let old = theirs().signed(&header("RS256", "rsa"), &claims_for_a_day());
    assert!(ask(&issuers, &old, NOW).await.is_some());
    web.publish(JWKS, &theirs().set("rsa2"));
    let new = theirs().signed(&header("RS256", "rsa2"), &claims_for_a_day());
    assert!(ask(&issuers, &new, later(61)).await.is_some());
    assert_eq!(ask(&issuers, &old, later(62)).await, None);
}

#[tokio::test]
async fn keys_are_found_by_discovery_of_the_very_issuer() {
    let web = published();
    let discovery = format!("{ISSUER}/.well-known/openid-configuration");
    let token = theirs().signed(&header("RS256", "rsa"), &claims());
    for (name, page, good) in [
        ("its own", json!({ "issuer": ISSUER, "jwks_uri": JWKS }), true),
        ("another issuer's", json!({ "issuer": "https://evil.example", "jwks_uri": JWKS }), false),
        (
            "keys without TLS",
            json!({ "issuer": ISSUER, "jwks_uri": "http://login.example/keys" }),
            false,
        ),
        ("no JSON object", json!([]), false),
    ] {
        web.publish(&discovery, &page);
        let issuers = trusting(&web, &json!({ "jwks_url": null }));
        assert_eq!(ask(&issuers, &token, NOW).await.is_some(), good, "{name}");
    }
}

#[tokio::test]
async fn key_sets_that_are_too_much_or_too_weak_are_not_used() {
    let web = published();
    let token = theirs().signed(&header("RS256", "rsa"), &claims());
    let mut short = theirs().set("rsa");
    short["keys"][0]["n"] = json!(URL_SAFE_NO_PAD.encode([0xff; 128]));
    let mut twice = theirs().set("rsa");
    twice["keys"].as_array_mut().unwrap().push(theirs().set("rsa")["keys"][0].clone());
    let mut other_use = theirs().set("rsa");
    other_use["keys"][0]["use"] = json!("enc");
    let mut huge = theirs().set("rsa");
    huge["padding"] = json!("x".repeat(300_000));
    let many = json!({ "keys": vec![theirs().set("rsa")["keys"][0].clone(); 101] });
    for (name, set) in [
        ("a short key", short),
        ("a name twice", twice),
        ("for encryption", other_use),
        ("huge", huge),
        ("many", many),
        ("none", json!({ "keys": [] })),
        ("no set", json!({})),
    ] {
        web.publish(JWKS, &set);
        assert_eq!(ask(&trusting(&web, &json!({})), &token, NOW).await, None, "{name}");
    }
}

#[test]
fn an_issuer_that_is_set_wrongly_is_refused_with_the_reason() {
    let documents: Arc<dyn Documents> = Arc::new(Web::default());
    #[rustfmt::skip]
    let cases = [
        (json!({ "name": "No Name" }),                       "a name is a letter"),
        (json!({ "issuer": "http://login.example" }),        "no https URL"),
        (json!({ "jwks_url": "http://127.0.0.1.evil.example/" }), "no https URL"),
        (json!({ "jwks_url": "file:///etc/passwd" }),        "no https URL"),
        (json!({ "audience": [] }),                          "`audience`"),
        (json!({ "algorithms": ["HS256"] }),                 "RS256, PS256 or ES256"),
        (json!({ "algorithms": ["none"] }),                  "RS256, PS256 or ES256"),
        (json!({ "roles": { "x": ["ROOT"] } }),              "`ROOT` in `roles`"),
        (json!({ "roles_claim": null }),                     "together"),
        (json!({ "tenant": null }),                          "`tenant`"),
        (json!({ "tenant_claim": "tid", "tenants": { "a": "b" } }), "`tenant`"),
        (json!({ "issuer": "https://dayend.example/" }),     "this server itself"),
    ];
    for (change, reason) in cases {
        let refused = Issuers::new("https://dayend.example", vec![settings(&change)], &documents);
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains(reason), "{change}: {refused}");
    }
    let both = vec![settings(&json!({})), settings(&json!({ "issuer": "https://two.example" }))];
    assert!(Issuers::new("https://dayend.example", both, &documents).is_err(), "one name twice");
    let loopback =
        settings(&json!({ "issuer": "http://127.0.0.1:8080/x", "jwks_url": "http://[::1]:1/" }));
    loopback.check().unwrap();
}

fn claims_for_a_day() -> Value {
    let mut claims = claims();
    claims["exp"] = json!(NOW_S + 86_400);
    claims
}
