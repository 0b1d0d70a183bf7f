//! Which authorization requests are in order, and how the others are told.

use crate::browser::{Browser, CALLBACK, CHALLENGE, Client, client, issuer, request, settings};
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use dayend_identity::model::AppSettings;
use dayend_testkit::app::{TENANT, TestApp};

#[tokio::test]
async fn a_bad_client_or_redirect_uri_is_shown_and_never_redirected() {
    let app = TestApp::new().await;
    let good = client(&app, false, settings()).await;
    let off = client(&app, false, settings()).await;
    let (identity, now) = (app.service.identity(), app.service.now());
    identity.disable_app("test", TENANT, &off.id, now).await.unwrap();
    let two = vec![CALLBACK.to_owned(), "https://app.example/other".to_owned()];
    let two = client(&app, false, AppSettings { redirect_uris: two, ..settings() }).await;
    let unknown = Client { id: "nobody".to_owned(), secret: None };
    let mut browser = Browser::new(&app);
    let repeated = format!("{}&redirect_uri={CALLBACK}", request(&good, &[]));
    let repeated_client = format!("{}&client_id={}", request(&good, &[]), good.id);
    #[rustfmt::skip]
    let cases = [
        ("unknown client",        request(&unknown, &[])),
        ("no client",             request(&good, &[("client_id", "")])),
        ("switched off",          request(&off, &[])),
        ("a client with NUL",     request(&good, &[("client_id", "a\0b")])),
        ("no redirect URI of two", request(&two, &[("redirect_uri", "")])),
        ("repeated redirect URI", repeated),
        ("repeated client",       repeated_client),
        ("another redirect URI",  request(&good, &[("redirect_uri", "https://evil.example/cb")])),
        ("and everything else bad", request(&good, &[("redirect_uri", "https://evil.example/cb"), ("response_type", "token")])),
    ];
    for (name, path) in cases {
        let page = browser.get(&path).await;
        assert_eq!((page.status, page.location()), (400, ""), "{name}");
        assert_eq!(page.title(), "You cannot log in this way", "{name}");
    }
    let only = browser.get(&request(&good, &[("redirect_uri", "")])).await;
    assert_eq!(only.title(), "Log in", "the only one that is registered is meant");
}

