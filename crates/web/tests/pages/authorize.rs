//! Logging in, consenting, and getting back to the app.

use crate::browser::{Browser, CALLBACK, client, issuer, request, settings};
use dayend_identity::model::{AppSettings, ResourceScope};
use dayend_testkit::app::{TENANT, TestApp, USER};
use secrecy::ExposeSecret as _;

#[tokio::test]
async fn a_user_logs_in_once_and_comes_back_with_a_code_each_time() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    assert_eq!((page.status, page.title().as_str()), (200, "Log in"));
    let back = browser.log_in(&app, &page).await;
    assert_eq!(back.status, 303, "{}", back.body);
    assert!(back.location().starts_with(&format!("{CALLBACK}?code=AgAg")), "{}", back.location());
    assert_eq!(back.parameter("state").as_deref(), Some("s1"));
    assert_eq!(back.parameter("iss").as_deref(), Some(issuer()));
    assert_eq!(back.parameter("code").unwrap().len(), 144);
    let again = browser.get(&request(&client, &[])).await;
    assert_eq!(again.status, 302, "the session is there");
    assert_ne!(again.parameter("code"), back.parameter("code"));
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_switched_off_user_look_alike() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut answers = Vec::new();
    for (name, password) in [(USER, "wrong wrong wrong"), ("nobody", "wrong wrong wrong")] {
        let mut browser = Browser::new(&app);
        let page = browser.get(&request(&client, &[])).await;
        let refused = browser.fill(&page, &[("username", name), ("password", password)]).await;
        assert!(!browser.cookies.keys().any(|name| name.ends_with("session")));
        let token = refused.form().1.iter().find(|(name, _)| name == "token").unwrap().1.clone();
        answers.push((refused.status, refused.body.replace(name, "NAME").replace(&token, "")));
    }
    let identity = app.service.identity();
    identity.disable_user("test", TENANT, USER, app.service.now()).await.unwrap();
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    let refused = browser.log_in(&app, &page).await;
    let token = refused.form().1.iter().find(|(name, _)| name == "token").unwrap().1.clone();
    answers.push((refused.status, refused.body.replace(USER, "NAME").replace(&token, "")));
    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn guesses_on_the_page_and_at_the_token_endpoint_are_counted_together() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    let wrong = [("username", USER), ("password", "wrong wrong wrong")];
    for _ in 0..3 {
        assert_eq!(browser.fill(&page, &wrong).await.status, 401);
    }
    let form = [
        ("grant_type", "password"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.expose_secret()),
        ("username", USER),
        ("password", "wrong wrong wrong"),
    ];
    for _ in 0..2 {
        assert_eq!(browser.post("/oauth2/v1/token", &form).await.status, 400);
    }
    let refused = browser.fill(&page, &wrong).await;
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    assert!(refused.body.contains("Too many attempts"));
}

#[tokio::test]
async fn consent_is_asked_for_once_where_a_scope_requires_it() {
    let app = TestApp::new().await;
    let api = AppSettings {
        audience: Some("urn:opc:resource:bank:".to_owned()),
        scopes: vec![
            ResourceScope {
                value: "pay".to_owned(),
                requires_consent: true,
                ..ResourceScope::default()
            },
            ResourceScope { value: "look".to_owned(), ..ResourceScope::default() },
        ],
        oauth_resource: true,
        ..AppSettings::default()
    };
    client(&app, false, api).await;
    let allowed =
        vec!["urn:opc:resource:bank:pay".to_owned(), "urn:opc:resource:bank:look".to_owned()];
    let asking =
        client(&app, false, AppSettings { allowed_scopes: allowed.clone(), ..settings() }).await;
    let mut browser = Browser::new(&app);
    let pay = request(&asking, &[("scope", "openid urn:opc:resource:bank:pay")]);
    let page = browser.get(&pay).await;
    let page = browser.log_in(&app, &page).await;
    assert_eq!((page.status, page.title().as_str()), (200, "Allow The <b>bank's</b> app?"));
    assert!(page.body.contains("urn:opc:resource:bank:pay") && page.body.contains("1 hour"));
    let denied = browser.fill(&page, &[("decision", "deny")]).await;
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(
        (denied.parameter("state").as_deref(), denied.parameter("iss").as_deref()),
        (Some("s1"), Some(issuer()))
    );
    let look = browser.get(&request(&asking, &[("scope", "urn:opc:resource:bank:look")])).await;
    assert!(look.parameter("code").is_some(), "nothing to ask about: {}", look.status);
    let page = browser.get(&pay).await;
    let allowed_now = browser.fill(&page, &[("decision", "allow")]).await;
    assert!(allowed_now.parameter("code").is_some(), "{}", allowed_now.body);
    assert!(browser.get(&pay).await.parameter("code").is_some(), "the consent is remembered");
    let asked = browser.get(&request(&asking, &[("prompt", "consent")])).await;
    assert!(asked.title().starts_with("Allow "));
    let silent = AppSettings { bypass_consent: true, allowed_scopes: allowed, ..settings() };
    let trusted = client(&app, false, silent).await;
    let straight = browser.get(&request(&trusted, &[("scope", "urn:opc:resource:bank:pay")])).await;
    assert!(straight.parameter("code").is_some());
}

