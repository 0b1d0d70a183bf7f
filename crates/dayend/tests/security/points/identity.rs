//! OpenID Connect: requests, ID tokens, userinfo, log-out, sessions.

use crate::browser::Browser;
use crate::forge::Forge;
use crate::house::{ANNA, House, PASSWORD, VERIFIER, authorize, part};
use crate::wire::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const RIGHT: (&str, &str) = ("code_verifier", VERIFIER);

/// The ID token that a browser's next code brings.
async fn brought(
    house: &House,
    browser: &mut Browser<'_>,
    more: &[(&str, &str)],
) -> (String, Reply) {
    let mut back = browser.get(&authorize("web", more)).await;
    if back.body.contains("name=\"password\"") {
        back = browser.fill(&back, &[("username", ANNA), ("password", PASSWORD)]).await;
    }
    let code = back.parameter("code").unwrap_or_else(|| panic!("no code: {back:?}"));
    let answer = house.redeem(house.web(), &code, &[RIGHT]).await;
    (answer.text("id_token"), answer)
}

pub(crate) async fn requests(house: &House) {
    let none = house.get(&authorize("web", &[("prompt", "none")])).await;
    assert_eq!(none.parameter("error").as_deref(), Some("login_required"));
    let mut browser = Browser::new(house);
    let (first, _) = brought(house, &mut browser, &[("nonce", "n-0S6_WzA2Mj")]).await;
    assert_eq!(part(&first, 1)["nonce"], "n-0S6_WzA2Mj");
    let silent = browser.get(&authorize("web", &[("prompt", "none")])).await;
    assert!(silent.parameter("code").is_some(), "{silent:?}");
    for more in [("max_age", "0"), ("prompt", "login")] {
        let again = browser.get(&authorize("web", &[more])).await;
        assert!(again.body.contains("name=\"password\""), "{more:?}: {again:?}");
    }
    let (second, _) = brought(house, &mut browser, &[("prompt", "login")]).await;
    let times = [first, second].map(|token| part(&token, 1)["auth_time"].as_i64().unwrap());
    assert!(times[1] >= times[0], "{times:?}");
    let contradiction = browser.get(&authorize("web", &[("prompt", "none login")])).await;
    assert_eq!(contradiction.parameter("error").as_deref(), Some("invalid_request"));
}

async fn fresh(house: &House) -> (String, Reply) {
    brought(house, &mut Browser::new(house), &[]).await
}

pub(crate) async fn id_token(house: &House) {
    let (token, answer) = fresh(house).await;
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(header["alg"], "RS256");
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=3600).contains(&lifetime), "{lifetime}");
    let hash = Sha256::digest(answer.text("access_token"));
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));
    let audience = claims["aud"].as_array().unwrap();
    assert!(audience.contains(&json!("web")) && claims["azp"] == "web", "{claims}");
    assert_eq!(claims["iss"], house.server.base_url);
}

pub(crate) async fn userinfo(house: &House) {
    let (token, answer) = fresh(house).await;
    let access = answer.text("access_token");
    let path = house.url("/oauth2/v1/userinfo");
    let by_get = Reply::to(house.client.get(&path).bearer_auth(&access)).await;
    let by_post = Reply::to(house.client.post(&path).bearer_auth(&access)).await;
    assert_eq!((by_get.status, by_post.status), (200, 200), "{by_get:?} {by_post:?}");
    assert_eq!(by_get.json()["sub"], part(&token, 1)["sub"]);
    for claim in ["email", "phone_number", "groups", "appRoles"] {
        assert_eq!(by_get.json().get(claim), None, "{claim} needs its scope");
    }
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(known["claims_parameter_supported"], false);
    let wishes = [("ui_locales", "xx-YY tlh"), ("claims_locales", "xx"), ("claims", "{}")];
    assert_eq!(house.get(&authorize("web", &wishes)).await.status, 200, "ignored");
}

