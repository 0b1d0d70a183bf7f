//! Pages of other origins.

use crate::browser::{Browser, client, settings};
use dayend_identity::model::AppSettings;
use dayend_testkit::app::TestApp;

const PLUGIN: &str = "https://field-service.example";

#[tokio::test]
async fn only_pages_of_the_apps_own_origins_may_read_its_tokens() {
    let app = TestApp::new().await;
    let mine = AppSettings { cors_origins: vec![PLUGIN.to_owned()], ..settings() };
    let mine = client(&app, false, mine).await;
    let sandboxed = client(&app, false, AppSettings { cors_null_origin: true, ..settings() }).await;
    let other = client(&app, false, settings()).await;
    #[rustfmt::skip]
    let cases = [
        ("its own page",          &mine,      PLUGIN,                               true),
        ("no page",               &mine,      "",                                   false),
        ("another page",          &mine,      "https://evil.example",               false),
        ("another port",          &mine,      "https://field-service.example:444",  false),
        ("another scheme",        &mine,      "http://field-service.example",       false),
        ("a page below it",       &mine,      "https://x.field-service.example",    false),
        ("a longer name",         &mine,      "https://field-service.example.evil.example", false),
        ("a page without origin", &mine,      "null",                               false),
        ("another app's page",    &other,     PLUGIN,                               false),
        ("a sandboxed page",      &sandboxed, "null",                               true),
    ];
    let mut browser = Browser::new(&app);
    for (name, client, origin, want) in cases {
        let form = format!(
            "grant_type=refresh_token&refresh_token=x&client_id={}&client_secret={}",
            client.id,
            client.secret.as_deref().unwrap_or_default()
        );
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded;charset=UTF-8")];
        headers.extend((!origin.is_empty()).then_some(("origin", origin)));
        let page = browser.call_with("POST", "/oauth2/v1/token", &headers, &form).await;
        let allowed = page.header("access-control-allow-origin");
        assert_eq!(allowed, if want { origin } else { "" }, "{name}");
        assert_eq!(page.header("access-control-allow-credentials"), "", "{name}");
        assert_eq!(page.header("vary"), "origin", "{name}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_origins_of_apps_and_no_others() {
    let app = TestApp::new().await;
    let mine = AppSettings { cors_origins: vec![PLUGIN.to_owned()], ..settings() };
    let asking = |origin: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ]
    };
    let mut browser = Browser::new(&app);
    let early = browser.call("OPTIONS", "/oauth2/v1/token", &asking(PLUGIN)).await;
    assert_eq!((early.status, early.header("access-control-allow-origin")), (204, ""));
    client(&app, false, mine).await;
    let page = browser.call("OPTIONS", "/oauth2/v1/token", &asking(PLUGIN)).await;
    assert_eq!(
        (page.status, page.header("access-control-allow-origin")),
        (204, PLUGIN),
        "at once after the change"
    );
    assert_eq!(page.header("access-control-allow-methods"), "GET, POST, OPTIONS");
    assert_eq!(page.header("access-control-allow-headers"), "authorization, content-type");
    for foreign in ["https://evil.example", "null", "*"] {
        let page = browser.call("OPTIONS", "/oauth2/v1/token", &asking(foreign)).await;
        assert_eq!(
            (page.status, page.header("access-control-allow-origin")),
            (204, ""),
            "{foreign}"
        );
    }
    for public in [
        "/.well-known/openid-configuration",
        "/.well-known/idcs-configuration",
        "/admin/v1/SigningCert/jwk",
    ] {
        assert_eq!(
            browser.get(public).await.header("access-control-allow-origin"),
            "*",
            "{public}"
        );
    }
}
