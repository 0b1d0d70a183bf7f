//! The authorisation endpoint and its pages.

use crate::browser::Browser;
use crate::house::{ANNA, CALLBACK, House, PASSWORD, PHONE, authorize};

pub(crate) async fn are_exact(house: &House) {
    for uri in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example:443/cb",
        "https://app.example/c%62",
        "https://app.example/cb?x=y",
        "https://app.example/cb#x",
        "https://u@app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https://app.example/x/../cb",
        "http://app.example/cb",
        "https://äpp.example/cb",
        "javascript:alert(1)",
        "//evil.example/cb",
    ] {
        let page = house.get(&authorize("web", &[("redirect_uri", uri)])).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{uri}");
    }
    let port = house.get(&authorize(PHONE, &[("redirect_uri", "http://127.0.0.1:49152/cb")])).await;
    assert_eq!(port.status, 200, "{port:?}");
    for uri in ["http://127.0.0.1:49152/other", "http://127.0.0.2/cb", "https://127.0.0.1/cb"] {
        let page = house.get(&authorize(PHONE, &[("redirect_uri", uri)])).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{uri}");
    }
}

pub(crate) async fn errors_go_back_only_to_known_places(house: &House) {
    let page = house.get(&authorize("nobody", &[])).await;
    assert_eq!((page.status, page.header("location")), (400, ""));
    let back = house.get(&authorize("web", &[("response_type", "token")])).await;
    assert!(back.header("location").starts_with(CALLBACK), "{back:?}");
    assert_eq!(back.parameter("error").as_deref(), Some("unsupported_response_type"));
    assert_eq!(back.parameter("state").as_deref(), Some("s1"));
}

pub(crate) async fn parameters_come_once(house: &House) {
    let twice = format!("{}&scope=openid", authorize("web", &[]));
    let back = house.get(&twice).await;
    assert_eq!(back.parameter("error").as_deref(), Some("invalid_request"), "{back:?}");
    let client_twice = format!("{}&client_id=other", authorize("web", &[]));
    let page = house.get(&client_twice).await;
    assert_eq!((page.status, page.header("location")), (400, ""));
    let grant = ("grant_type", "client_credentials");
    for fields in [[grant, grant], [grant, ("grant_type", "password")]] {
        let refused = house.token(house.web(), &fields).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    }
    let unknown = house.token(house.web(), &[grant, ("colour", "blue")]).await;
    assert_eq!(unknown.status, 200);
    assert_eq!(house.get(&authorize("web", &[("colour", "blue")])).await.status, 200);
}

pub(crate) async fn no_implicit(house: &House) {
    for kind in ["token", "id_token", "id_token token", "code id_token", "code token", "none", "x"]
    {
        let back = house.get(&authorize("web", &[("response_type", kind), ("nonce", "n")])).await;
        let error = back.parameter("error");
        assert_eq!(error.as_deref(), Some("unsupported_response_type"), "{kind}");
        assert!(!back.header("location").contains('#'), "{kind}");
    }
    let mode = house.get(&authorize("web", &[("response_mode", "fragment")])).await;
    assert_eq!(mode.parameter("error").as_deref(), Some("invalid_request"), "{mode:?}");
    let fields = [("grant_type", "client_credentials"), ("client_id", PHONE)];
    let refused = house.bare_form("/oauth2/v1/token", &fields).await;
    assert_eq!(refused.refusal(), (400, "unauthorized_client".to_owned()));
    let implicit = house.token(house.web(), &[("grant_type", "implicit")]).await;
    assert_eq!(implicit.refusal(), (400, "unsupported_grant_type".to_owned()));
}

