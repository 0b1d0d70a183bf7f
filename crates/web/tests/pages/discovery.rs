//! What the server says about itself.

use crate::browser::{Browser, issuer};
use dayend_testkit::app::TestApp;
use serde_json::Value;

#[tokio::test]
async fn everything_is_at_the_base_url_whatever_the_caller_says() {
    let app = TestApp::new().await;
    let mut browser = Browser::new(&app);
    let lies = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let page = browser.call("GET", path, &lies).await;
        assert_eq!((page.status, page.header("content-type")), (200, "application/json"));
        assert!(!page.body.contains("evil.example"));
        let document: Value = serde_json::from_str(&page.body).unwrap();
        assert_eq!(document["issuer"], issuer());
        for (key, value) in document.as_object().unwrap() {
            if key.ends_with("_endpoint") || key.ends_with("_uri") {
                assert!(value.as_str().unwrap().starts_with(issuer()), "{key}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn every_endpoint_that_is_named_is_there() {
    let app = TestApp::new().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/.well-known/openid-configuration").await;
    let document: Value = serde_json::from_str(&page.body).unwrap();
    for (key, value) in document.as_object().unwrap() {
        if key.ends_with("_endpoint") || key.ends_with("_uri") {
            let path = value.as_str().unwrap().strip_prefix(issuer()).unwrap();
            let answer = browser.call("OPTIONS", path, &[]).await;
            assert_ne!(answer.status, 404, "{key}");
        }
    }
}

#[tokio::test]
async fn the_document_has_the_keys_of_oracles_and_ours() {
    let app = TestApp::new().await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/.well-known/idcs-configuration").await;
    let wrapped: Value = serde_json::from_str(&page.body).unwrap();
    let openid = browser.get("/.well-known/openid-configuration").await;
    assert_eq!(wrapped["openid-configuration"].to_string(), openid.body);
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&wrapped["openid-configuration"]).unwrap()
    );
}
