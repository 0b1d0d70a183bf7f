//! Access tokens, and what is published about them.

use crate::forge::{Forge, with_public_key_as_secret};
use crate::house::{ANNA, House, PASSWORD, part, with_header};
use crate::wire::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

async fn good(house: &House) -> String {
    let token = house.log_in(ANNA, PASSWORD, "urn:opc:idm:__myscopes__").await.text("access_token");
    assert_eq!(house.asks(&token).await, 200);
    token
}

pub(crate) async fn in_the_header(house: &House) {
    let token = good(house).await;
    let ask = || house.client.get(house.url("/api/v1/runs"));
    let none = Reply::to(ask()).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, r#"Bearer realm="dayend""#));
    let query = house.get(&format!("/api/v1/runs?access_token={token}")).await;
    assert_ne!(query.status, 200);
    let form = house.bare_form("/oauth2/v1/userinfo", &[("access_token", &token)]).await;
    assert_ne!(form.status, 200);
    let twice = Reply::to(ask().bearer_auth(&token).bearer_auth(&token)).await;
    assert_eq!(twice.status, 400);
    let bad = Reply::to(ask().bearer_auth("x")).await;
    assert!(bad.header("www-authenticate").contains(r#"error="invalid_token""#), "{bad:?}");
    let cased = Reply::to(ask().header("authorization", format!("bEaReR {token}"))).await;
    assert_eq!(cased.status, 200);
    let scope =
        Reply::to(house.client.get(house.url("/oauth2/v1/userinfo")).bearer_auth(&token)).await;
    assert_eq!(scope.status, 403);
    assert!(scope.header("www-authenticate").contains("insufficient_scope"), "{scope:?}");
}

pub(crate) async fn discovery(house: &House) {
    let base = house.server.base_url.as_str();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let request = house.client.get(house.url(path));
        let request =
            request.header("host", "evil.example").header("x-forwarded-host", "evil.example");
        let known = Reply::to(request.header("forwarded", "host=evil.example")).await;
        assert!(!known.body.contains("evil"), "{known:?}");
        assert_eq!(known.json()["issuer"], base, "{path}");
    }
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(part(&good(house).await, 1)["iss"], known["issuer"]);
    for (key, value) in known.as_object().unwrap() {
        let Some(url) = value.as_str().filter(|_| key.ends_with("_endpoint")) else { continue };
        let answer = house.get(url).await;
        assert_ne!(answer.status, 404, "{key} is not there");
    }
    let set = house.get(known["jwks_uri"].as_str().unwrap()).await.json();
    let mut names = BTreeSet::new();
    for key in set["keys"].as_array().unwrap() {
        assert!(names.insert(key["kid"].as_str().unwrap()), "{set}");
        assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &json!("RS256")));
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None, "{private}");
        }
    }
}

pub(crate) async fn algorithm(house: &House) {
    let token = good(house).await;
    let header = part(&token, 0);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let with = |alg: &str| {
        let mut changed = header.clone();
        changed["alg"] = json!(alg);
        with_header(&token, &changed)
    };
    for alg in ["none", "None", "nOnE", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", ""] {
        let changed = with(alg);
        assert_eq!(house.asks(&changed).await, 401, "{alg}");
        let (unsigned, _) = changed.rsplit_once('.').unwrap();
        assert_eq!(house.asks(&format!("{unsigned}.")).await, 401, "{alg} without a signature");
    }
    for signature in [Vec::new(), vec![0; 64], vec![0; 256]] {
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(house.asks(&forged).await, 401, "{} zeros", signature.len());
    }
    let set = house.get("/admin/v1/SigningCert/jwk").await.json();
    for forged in with_public_key_as_secret(&token, &set["keys"][0]) {
        assert_eq!(house.asks(&forged).await, 401, "HS256 with the public key");
    }
    let mut critical = header.clone();
    (critical["crit"], critical["b64"]) = (json!(["b64"]), json!(false));
    assert_eq!(house.asks(&with_header(&token, &critical)).await, 401);
}

