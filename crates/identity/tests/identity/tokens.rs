//! What is issued.

use crate::harness::{CLIENT, ISSUER, MY_SCOPES, NOW, OFFLINE, PASSWORD, Server, basic, request};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dayend_identity::token::{TokenError, TokenRequest};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

#[tokio::test]
async fn the_guides_log_in_is_answered_as_the_guide_shows() {
    let server = Server::start().await;
    let answer = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access_token", "token_type", "expires_in", "refresh_token"]);
    assert_eq!(
        (json["token_type"].as_str(), json["expires_in"].as_u64()),
        (Some("Bearer"), Some(3600))
    );
    assert!(answer.refresh_token.unwrap().starts_with("AgAg"));
}

#[tokio::test]
async fn the_header_has_oracles_keys_in_oracles_order_and_no_typ() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let header = part(&token, 0);
    let keys: Vec<&str> = header.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["x5t#S256", "x5t", "kid", "alg"]);
    assert_eq!((&header["kid"], &header["alg"]), (&"SIGNING_KEY".into(), &"RS256".into()));
}

#[tokio::test]
async fn a_users_token_says_this() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    insta::assert_snapshot!(stable(&token), @r#"
    {
      "user_tz": "Etc/UTC",
      "sub": "cneadmin",
      "user_locale": "en",
      "user.tenant.name": "bank01",
      "iss": "https://dayend.example:8443",
      "user_tenantname": "bank01",
      "client_id": "bank01_APPID",
      "sub_type": "user",
      "scope": "urn:opc:idm:t.security.client urn:opc:idm:t.user.me urn:opc:idm:t.user.me.passwordvalidator urn:opc:idm:t.user.authn.factors",
      "client_tenantname": "bank01",
      "region_name": "local",
      "user_lang": "en",
      "userAppRoles": [
        "Authenticated"
      ],
      "exp": 1790003600,
      "iat": 1790000000,
      "client_guid": "<32 hex digits>",
      "client_name": "Scheduler of the bank",
      "tenant": "bank01",
      "jti": "<32 hex digits>",
      "gtp": "ro",
      "user_displayname": "The Night Shift",
      "sub_mappingattr": "userName",
      "primTenant": true,
      "tok_type": "AT",
      "ca_guid": "cacct-<32 hex digits>",
      "aud": [
        "https://dayend.example:8443",
        "urn:opc:lbaas:logicalguid=bank01"
      ],
      "user_id": "<32 hex digits>",
      "clientAppRoles": [
        "Authenticated Client"
      ],
      "tenant_iss": "https://dayend.example:8443"
    }
    "#);
}

#[tokio::test]
async fn an_apps_own_token_says_nothing_about_a_user() {
    let server = Server::start().await;
    let answer =
        server.identity.token(request(server.client(), "client_credentials"), NOW).await.unwrap();
    assert!(answer.refresh_token.is_none());
    insta::assert_snapshot!(stable(&answer.access_token), @r#"
    {
      "sub": "bank01_APPID",
      "iss": "https://dayend.example:8443",
      "client_id": "bank01_APPID",
      "sub_type": "client",
      "scope": "urn:opc:idm:t.security.client",
      "client_tenantname": "bank01",
      "region_name": "local",
      "exp": 1790003600,
      "iat": 1790000000,
      "client_guid": "<32 hex digits>",
      "client_name": "Scheduler of the bank",
      "tenant": "bank01",
      "jti": "<32 hex digits>",
      "gtp": "cc",
      "primTenant": true,
      "tok_type": "AT",
      "ca_guid": "cacct-<32 hex digits>",
      "aud": [
        "https://dayend.example:8443",
        "urn:opc:lbaas:logicalguid=bank01"
      ],
      "clientAppRoles": [
        "Authenticated Client"
      ],
      "tenant_iss": "https://dayend.example:8443"
    }
    "#);
}

#[tokio::test]
async fn a_foreign_library_verifies_tokens_with_the_published_keys() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let jwks = server.identity.jwks(NOW);
    assert!(jwks["keys"][0].get("key_ops").is_none() && jwks["keys"][0]["use"] == "sig");
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(jwks["keys"][0].get(private).is_none(), "{private} is private");
    }
    let set: JwkSet = serde_json::from_value(jwks.clone()).unwrap();
    let key = DecodingKey::from_jwk(set.find("SIGNING_KEY").unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[ISSUER]);
    rules.set_issuer(&[ISSUER]);
    rules.validate_exp = false;
    let verified = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap();
    let certificate = STANDARD.decode(jwks["keys"][0]["x5c"][0].as_str().unwrap()).unwrap();
    let print =
        URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate));
    assert_eq!(verified.header.x5t_s256.as_deref(), Some(print.as_str()));
    assert_eq!(jwks["keys"][0]["x5t#S256"], print);
}

#[tokio::test]
async fn the_lifetime_asked_for_in_the_scope_is_kept_within_the_cap() {
    let server = Server::start_with(|settings| settings.max_access_token_s = 86_400).await;
    for (asked, want) in [("", 3600), ("7200", 7200), ("1", 60), ("31536000", 86_400)] {
        let scope = if asked.is_empty() {
            MY_SCOPES.to_owned()
        } else {
            format!("{MY_SCOPES} urn:opc:resource:expiry={asked}")
        };
        let scope = Some(scope);
        let asking = TokenRequest { scope, ..request(server.client(), "client_credentials") };
        let answer = server.identity.token(asking, NOW).await.unwrap();
        let claims = part(&answer.access_token, 1);
        assert_eq!(answer.expires_in, want, "{asked}");
        assert_eq!(
            claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
            want,
            "{asked}"
        );
    }
}

#[tokio::test]
async fn a_token_that_could_not_be_recorded_is_not_issued() {
    let server = Server::start().await;
    server.writer.set_broken(true);
    let refused = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::Unavailable), "{refused:?}");
}

#[tokio::test]
async fn no_two_tokens_have_the_same_id() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = server
            .identity
            .token(request(basic(CLIENT, &server.client_secret), "client_credentials"), NOW)
            .await
            .unwrap();
        ids.push(part(&answer.access_token, 1)["jti"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert!(ids.len() == 3 && ids.iter().all(|id| id.len() == 32), "{ids:?}");
}

fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

/// The claims, with what differs from server to server replaced by its shape.
fn stable(token: &str) -> String {
    let mut claims = part(token, 1);
    for name in ["client_guid", "jti", "user_id", "ca_guid"] {
        if let Some(value) = claims.get_mut(name) {
            let text = value.as_str().unwrap();
            let id = text.strip_prefix("cacct-").unwrap_or(text);
            let shaped = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
            *value = if shaped {
                text.replace(id, "<32 hex digits>").into()
            } else {
                format!("BAD {text}").into()
            };
        }
    }
    serde_json::to_string_pretty(&claims).unwrap()
}
