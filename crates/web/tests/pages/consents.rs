//! What a user has allowed an app, and taking it back.

use crate::browser::{Browser, Client, client, request, settings};
use crate::codes::{json, redeem};
use dayend_identity::model::{AppSettings, ResourceScope};
use dayend_testkit::app::TestApp;
use serde_json::Value;
use std::time::Duration;

const PAY: &str = "openid offline_access urn:opc:resource:bank:pay";

/// An app that may ask for something that people are asked about.
async fn asking(app: &TestApp) -> Client {
    let pay = ResourceScope {
        value: "pay".to_owned(),
        requires_consent: true,
        ..ResourceScope::default()
    };
    let api = AppSettings {
        audience: Some("urn:opc:resource:bank:".to_owned()),
        scopes: vec![pay],
        oauth_resource: true,
        allow_offline: true,
        ..AppSettings::default()
    };
    client(app, false, api).await;
    let allowed_scopes = vec!["urn:opc:resource:bank:pay".to_owned()];
    client(app, false, AppSettings { allowed_scopes, ..settings() }).await
}

/// Goes through the consent page, and gives the tokens.
async fn allow(browser: &mut Browser, client: &Client, page: &crate::browser::Page) -> Value {
    assert!(page.title().starts_with("Allow "), "{}", page.body);
    let back = browser.fill(page, &[("decision", "allow")]).await;
    let code = back.parameter("code").unwrap();
    json(&redeem(browser, client, &[("code", &code)]).await)
}

async fn refreshed(browser: &mut Browser, client: &Client, token: &Value) -> u16 {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_deref().unwrap()),
        ("refresh_token", token["refresh_token"].as_str().unwrap()),
    ];
    browser.post("/oauth2/v1/token", &form).await.status
}

async fn userinfo(browser: &mut Browser, token: &Value) -> u16 {
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    browser.call("GET", "/oauth2/v1/userinfo", &[("authorization", &bearer)]).await.status
}

#[tokio::test]
async fn what_was_allowed_is_listed_and_ends_when_it_is_taken_back() {
    let app = TestApp::new().await;
    let client = asking(&app).await;
    let mut browser = Browser::new(&app);
    let path = request(&client, &[("scope", PAY)]);
    let page = browser.get(&path).await;
    let page = browser.log_in(&app, &page).await;
    let empty = browser.get("/ui/v1/consents").await;
    assert!(empty.body.contains("No app has asked yet"), "{}", empty.body);
    let first = allow(&mut browser, &client, &page).await;
    let kept = browser.get(&path).await.parameter("code");
    let unused = kept.expect("the consent is remembered");

    app.clock.advance(Duration::from_secs(2));
    let list = browser.get("/ui/v1/consents").await;
    assert_eq!((list.status, list.title().as_str()), (200, "What you have allowed"));
    assert!(list.body.contains("urn:opc:resource:bank:pay"), "{}", list.body);
    let (action, fields) = list.form();
    let unproven: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| name != "token")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(browser.post(&action, &unproven).await.status, 403, "without the form's token");
    assert_eq!(refreshed(&mut browser, &client, &first).await, 200);

    let again = browser.get(&path).await.parameter("code").unwrap();
    let second = json(&redeem(&mut browser, &client, &[("code", &again)]).await);
    let done = browser.fill(&list, &[]).await;
    assert_eq!(done.status, 200);
    assert!(
        done.body.contains("has to ask again") && done.body.contains("No app has asked yet"),
        "{}",
        done.body
    );
    assert_eq!(refreshed(&mut browser, &client, &second).await, 400, "refresh tokens end");
    let late = redeem(&mut browser, &client, &[("code", &unused)]).await;
    assert_eq!(late.status, 400, "so does a code that is out");
    let twice = browser.fill(&list, &[]).await;
    assert_eq!(twice.status, 200, "taken back twice is taken back");

    let page = browser.get(&path).await;
    let third = allow(&mut browser, &client, &page).await;
    assert_eq!(
        refreshed(&mut browser, &client, &third).await,
        200,
        "what is allowed anew counts, in the same session"
    );
}

#[tokio::test]
async fn access_tokens_end_with_the_consent_and_those_of_other_apps_go_on() {
    let app = TestApp::new().await;
    let (asking, other) = (asking(&app).await, client(&app, false, settings()).await);
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&asking, &[("prompt", "consent")])).await;
    let page = browser.log_in(&app, &page).await;
    let token = allow(&mut browser, &asking, &page).await;
    let code = browser.get(&request(&other, &[])).await.parameter("code").unwrap();
    let others = json(&redeem(&mut browser, &other, &[("code", &code)]).await);
    app.clock.advance(Duration::from_secs(2));
    assert_eq!(userinfo(&mut browser, &token).await, 200);
    let list = browser.get("/ui/v1/consents").await;
    browser.fill(&list, &[]).await;
    assert_eq!(userinfo(&mut browser, &token).await, 401);
    assert_eq!(userinfo(&mut browser, &others).await, 200);
}