pub(crate) async fn key_names(house: &House) {
    let token = good(house).await;
    for kid in [
        json!("../../dev/null"),
        json!("' UNION SELECT 1 --"),
        json!("https://evil.example/k"),
        json!("K".repeat(10_000)),
        json!(1),
        Value::Null,
    ] {
        let mut header = part(&token, 0);
        header["kid"] = kid.clone();
        assert_eq!(house.asks(&with_header(&token, &header)).await, 401, "{kid}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    for name in ["jku", "x5u"] {
        let mut header = part(&token, 0);
        header[name] = json!(url);
        assert_eq!(house.asks(&with_header(&token, &header)).await, 401, "{name}");
    }
    assert!(listener.accept().is_err(), "nobody came to fetch a key");
}

pub(crate) async fn kinds(house: &House) {
    let code = house.code("web", &[]).await;
    let verifier = [("code_verifier", crate::house::VERIFIER)];
    let answer = house.redeem(house.web(), &code, &verifier).await;
    let (access, id) = (answer.text("access_token"), answer.text("id_token"));
    assert_eq!(
        (part(&access, 1)["tok_type"].clone(), part(&id, 1)["tok_type"].clone()),
        (json!("AT"), json!("IT"))
    );
    assert_eq!(house.asks(&id).await, 401, "an ID token opens nothing");
    let request = house.client.get(house.url("/oauth2/v1/userinfo"));
    assert_eq!(Reply::to(request.bearer_auth(&id)).await.status, 401);
    assert_eq!(part(&access, 0).get("typ"), None, "as the guide prints it");
    let hint = house
        .get(&crate::house::authorize("web", &[("id_token_hint", &access), ("prompt", "none")]))
        .await;
    assert_eq!(hint.parameter("code"), None, "an access token is no hint");
    well_signed_tokens_that_say_something_else(house).await;
}

async fn well_signed_tokens_that_say_something_else(house: &House) {
    let (token, forge) = (good(house).await, Forge::open(house).await);
    let same = forge.signed(&part(&token, 1).to_string());
    assert_eq!(house.asks(&same).await, 200, "the key is the right one");
    for (name, value) in [
        ("tok_type", json!("IT")),
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{}/", house.server.base_url))),
        ("aud", json!(["https://evil.example"])),
        ("aud", json!([])),
        ("exp", json!("9999999999")),
        ("exp", json!(9_999_999_999.5)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(1)),
        ("exp", Value::Null),
        ("iat", json!("now")),
        ("iat", json!(9_999_999_999_u64)),
        ("nbf", json!("0")),
        ("nbf", json!(9_999_999_999_u64)),
    ] {
        let status = house.asks(&forge.changed(&token, name, &value)).await;
        assert_eq!(status, 401, "{name} is {value}");
    }
}

pub(crate) async fn claims_and_size(house: &House) {
    let token = good(house).await;
    let claims = part(&token, 1);
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"] {
        assert!(claims.get(name).is_some(), "{name}");
    }
    let text = claims.to_string();
    assert!(!text.contains(PASSWORD) && !text.contains(house.web().secret));
    let (head, signature) = token.rsplit_once('.').unwrap();
    let huge = format!("{head}{}.{signature}", "A".repeat(9_000));
    assert_eq!(house.asks(&huge).await, 401);
    let deep = URL_SAFE_NO_PAD.encode("[".repeat(4_000));
    let header = token.split('.').next().unwrap();
    assert_eq!(house.asks(&format!("{header}.{deep}.{signature}")).await, 401);
    assert_eq!(
        house.asks(&format!("{header}....")).await,
        401,
        "five parts, as encrypted ones have"
    );
}

pub(crate) async fn keys(house: &House) {
    let directory = house.home.data().join("keys");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in fs::read_dir(&directory).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    let kid = part(&good(house).await, 0)["kid"].clone();
    let set = house.get("/admin/v1/SigningCert/jwk").await.json();
    assert!(set["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid));
}

pub(crate) async fn no_dpop(house: &House) {
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(known.get("dpop_signing_alg_values_supported"), None);
    let token = good(house).await;
    let request = house.client.get(house.url("/api/v1/runs"));
    let dpop = Reply::to(request.header("authorization", format!("DPoP {token}"))).await;
    assert_eq!(dpop.status, 401);
}
