//! A code for a token.

use crate::browser::{
    Browser, CALLBACK, Client, Page, VERIFIER, client, issuer, request, settings,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dayend_testkit::app::{TestApp, USER};
use dayend_testkit::flaky::Fate;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Logs in if need be and brings a code back.
pub(crate) async fn code(app: &TestApp, browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    let back = if page.location().is_empty() { browser.log_in(app, &page).await } else { page };
    let code = back.parameter("code");
    assert!(code.is_some(), "{} {}", back.location(), back.body);
    code.unwrap()
}

pub(crate) async fn redeem(browser: &mut Browser, client: &Client, more: &[(&str, &str)]) -> Page {
    let secret = client.secret.as_deref().unwrap_or_default();
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", client.id.as_str()),
        ("client_secret", secret),
        ("code_verifier", VERIFIER),
    ];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    let usual = usual.into_iter().filter(|(name, _)| !given(name));
    let all: Vec<_> =
        usual.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
    browser.post("/oauth2/v1/token", &all).await
}

pub(crate) fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap()
}

/// `200`, or the status and the error.
fn outcome(page: &Page) -> String {
    match json(page)["error"].as_str() {
        Some(error) => format!("{} {error}", page.status),
        None => page.status.to_string(),
    }
}

pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_gives_an_access_token_a_refresh_token_and_an_id_token() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let path = request(
        &client,
        &[("scope", "openid offline_access urn:opc:idm:t.user.me"), ("nonce", "n-1")],
    );
    let code = code(&app, &mut browser, &path).await;
    let page = redeem(&mut browser, &client, &[("code", &code), ("redirect_uri", CALLBACK)]).await;
    let answer = json(&page);
    assert_eq!(
        (outcome(&page).as_str(), page.header("cache-control")),
        ("200", "no-store"),
        "{answer}"
    );
    assert_eq!(
        (answer["token_type"].as_str(), answer["expires_in"].as_u64()),
        (Some("Bearer"), Some(3600))
    );
    assert!(answer["refresh_token"].as_str().unwrap().starts_with("AgAg"));
    let access = answer["access_token"].as_str().unwrap();
    assert_eq!(
        (claims(access)["gtp"].as_str(), claims(access)["tok_type"].as_str()),
        (Some("azc"), Some("AT"))
    );
    let id = claims(answer["id_token"].as_str().unwrap());
    assert_eq!(id["tok_type"], "IT");
    assert_eq!(id["iss"], issuer());
    assert_eq!(id["aud"], serde_json::json!([issuer(), client.id]));
    assert_eq!(
        (&id["azp"], &id["nonce"], &id["sub"]),
        (&client.id.as_str().into(), &"n-1".into(), &USER.into())
    );
    let hash = Sha256::digest(access.as_bytes());
    assert_eq!(id["at_hash"], BASE64_URL_SAFE_NO_PAD.encode(&hash[..16]));
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 3600);
    assert!(id["auth_time"].as_i64().unwrap() <= id["iat"].as_i64().unwrap());
    assert_eq!(id["session_exp"].as_i64().unwrap() - id["auth_time"].as_i64().unwrap(), 28_800);
    let service = &app.service;
    assert!(service.authenticate(access).await.is_ok());
    let id_token = answer["id_token"].as_str().unwrap();
    assert!(service.authenticate(id_token).await.is_err(), "an ID token opens nothing");
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_whoever_did_not_ask_for_it() {
    let app = TestApp::new().await;
    let mine = client(&app, false, settings()).await;
    let other = client(&app, false, settings()).await;
    let public = client(&app, true, settings()).await;
    let plain = request(&mine, &[("code_challenge", ""), ("code_challenge_method", "")]);
    let (usual, native) = (request(&mine, &[]), request(&public, &[]));
    let wrong = "w".repeat(43);
    #[rustfmt::skip]
    let cases: [Case; 8] = [
        ("another client",          &usual,  &other,  &[],                                       &mine),
        ("a wrong verifier",        &usual,  &mine,   &[("code_verifier", &wrong)],              &mine),
        ("no verifier",             &usual,  &mine,   &[("code_verifier", "")],                  &mine),
        ("a verifier for nothing",  &plain,  &mine,   &[],                                       &mine),
        ("another redirect URI",    &usual,  &mine,   &[("redirect_uri", "https://app.example/")], &mine),
        ("a public client",         &native, &public, &[("code_verifier", &wrong)],              &public),
        ("without its verifier",    &native, &public, &[("code_verifier", "")],                  &public),
        ("a confidential one",      &native, &mine,   &[],                                       &public),
    ];
    let mut browser = Browser::new(&app);
    for (name, path, thief, more, owner) in cases {
        let code = code(&app, &mut browser, path).await;
        let with_code = |more: &[(&'static str, &str)]| {
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .chain([("code", code.clone())])
                .collect::<Vec<_>>()
        };
        let sent =
            with_code(&more.iter().map(|(name, value)| (leaked(name), *value)).collect::<Vec<_>>());
        let sent: Vec<(&str, &str)> =
            sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            outcome(&redeem(&mut browser, thief, &sent).await),
            "400 invalid_grant",
            "{name}"
        );
        let honest: &[(&str, &str)] = if path == plain {
            &[("code", &code), ("code_verifier", "")]
        } else {
            &[("code", &code)]
        };
        let late = redeem(&mut browser, owner, honest).await;
        assert_eq!(outcome(&late), "400 invalid_grant", "{name}: the code is burnt");
    }
    let code = code(&app, &mut browser, &usual).await;
    let stranger = Client { id: mine.id.clone(), secret: Some("wrong".to_owned()) };
    assert_eq!(
        outcome(&redeem(&mut browser, &stranger, &[("code", &code)]).await),
        "401 invalid_client"
    );
    assert_eq!(
        outcome(&redeem(&mut browser, &mine, &[("code", &code)]).await),
        "200",
        "who proves nothing burns nothing"
    );
    assert_eq!(outcome(&redeem(&mut browser, &mine, &[]).await), "400 invalid_request");
    for junk in ["x", "AgAg", &"AgAg".repeat(36), "AgAg\u{0}"] {
        assert_eq!(
            outcome(&redeem(&mut browser, &mine, &[("code", junk)]).await),
            "400 invalid_grant",
            "{junk}"
        );
    }
}