#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let none = request(&client, &[("prompt", "none")]);
    let refused = browser.get(&none).await;
    assert_eq!(
        (refused.status, refused.parameter("error").as_deref()),
        (302, Some("login_required"))
    );
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    assert!(browser.get(&none).await.parameter("code").is_some());
    let aged = request(&client, &[("prompt", "none"), ("max_age", "0")]);
    assert_eq!(browser.get(&aged).await.parameter("error").as_deref(), Some("login_required"));
    let both = request(&client, &[("prompt", "none login")]);
    assert_eq!(browser.get(&both).await.parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_fresh_log_in_is_asked_for_and_then_enough() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    for more in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "0")] {
        let before = browser.cookies.clone();
        let page = browser.get(&request(&client, &[more])).await;
        let back = browser.log_in(&app, &page).await;
        assert!(back.parameter("code").is_some(), "{more:?}: {}", back.body);
        assert_ne!(browser.cookies, before, "{more:?}: a log-in has a session of its own");
        let mut earlier = Browser::new(&app);
        earlier.cookies = before;
        let old = earlier.get(&request(&client, &[("prompt", "none")])).await;
        assert_eq!(
            old.parameter("error").as_deref(),
            Some("login_required"),
            "the earlier one ended"
        );
    }
    let young = browser.get(&request(&client, &[("max_age", "3600")])).await;
    assert!(young.parameter("code").is_some());
    app.clock.advance(std::time::Duration::from_secs(61));
    let old = browser.get(&request(&client, &[("max_age", "60")])).await;
    assert_eq!(old.title(), "Log in");
}

#[tokio::test]
async fn a_session_ends_with_its_time_with_the_user_and_with_the_password() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let none = request(&client, &[("prompt", "none")]);
    let (identity, now) = (app.service.identity(), || app.service.now());
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;

    let user = app.caller.user.clone().unwrap();
    identity.disable_user("test", TENANT, USER, now()).await.unwrap();
    assert_eq!(browser.get(&none).await.parameter("error").as_deref(), Some("login_required"));
    identity.enable_user("test", TENANT, USER, now()).await.unwrap();

    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    let mut profile = identity.user_profile(TENANT, &user.id).await.unwrap();
    profile.valid_from = now().0 + 1;
    identity.put_user_profile("test", (TENANT, &user.id), &profile, now()).await.unwrap();
    assert_eq!(browser.get(&none).await.parameter("error").as_deref(), Some("login_required"));

    app.clock.advance(std::time::Duration::from_secs(1));
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    app.clock.advance(std::time::Duration::from_secs(899));
    assert!(browser.get(&none).await.parameter("code").is_some(), "used within the idle time");
    app.clock.advance(std::time::Duration::from_secs(901));
    assert_eq!(browser.get(&none).await.parameter("error").as_deref(), Some("login_required"));

    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    for _ in 0..35 {
        app.clock.advance(std::time::Duration::from_secs(800));
        assert!(browser.get(&none).await.parameter("code").is_some());
    }
    app.clock.advance(std::time::Duration::from_secs(801));
    let ended = browser.get(&none).await;
    assert_eq!(ended.parameter("error").as_deref(), Some("login_required"), "after eight hours");
}

#[tokio::test]
async fn a_session_survives_a_restart_of_the_server() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    let app = app.start_again().await;
    let mut same = Browser::new(&app);
    same.cookies = browser.cookies;
    assert!(same.get(&request(&client, &[])).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_request_in_a_body_is_one_in_the_query() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let path = request(&client, &[]);
    let query = path.split_once('?').unwrap().1;
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let moved = Browser::new(&app).post("/oauth2/v1/authorize", &fields).await;
    assert_eq!((moved.status, moved.location()), (303, path.as_str()));
}