pub(crate) async fn hints(house: &House) {
    let mut browser = Browser::new(house);
    let (anna, _) = brought(house, &mut browser, &[]).await;
    let mut other = Browser::new(house);
    let page = other.get(&authorize("web", &[])).await;
    let back = other.fill(&page, &[("username", "berta"), ("password", PASSWORD)]).await;
    assert!(back.parameter("code").is_some(), "{back:?}");
    let hinted =
        other.get(&authorize("web", &[("prompt", "none"), ("id_token_hint", &anna)])).await;
    assert_eq!(hinted.parameter("error").as_deref(), Some("login_required"), "{hinted:?}");
    let right =
        browser.get(&authorize("web", &[("prompt", "none"), ("id_token_hint", &anna)])).await;
    assert!(right.parameter("code").is_some(), "{right:?}");
    let expired = Forge::open(house).await.changed(&anna, "exp", &json!(1));
    let more = [("prompt", "none"), ("id_token_hint", expired.as_str())];
    let right = browser.get(&authorize("web", &more)).await;
    assert!(right.parameter("code").is_some(), "it says who, whenever: {right:?}");
    let (head, signature) = anna.rsplit_once('.').unwrap();
    let mut claims: Value = part(&anna, 1);
    claims["sub"] = json!("berta");
    let forged = format!(
        "{}.{}.{signature}",
        head.split('.').next().unwrap(),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let answer =
        other.get(&authorize("web", &[("prompt", "none"), ("id_token_hint", &forged)])).await;
    assert_eq!(answer.parameter("code"), None, "{answer:?}");
}

pub(crate) async fn log_out(house: &House) {
    let mut browser = Browser::new(house);
    let (token, _) = brought(house, &mut browser, &[]).await;
    let path = |more: &str| format!("/oauth2/v1/userlogout?{more}");
    let asked = browser.get(&path("")).await;
    assert!(asked.body.contains("<form") && asked.status == 200, "{asked:?}");
    let still = browser.get(&authorize("web", &[("prompt", "none")])).await;
    assert!(still.parameter("code").is_some(), "asking ends nothing");
    let elsewhere =
        path(&format!("id_token_hint={token}&post_logout_redirect_uri=https://app.example/other"));
    let refused = browser.get(&elsewhere).await;
    assert_eq!(refused.header("location"), "", "{refused:?}");
    let (head, _) = token.rsplit_once('.').unwrap();
    let forged = path(&format!(
        "id_token_hint={head}.AAAA&post_logout_redirect_uri=https://app.example/bye"
    ));
    let asked = browser.get(&forged).await;
    assert_eq!((asked.status, asked.header("location")), (200, ""), "{asked:?}");
    let (token, _) = brought(house, &mut browser, &[]).await;
    let registered = path(&format!(
        "id_token_hint={token}&post_logout_redirect_uri=https://app.example/bye&state=z"
    ));
    let out = browser.get(&registered).await;
    assert_eq!(out.header("location"), "https://app.example/bye?state=z", "{out:?}");
    let gone = browser.get(&authorize("web", &[("prompt", "none")])).await;
    assert_eq!(gone.parameter("error").as_deref(), Some("login_required"));
}

pub(crate) async fn sessions(house: &House) {
    let mut browser = Browser::new(house);
    let page = browser.get(&authorize("web", &[])).await;
    let before = browser.cookies.clone();
    let back = browser.fill(&page, &[("username", ANNA), ("password", PASSWORD)]).await;
    let line = back
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .find(|line| line.starts_with("__Host-dayend-session="))
        .unwrap_or_else(|| panic!("{back:?}"));
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(line.contains(attribute), "{line}");
    }
    let session = browser.cookies["__Host-dayend-session"].clone();
    assert_ne!(before.get("__Host-dayend-session"), Some(&session), "a new one at the log-in");
    let asked = browser.get("/oauth2/v1/userlogout").await;
    browser.fill(&asked, &[]).await;
    // The cookie of before, although the browser was told to forget it.
    browser.cookies.insert("__Host-dayend-session".to_owned(), session);
    let replayed = browser.get(&authorize("web", &[("prompt", "none")])).await;
    assert_eq!(replayed.parameter("error").as_deref(), Some("login_required"), "{replayed:?}");
}
