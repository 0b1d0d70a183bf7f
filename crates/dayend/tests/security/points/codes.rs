//! Codes and refresh tokens.

use crate::browser::Browser;
use crate::house::{ANNA, CALLBACK, House, PASSWORD, PHONE, VERIFIER, authorize};
use crate::wire::Reply;
use reqwest::RequestBuilder;
use tokio::task::JoinSet;

const RIGHT: (&str, &str) = ("code_verifier", VERIFIER);

/// The answers to the same request, a hundred times at once.
async fn at_once(request: &RequestBuilder) -> Vec<Reply> {
    let mut running = JoinSet::new();
    for _ in 0..100 {
        running.spawn(Reply::to(request.try_clone().unwrap()));
    }
    running.join_all().await
}

fn succeeded(replies: &[Reply]) -> Vec<&Reply> {
    for reply in replies {
        assert!(reply.status == 200 || reply.refusal() == refused(), "{reply:?}");
    }
    replies.iter().filter(|reply| reply.status == 200).collect()
}

fn refused() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

pub(crate) async fn once(house: &House) {
    let code =
        house.code("web", &[("scope", "openid offline_access urn:opc:idm:__myscopes__")]).await;
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), RIGHT];
    let request = house.client.post(house.url("/oauth2/v1/token"));
    let request = request.basic_auth("web", Some(house.web().secret)).form(&fields);
    let replies = at_once(&request).await;
    let good = succeeded(&replies);
    assert_eq!(good.len(), 1);
    let token = good[0].text("access_token");
    assert_eq!(house.asks(&token).await, 401, "the other uses ended it");
    let refresh = good[0].text("refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(house.token(house.web(), &fields).await.refusal(), refused());
}

pub(crate) async fn for_one_client(house: &House) {
    let code = house.code("web", &[]).await;
    assert_eq!(house.redeem(house.other(), &code, &[RIGHT]).await.refusal(), refused());
    assert_eq!(house.redeem(house.web(), &code, &[RIGHT]).await.refusal(), refused());
}

pub(crate) async fn redirect_uri(house: &House) {
    let code = house.code("web", &[]).await;
    let wrong = [RIGHT, ("redirect_uri", "https://app.example/other")];
    assert_eq!(house.redeem(house.web(), &code, &wrong).await.refusal(), refused());
    let code = house.code("web", &[]).await;
    let same = [RIGHT, ("redirect_uri", CALLBACK)];
    assert_eq!(house.redeem(house.web(), &code, &same).await.status, 200);
    let code = house.code("web", &[]).await;
    assert_eq!(house.redeem(house.web(), &code, &[RIGHT]).await.status, 200, "left out");
}

pub(crate) async fn refresh_once(house: &House) {
    let first = house.log_in(ANNA, PASSWORD, "urn:opc:idm:__myscopes__ offline_access").await;
    let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
    let foreign = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(house.token(house.other(), &foreign).await.refusal(), refused());
    let request = house.client.post(house.url("/oauth2/v1/token"));
    let request = request.basic_auth("web", Some(house.web().secret)).form(&foreign);
    let replies = at_once(&request).await;
    let good = succeeded(&replies);
    assert_eq!(good.len(), 1);
    let next = good[0].text("refresh_token");
    assert!(next.starts_with("AgAg") && next != refresh);
    let after = [("grant_type", "refresh_token"), ("refresh_token", next.as_str())];
    assert_eq!(house.token(house.web(), &after).await.refusal(), refused(), "the family is over");
    assert_eq!(house.asks(&access).await, 401, "and so are its access tokens");
}

pub(crate) async fn pkce(house: &House) {
    let plain = [("code_challenge_method", "plain"), ("code_challenge", VERIFIER)];
    for (name, more) in [
        ("plain", &plain[..]),
        ("plain by default", &[("code_challenge_method", "")]),
        ("a short challenge", &[("code_challenge", "short")]),
        ("none", &[("code_challenge", ""), ("code_challenge_method", "")]),
    ] {
        let back = house.get(&authorize(PHONE, more)).await;
        assert_eq!(back.parameter("error").as_deref(), Some("invalid_request"), "{name}: {back:?}");
    }
    let known = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(known["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    let code = house.code(PHONE, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", PHONE),
        ("code", code.as_str()),
        RIGHT,
    ];
    assert_eq!(house.bare_form("/oauth2/v1/token", &fields).await.status, 200);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = house.code("web", &without).await;
    assert_eq!(house.redeem(house.web(), &code, &[]).await.status, 200, "a confidential client");
}

pub(crate) async fn verifier(house: &House) {
    let wrong = "x".repeat(43);
    for more in [&[][..], &[("code_verifier", wrong.as_str())], &[("code_verifier", "short")]] {
        let code = house.code("web", &[]).await;
        let answer = house.redeem(house.web(), &code, more).await;
        assert!(matches!(answer.status, 400), "{more:?}: {answer:?}");
        let again = house.redeem(house.web(), &code, &[RIGHT]).await;
        assert_eq!(again.refusal(), refused(), "{more:?}: a wrong guess makes the code worthless");
    }
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = house.code("web", &without).await;
    assert_eq!(house.redeem(house.web(), &code, &[RIGHT]).await.refusal(), refused());
    let mut browser = Browser::new(house);
    assert!(browser.log_in_at(&authorize("web", &[])).await.parameter("code").is_some());
}
