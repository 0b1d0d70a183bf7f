//! The end of a session.

use crate::browser::{Browser, client, request, settings};
use dayend_testkit::app::TestApp;

#[tokio::test]
async fn without_an_id_token_the_user_is_asked() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let page = browser.get(&request(&client, &[])).await;
    browser.log_in(&app, &page).await;
    let stolen = browser.cookies.clone();
    let path = "/oauth2/v1/userlogout?post_logout_redirect_uri=https://app.example/bye&state=x&id_token_hint=a.b.c";
    let page = browser.get(path).await;
    assert_eq!((page.status, page.title().as_str()), (200, "Log out?"));
    let none = request(&client, &[("prompt", "none")]);
    assert!(browser.get(&none).await.parameter("code").is_some(), "nobody has said so yet");
    let done = browser.fill(&page, &[]).await;
    assert_eq!((done.status, done.title().as_str(), done.location()), (200, "Logged out", ""));
    assert!(!browser.cookies.contains_key("__Host-dayend-session"));
    let mut thief = Browser::new(&app);
    thief.cookies = stolen;
    let refused = thief.get(&none).await;
    assert_eq!(refused.parameter("error").as_deref(), Some("login_required"));
    let again = browser.get(path).await;
    assert_eq!(again.title(), "Logged out", "nobody is logged in, so there is nothing to ask");
}
