//! A device without a browser of its own.

use crate::browser::{Browser, Page};
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use dayend_testkit::app::{TENANT, TestApp, USER};
use serde_json::Value;
use std::time::Duration;

fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap()
}

async fn app_on_a_device(app: &TestApp) -> String {
    let new = NewApp {
        tenant: TENANT.to_owned(),
        name: "A terminal".to_owned(),
        client_id: None,
        grants: vec![GrantType::DeviceCode, GrantType::RefreshToken],
        public: true,
        strict: false,
    };
    app.service.identity().create_app("test", new, app.service.now()).await.unwrap().client_id
}

/// The device code and the user code.
async fn ask(app: &TestApp, client_id: &str) -> (String, String) {
    let form = [("response_type", "device_code"), ("client_id", client_id), ("scope", "openid")];
    let answer = json(&Browser::new(app).post("/oauth2/v1/device", &form).await);
    assert!(answer["verification_uri"].as_str().unwrap().ends_with("/ui/v1/device"), "{answer}");
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(app: &TestApp, client_id: &str, code: &str) -> Value {
    let grant = GrantType::DeviceCode.as_str();
    let form = [("grant_type", grant), ("client_id", client_id), ("device_code", code)];
    json(&Browser::new(app).post("/oauth2/v1/token", &form).await)
}

#[tokio::test]
async fn the_user_decides_about_the_device_whose_code_was_typed() {
    let app = TestApp::new().await;
    let client_id = app_on_a_device(&app).await;
    for (decision, title, outcome) in
        [("allow", "Allowed", "access_token"), ("deny", "Not allowed", "error")]
    {
        let (device_code, user_code) = ask(&app, &client_id).await;
        let mut browser = Browser::new(&app);
        let sent = browser.get(&format!("/ui/v1/device?user_code={user_code}")).await;
        assert_eq!(sent.status, 303);
        let page = browser.get(sent.location()).await;
        let back = browser.log_in(&app, &page).await;
        assert_eq!(
            back.location(),
            format!("/ui/v1/device?user_code={}", user_code.replace('-', ""))
        );
        let page = browser.get(back.location()).await;
        let wrong = browser.fill(&page, &[("user_code", "AAAA-AAAA")]).await;
        assert_eq!(wrong.status, 404, "{}", wrong.body);
        let question = browser.fill(&page, &[("user_code", &user_code.to_lowercase())]).await;
        assert_eq!(question.title(), "Allow A terminal on another device?", "{}", question.body);
        assert_eq!(poll(&app, &client_id, &device_code).await["error"], "authorization_pending");
        let (action, fields) = question.form();
        let unproven: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| name != "token")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain([("decision", "allow")])
            .collect();
        assert_eq!(browser.post(&action, &unproven).await.status, 403, "without the form's token");
        let done = browser.fill(&question, &[("decision", decision)]).await;
        assert_eq!((done.status, done.title().as_str()), (200, title), "{}", done.body);
        app.clock.advance(Duration::from_mins(1));
        let answer = poll(&app, &client_id, &device_code).await;
        assert!(answer.get(outcome).is_some(), "{decision}: {answer}");
        if let Some(token) = answer["access_token"].as_str() {
            let caller = app.service.authenticate(token).await.unwrap();
            assert_eq!(caller.user.unwrap().name, USER);
        }
        let twice = browser.fill(&question, &[("decision", "allow")]).await;
        assert_eq!(twice.status, 404, "a code is good for one decision");
    }
}
