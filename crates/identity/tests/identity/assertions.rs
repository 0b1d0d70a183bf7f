//! Apps that prove who they are, or name a user, with a JWT that they sign.

use crate::harness::{CLIENT, ISSUER, NOW, Server, TENANT, USER, request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use dayend_identity::model::{AppSettings, Certificate};
use dayend_identity::token::{ClientCredentials, TokenError, TokenRequest};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use secrecy::SecretString;
use serde_json::{Value, json};

const NOW_S: i64 = 1_790_000_000;
const APP: &str = "signing_app";

/// A server with an app that has no secret but a certificate.
struct Signing {
    server: Server,
    key: EncodingKey,
}

impl Signing {
    async fn start() -> Self {
        let server = Server::start().await;
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::default().self_signed(&pair).unwrap();
        let app = NewApp {
            tenant: TENANT.to_owned(),
            name: "Signs".to_owned(),
            client_id: Some(APP.to_owned()),
            grants: vec![
                GrantType::ClientCredentials,
                GrantType::JwtBearer,
                GrantType::RefreshToken,
            ],
            public: false,
            strict: false,
        };
        server.identity.create_app("test", app, NOW).await.unwrap();
        let certificate = Certificate {
            alias: "one".to_owned(),
            kid: "key-1".to_owned(),
            x5t: "thumb".to_owned(),
            x509_base64: STANDARD.encode(certificate.der()),
        };
        let settings = AppSettings { certificates: vec![certificate], ..Default::default() };
        server.identity.put_app_settings("test", (TENANT, APP), &settings, NOW).await.unwrap();
        let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
        Self { server, key }
    }

    fn sign(&self, header: &Header, claims: &Value) -> SecretString {
        encode(header, claims, &self.key).unwrap().into()
    }

    #[expect(clippy::unnecessary_wraps, reason = "a request takes an optional client")]
    fn client(&self, claims: &Value) -> Option<ClientCredentials> {
        let assertion = Some(self.sign(&kid("key-1"), claims));
        Some(ClientCredentials { assertion, ..Default::default() })
    }

    async fn ask(&self, client: Option<ClientCredentials>) -> Result<(), TokenError> {
        let asking = request(client, "client_credentials");
        self.server.identity.token(asking, NOW).await.map(drop)
    }
}

fn kid(name: &str) -> Header {
    Header { kid: Some(name.to_owned()), ..Header::new(Algorithm::RS256) }
}

fn good(jti: &str) -> Value {
    json!({ "iss": APP, "sub": APP, "aud": [ISSUER], "iat": NOW_S, "exp": NOW_S + 300, "jti": jti })
}

#[tokio::test]
async fn a_signed_assertion_proves_who_the_app_is_once() {
    let signing = Signing::start().await;
    signing.ask(signing.client(&good("1"))).await.unwrap();
    let again = signing.ask(signing.client(&good("1"))).await;
    assert!(matches!(again, Err(TokenError::InvalidClient)), "{again:?}");
    let mut endpoint = good("2");
    endpoint["aud"] = json!(format!("{ISSUER}/oauth2/v1/token"));
    signing.ask(signing.client(&endpoint)).await.unwrap();
    let by_thumbprint = Header { x5t: Some("thumb".to_owned()), ..Header::new(Algorithm::RS256) };
    let assertion = Some(signing.sign(&by_thumbprint, &good("3")));
    let named = ClientCredentials { client_id: APP.to_owned(), assertion, ..Default::default() };
    signing.ask(Some(named)).await.unwrap();
    let mut without_id = good("4");
    without_id.as_object_mut().unwrap().remove("jti");
    signing.ask(signing.client(&without_id)).await.unwrap();
    let again = signing.ask(signing.client(&without_id)).await;
    assert!(matches!(again, Err(TokenError::InvalidClient)), "the text is its own id: {again:?}");
}

#[tokio::test]
async fn of_many_uses_of_an_assertion_at_once_one_succeeds() {
    let signing = Signing::start().await;
    let uses = (0..20).map(|_| {
        let identity = std::sync::Arc::clone(&signing.server.identity);
        let asking = request(signing.client(&good("same")), "client_credentials");
        tokio::spawn(async move { identity.token(asking, NOW).await.is_ok() })
    });
    let mut won = 0;
    for done in uses.collect::<Vec<_>>() {
        won += u32::from(done.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn an_assertion_that_breaks_any_rule_proves_nothing() {
    let signing = Signing::start().await;
    let with = |name: &str, value: Value| {
        let mut claims = good(name);
        claims[name] = value;
        claims
    };
    #[rustfmt::skip]
    let claims = [
        ("another issuer",      with("iss", json!(CLIENT))),
        ("another subject",     with("sub", json!(CLIENT))),
        ("another audience",    with("aud", json!("https://evil.example"))),
        ("expired",             with("exp", json!(NOW_S))),
        ("exp is a text",       with("exp", json!("9999999999"))),
        ("no exp",              { let mut claims = good("no exp"); claims.as_object_mut().unwrap().remove("exp"); claims }),
        ("exp in two days",     with("exp", json!(NOW_S + 172_800))),
        ("from the future",     with("iat", json!(NOW_S + 120))),
        ("not yet",             with("nbf", json!(NOW_S + 120))),
    ];
    for (name, claims) in claims {
        let refused = signing.ask(signing.client(&claims)).await;
        assert!(matches!(refused, Err(TokenError::InvalidClient)), "{name}: {refused:?}");
    }
    let hmac = encode(
        &Header { kid: Some("key-1".to_owned()), ..Header::new(Algorithm::HS256) },
        &good("hmac"),
        &EncodingKey::from_secret(b"x"),
    );
    let other = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let other = EncodingKey::from_rsa_pem(other.serialize_pem().as_bytes()).unwrap();
    let assertions: [(&str, SecretString); 5] = [
        ("an unknown key", signing.sign(&kid("key-2"), &good("a"))),
        ("no key named", signing.sign(&Header::new(Algorithm::RS256), &good("b"))),
        ("another's signature", encode(&kid("key-1"), &good("c"), &other).unwrap().into()),
        ("HS256", hmac.unwrap().into()),
        ("no JWT", "x.y.z".into()),
    ];
    for (name, assertion) in assertions {
        let client = ClientCredentials { assertion: Some(assertion), ..Default::default() };
        let refused = signing.ask(Some(client)).await;
        assert!(matches!(refused, Err(TokenError::InvalidClient)), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn an_assertion_is_not_used_up_by_a_request_that_could_not_be_stored() {
    let signing = Signing::start().await;
    signing.server.writer.set_broken(true);
    let refused = signing.ask(signing.client(&good("1"))).await;
    assert!(matches!(refused, Err(TokenError::Unavailable)), "{refused:?}");
    signing.server.writer.set_broken(false);
    signing.ask(signing.client(&good("1"))).await.unwrap();
}

#[tokio::test]
async fn a_user_whom_an_app_names_gets_a_token_that_ends_with_the_assertion() {
    let signing = Signing::start().await;
    let about = |jti: &str, user: &str| {
        let mut claims = good(jti);
        claims["sub"] = json!(user);
        signing.sign(&kid("key-1"), &claims)
    };
    let ask = |jti: &str, assertion: SecretString| TokenRequest {
        assertion: Some(assertion),
        scope: Some("urn:opc:idm:__myscopes__ offline_access".to_owned()),
        ..request(signing.client(&good(jti)), GrantType::JwtBearer.as_str())
    };
    let identity = &signing.server.identity;
    let issued = identity.token(ask("c1", about("u1", USER)), NOW).await.unwrap();
    assert_eq!(issued.expires_in, 300);
    assert!(issued.refresh_token.is_some());
    let caller = identity.authenticate(&issued.access_token, NOW).await.unwrap();
    assert_eq!(caller.user.unwrap().name, USER);
    let again = identity.token(ask("c2", about("u1", USER)), NOW).await;
    assert!(matches!(again, Err(TokenError::InvalidGrant(_))), "{again:?}");
    let nobody = identity.token(ask("c3", about("u2", "nobody")), NOW).await;
    assert!(matches!(nobody, Err(TokenError::InvalidGrant(_))), "{nobody:?}");
    identity.disable_user("test", TENANT, USER, NOW).await.unwrap();
    let off = identity.token(ask("c4", about("u3", USER)), NOW).await;
    assert!(matches!(off, Err(TokenError::InvalidGrant(_))), "{off:?}");
}