#[tokio::test]
async fn every_other_mistake_is_told_to_the_app_with_state_and_issuer() {
    let app = TestApp::new().await;
    let confidential = client(&app, false, settings()).await;
    let public = client(&app, true, settings()).await;
    let powerless = powerless(&app).await;
    let with = |more: &[(&str, &str)]| request(&confidential, more);
    let long = "x".repeat(2049);
    #[rustfmt::skip]
    let cases = [
        ("no response type",     with(&[("response_type", "")]),                     "invalid_request"),
        ("implicit",             with(&[("response_type", "token")]),                "unsupported_response_type"),
        ("hybrid",               with(&[("response_type", "code id_token")]),        "unsupported_response_type"),
        ("another mode",         with(&[("response_mode", "fragment")]),             "invalid_request"),
        ("request object",       with(&[("request", "a.b.c")]),                      "request_not_supported"),
        ("reference to one",     with(&[("request_uri", "https://evil.example/")]),  "request_uri_not_supported"),
        ("registration",         with(&[("registration", "{}")]),                    "registration_not_supported"),
        ("repeated scope",       format!("{}&scope=openid", with(&[])),              "invalid_request"),
        ("repeated nothing",     format!("{}&x=1&x=2", with(&[])),                   "invalid_request"),
        ("unknown prompt",       with(&[("prompt", "create")]),                      "invalid_request"),
        ("max_age",              with(&[("max_age", "-1")]),                         "invalid_request"),
        ("nonce",                with(&[("nonce", &long)]),                          "invalid_request"),
        ("garbled nonce",        format!("{}&nonce=%FF", with(&[])),                 "invalid_request"),
        ("garbled scope",        with(&[("scope", "say \"hi\"")]),                 "invalid_scope"),
        ("plain challenge",      with(&[("code_challenge_method", "plain")]),        "invalid_request"),
        ("no method",            with(&[("code_challenge_method", "")]),             "invalid_request"),
        ("no challenge",         with(&[("code_challenge", "")]),                    "invalid_request"),
        ("short challenge",      with(&[("code_challenge", &CHALLENGE[1..])]),       "invalid_request"),
        ("padded challenge",     with(&[("code_challenge", &format!("{}=", &CHALLENGE[1..]))]), "invalid_request"),
        ("public without",       request(&public, &[("code_challenge", ""), ("code_challenge_method", "")]), "invalid_request"),
        ("not allowed",          request(&powerless, &[]),                           "unauthorized_client"),
        ("a forged hint",        with(&[("id_token_hint", "a.b.c")]),                "invalid_request"),
    ];
    let mut browser = Browser::new(&app);
    for (name, path, error) in cases {
        let told = browser.get(&path).await;
        assert_eq!(
            (told.status, told.parameter("error").as_deref()),
            (302, Some(error)),
            "{name}: {}",
            told.location()
        );
        assert!(told.location().starts_with(&format!("{CALLBACK}?error=")), "{name}");
        assert_eq!(told.parameter("state").as_deref(), Some("s1"), "{name}");
        assert_eq!(told.parameter("iss").as_deref(), Some(issuer()), "{name}");
        let text = told.parameter("error_description").unwrap();
        assert!(
            text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'),
            "{name}: {text}"
        );
        assert_eq!(told.header("cache-control"), "no-store", "{name}");
    }
    let optional = request(&confidential, &[("code_challenge", ""), ("code_challenge_method", "")]);
    assert_eq!(browser.get(&optional).await.title(), "Log in", "a confidential app may do without");
    let long_state = request(&confidential, &[("state", &long)]);
    let told = browser.get(&long_state).await;
    assert_eq!(
        (told.parameter("error").as_deref(), told.parameter("state")),
        (Some("invalid_request"), None)
    );
}

#[tokio::test]
async fn a_scope_that_the_app_may_not_have_is_refused_before_there_is_a_code() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[("scope", "urn:opc:resource:nobody:pay")])).await;
    let told = browser.log_in(&app, &page).await;
    assert_eq!(told.parameter("error").as_deref(), Some("invalid_scope"), "{}", told.location());
    assert_eq!(told.parameter("state").as_deref(), Some("s1"));
}

#[tokio::test]
async fn state_comes_back_byte_by_byte() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(2048).collect();
    let encoded: String = form_urlencoded::byte_serialize(&bytes).collect();
    let path = format!("{}&state={encoded}", request(&client, &[("state", "")]));
    let back = browser.get(&path).await;
    let sent = back.location().split_once("&state=").unwrap().1.split('&').next().unwrap();
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(sent).collect();
    assert!(decoded == bytes, "{sent}");
    assert!(back.parameter("code").is_some());
}

#[tokio::test]
async fn a_native_app_comes_back_on_any_port() {
    let app = TestApp::new().await;
    let loopback =
        AppSettings { redirect_uris: vec!["http://127.0.0.1/cb".to_owned()], ..settings() };
    let native = client(&app, true, loopback).await;
    let mut browser = Browser::new(&app);
    let page =
        browser.get(&request(&native, &[("redirect_uri", "http://127.0.0.1:51004/cb")])).await;
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self' http://127.0.0.1:51004;")
    );
    let back = browser.log_in(&app, &page).await;
    assert!(back.location().starts_with("http://127.0.0.1:51004/cb?code="), "{}", back.location());
}

/// An app that may not redeem codes.
async fn powerless(app: &TestApp) -> Client {
    let new = NewApp {
        tenant: TENANT.to_owned(),
        name: "Powerless".to_owned(),
        client_id: None,
        grants: vec![GrantType::ClientCredentials],
        public: false,
        strict: false,
    };
    let (identity, now) = (app.service.identity(), app.service.now());
    let id = identity.create_app("test", new, now).await.unwrap().client_id;
    identity.put_app_settings("test", (TENANT, &id), &settings(), now).await.unwrap();
    Client { id, secret: None }
}