pub(crate) async fn state_comes_back(house: &House) {
    let state = format!("<script>\"'&=+%20é {}", "x".repeat(2000));
    let mut browser = Browser::new(house);
    let page = browser.get(&authorize("web", &[("state", &state)])).await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let back = browser.fill(&page, &[("username", ANNA), ("password", PASSWORD)]).await;
    assert_eq!(back.parameter("state"), Some(state));
    let hostile = house
        .get("/oauth2/v1/authorize?client_id=%3Cscript%3Ealert(1)%3C/script%3E&redirect_uri=x")
        .await;
    assert!(!hostile.body.contains("<script"), "{}", hostile.body);
    let odd = house.token(house.web(), &[("grant_type", "a\r\nb\"ü")]).await;
    let description = odd.text("error_description");
    assert!(description.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{description}");
}

pub(crate) async fn nowhere_else(house: &House) {
    for target in
        ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]
    {
        let mut browser = Browser::new(house);
        let sign_in = browser.get("/ui/v1/signin").await;
        let (action, mut fields) = crate::browser::form(&sign_in.body);
        let (_, place) = fields.iter_mut().find(|(name, _)| name == "target").unwrap();
        target.clone_into(place);
        let mut all: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend([("username", ANNA), ("password", PASSWORD)]);
        let answer = browser.post(&action, &all).await;
        assert!(!answer.header("location").contains("evil"), "{target}: {answer:?}");
        assert!(!answer.header("location").contains("javascript"), "{target}: {answer:?}");
        let out = format!("/oauth2/v1/userlogout?post_logout_redirect_uri={target}");
        let answer = house.get(&out).await;
        assert!(!answer.header("location").contains("evil"), "{target}: {answer:?}");
    }
    let back = Browser::new(house).log_in_at(&authorize("web", &[])).await;
    assert_eq!(back.status, 303, "a browser must not send the password on");
}

pub(crate) async fn pages_are_guarded(house: &House) {
    let page = house.get(&authorize("web", &[])).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let mut browser = Browser::new(house);
    let page = browser.get(&authorize("web", &[("prompt", "consent")])).await;
    let consent = browser.fill(&page, &[("username", ANNA), ("password", PASSWORD)]).await;
    assert!(consent.body.contains("name=\"decision\""), "{consent:?}");
    for told in ["<strong>web</strong>", "<code>openid</code>", "Each access lasts"] {
        assert!(consent.body.contains(told), "{told}: {}", consent.body);
    }
    let (action, fields) = crate::browser::form(&consent.body);
    let by_get = browser.get(&format!("{action}?decision=allow")).await;
    assert_eq!(by_get.status, 405, "{by_get:?}");
    let forged: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            (name.as_str(), if name == "token" { "forged" } else { value.as_str() })
        })
        .chain([("decision", "allow")])
        .collect();
    let refused = browser.post(&action, &forged).await;
    assert_eq!(refused.parameter("code"), None, "{refused:?}");
    let allowed = browser.fill(&consent, &[("decision", "allow")]).await;
    assert!(allowed.parameter("code").is_some(), "{allowed:?}");
}

pub(crate) async fn nothing_is_pushed(house: &House) {
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert!(known.get("pushed_authorization_request_endpoint").is_none());
    let pushed = house.form("/oauth2/v1/par", house.web(), &[("response_type", "code")]).await;
    assert_eq!(pushed.status, 404);
}

pub(crate) async fn no_request_objects(house: &House) {
    let uri = house.get(&authorize("web", &[("request_uri", "http://127.0.0.1:1/x")])).await;
    assert_eq!(uri.parameter("error").as_deref(), Some("request_uri_not_supported"), "{uri:?}");
    let object = house.get(&authorize("web", &[("request", "eyJhbGciOiJub25lIn0.e30.")])).await;
    assert_eq!(object.parameter("error").as_deref(), Some("request_not_supported"), "{object:?}");
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(known["request_parameter_supported"], false);
    assert_eq!(known["request_uri_parameter_supported"], false);
}

pub(crate) async fn iss_is_said(house: &House) {
    let issuer = house.server.base_url.as_str();
    let back = Browser::new(house).log_in_at(&authorize("web", &[])).await;
    assert_eq!(back.parameter("iss").as_deref(), Some(issuer));
    let error = house.get(&authorize("web", &[("prompt", "none")])).await;
    assert_eq!(error.parameter("iss").as_deref(), Some(issuer));
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(known["authorization_response_iss_parameter_supported"], true);
}