/// What happens, the request, who redeems the code, with what, and who should have.
type Case<'a> = (&'a str, &'a str, &'a Client, &'a [(&'a str, &'a str)], &'a Client);

fn leaked(name: &str) -> &'static str {
    name.to_owned().leak()
}

#[tokio::test]
async fn the_second_use_of_a_code_ends_what_the_first_one_got() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let code =
        code(&app, &mut browser, &request(&client, &[("scope", "openid offline_access")])).await;
    let first = json(&redeem(&mut browser, &client, &[("code", &code)]).await);
    assert_eq!(
        outcome(&redeem(&mut browser, &client, &[("code", &code)]).await),
        "400 invalid_grant"
    );
    let refresh = first["refresh_token"].as_str().unwrap();
    let refreshed = redeem(
        &mut browser,
        &client,
        &[("grant_type", "refresh_token"), ("refresh_token", refresh), ("code_verifier", "")],
    )
    .await;
    assert_eq!(outcome(&refreshed), "400 invalid_grant");
    let access = first["access_token"].as_str().unwrap();
    assert!(app.service.authenticate(access).await.is_err(), "the access token is refused, too");
    app.verify().await;
}

#[tokio::test]
async fn a_code_ends_with_its_three_minutes_and_with_the_session() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let path = request(&client, &[]);
    let code_1 = code(&app, &mut browser, &path).await;
    app.clock.advance(Duration::from_secs(170));
    assert_eq!(outcome(&redeem(&mut browser, &client, &[("code", &code_1)]).await), "200");
    let code_2 = code(&app, &mut browser, &path).await;
    app.clock.advance(Duration::from_secs(181));
    assert_eq!(
        outcome(&redeem(&mut browser, &client, &[("code", &code_2)]).await),
        "400 invalid_grant"
    );
    let code_3 = code(&app, &mut browser, &path).await;
    let page = browser.get("/oauth2/v1/userlogout").await;
    browser.fill(&page, &[]).await;
    assert_eq!(
        outcome(&redeem(&mut browser, &client, &[("code", &code_3)]).await),
        "400 invalid_grant"
    );
}

#[tokio::test]
async fn an_access_token_lives_no_longer_than_the_session() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let path = request(&client, &[]);
    code(&app, &mut browser, &path).await;
    for _ in 0..32 {
        app.clock.advance(Duration::from_secs(850));
        browser.get(&path).await;
    }
    let code = code(&app, &mut browser, &path).await;
    let answer = json(&redeem(&mut browser, &client, &[("code", &code)]).await);
    let left = answer["expires_in"].as_u64().unwrap();
    assert!((1590..=1600).contains(&left), "{left}");
    let id = claims(answer["id_token"].as_str().unwrap());
    assert_eq!(id["exp"], id["session_exp"]);
}

#[tokio::test]
async fn of_a_hundred_who_redeem_one_code_at_once_one_gets_a_token() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let code =
        code(&app, &mut browser, &request(&client, &[("scope", "openid offline_access")])).await;
    let attempts = (0..100).map(|_| {
        let mut someone = Browser::new(&app);
        let (client, code) = (&client, &code);
        async move { outcome(&redeem(&mut someone, client, &[("code", code)]).await) }
    });
    let mut outcomes = futures_util::future::join_all(attempts).await;
    outcomes.sort();
    assert_eq!(outcomes[0], "200");
    assert!(outcomes[1..].iter().all(|outcome| outcome == "400 invalid_grant"), "{outcomes:?}");
    let app = app.start_again().await;
    let late = redeem(&mut Browser::new(&app), &client, &[("code", &code)]).await;
    assert_eq!(outcome(&late), "400 invalid_grant", "also after a restart");
}

#[tokio::test]
async fn a_store_that_fails_consumes_nothing() {
    let (app, flaky) = TestApp::flaky().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let code = code(&app, &mut browser, &request(&client, &[])).await;
    flaky.script(&[Fate::NotDone]);
    let refused = redeem(&mut browser, &client, &[("code", &code)]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    app.settled().await;
    assert_eq!(outcome(&redeem(&mut browser, &client, &[("code", &code)]).await), "200");
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_say() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let open = code(&app, &mut browser, &request(&client, &[])).await;
    let open = json(&redeem(&mut browser, &client, &[("code", &open)]).await);
    let closed =
        code(&app, &mut browser, &request(&client, &[("scope", "urn:opc:idm:t.user.me")])).await;
    let closed = json(&redeem(&mut browser, &client, &[("code", &closed)]).await);
    assert_eq!(closed["id_token"], Value::Null);
    let token = |answer: &Value| answer["access_token"].as_str().unwrap().to_owned();
    for method in ["GET", "POST"] {
        let page = browser
            .call(
                method,
                "/oauth2/v1/userinfo",
                &[("authorization", &format!("Bearer {}", token(&open)))],
            )
            .await;
        let info = json(&page);
        assert_eq!(
            (page.status, &info["sub"], &info["name"]),
            (200, &USER.into(), &"The operator".into()),
            "{method}"
        );
        assert!(info["updated_at"].is_i64() && info.get("email").is_none(), "{info}");
    }
    let refused = browser
        .call(
            "GET",
            "/oauth2/v1/userinfo",
            &[("authorization", &format!("Bearer {}", token(&closed)))],
        )
        .await;
    assert_eq!(refused.status, 403);
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
    let bare = browser.call("GET", "/oauth2/v1/userinfo", &[]).await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, r#"Bearer realm="dayend""#));
}

#[tokio::test]
async fn an_id_token_logs_its_user_out_and_leads_back_to_its_app() {
    let app = TestApp::new().await;
    let back = vec!["https://app.example/bye".to_owned()];
    let with_way_back =
        dayend_identity::model::AppSettings { post_logout_redirect_uris: back, ..settings() };
    let client = client(&app, false, with_way_back).await;
    let other = crate::browser::client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let hint = |answer: &Value| answer["id_token"].as_str().unwrap().to_owned();
    let path = request(&client, &[]);
    let mine = code(&app, &mut browser, &path).await;
    let mine = hint(&json(&redeem(&mut browser, &client, &[("code", &mine)]).await));
    let others = code(&app, &mut browser, &request(&other, &[])).await;
    let others = hint(&json(&redeem(&mut browser, &other, &[("code", &others)]).await));

    let leave = |hint: &str, uri: &str| {
        format!(
            "/oauth2/v1/userlogout?id_token_hint={hint}&post_logout_redirect_uri={uri}&state=a%FFb"
        )
    };
    let good = "https%3A%2F%2Fapp.example%2Fbye";
    for uri in [
        "https%3A%2F%2Fevil.example%2F",
        "https%3A%2F%2Fapp.example%2Fbye%2F",
        "%2F%2Fevil.example",
    ] {
        let page = browser.get(&leave(&mine, uri)).await;
        assert_eq!(
            (page.status, page.location(), page.title().as_str()),
            (200, "", "Logged out"),
            "{uri}"
        );
    }
    code(&app, &mut browser, &path).await;
    let page = browser.get(&leave(&others, good)).await;
    assert_eq!((page.status, page.location()), (200, ""), "the address is another app's");
    code(&app, &mut browser, &path).await;
    let page = browser.get(&leave(&mine, good)).await;
    assert_eq!((page.status, page.location()), (302, "https://app.example/bye?state=a%FFb"));
    let none = browser.get(&request(&client, &[("prompt", "none")])).await;
    assert_eq!(none.parameter("error").as_deref(), Some("login_required"));

    let known = request(&client, &[("id_token_hint", &mine)]);
    let back = code(&app, &mut browser, &known).await;
    assert!(back.starts_with("AgAg"), "the user of the hint has logged in");
    app.clock.advance(Duration::from_hours(2));
    assert!(
        browser.get(&leave(&mine, good)).await.location().starts_with("https://app.example/bye"),
        "an old hint is a hint"
    );
}
