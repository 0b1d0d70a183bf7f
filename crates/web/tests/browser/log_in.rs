//! Log-in and consent in a browser that runs no scripts.

use crate::chromium::Chromium;
use crate::house::{House, parameter};
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_logs_in_and_consents_without_javascript_and_the_app_gets_its_token() {
    let house = House::build().await;
    let client = house.client("Field Service plugin", true).await;
    let browser = Chromium::start(false).await;
    let state = "a state & more = ä/ü?";
    browser.open(&house.request(&client, &[("state", state), ("prompt", "consent")])).await;
    assert_eq!(browser.text("h1").await, "Log in");
    browser.picture("log-in").await;
    browser.fill("#username", USER).await;
    browser.fill("#password", "wrong wrong wrong").await;
    browser.click("button").await;
    assert_eq!(browser.text("[role=alert]").await, "The user name or the password is wrong.");
    browser.picture("log-in-refused").await;
    browser.fill("#password", house.app.password.expose_secret()).await;
    browser.click("button").await;
    assert_eq!(browser.text("h1").await, "Allow Field Service plugin?");
    browser.picture("consent").await;
    browser.click("button[value=allow]").await;
    let back = browser.url().await;
    assert!(back.starts_with(&house.callback()), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some(state));
    let token = house.redeem(&client, &parameter(&back, "code").unwrap()).await;
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(house.app.service.authenticate(access).await.unwrap().user.unwrap().name, USER);
    browser.open(&house.request(&client, &[("state", "2")])).await;
    assert!(parameter(&browser.url().await, "code").is_some(), "the session lets the user through");

    for (path, name) in [
        ("/ui/v1/", "home"),
        ("/ui/v1/tokens", "tokens"),
        ("/ui/v1/password", "password"),
        ("/ui/v1/apps", "apps"),
    ] {
        browser.open(&format!("{}{path}", house.server)).await;
        browser.picture(name).await;
    }
    browser.open(&format!("{}/ui/v1/apps/{}", house.server, house.app.client_id)).await;
    browser.picture("app").await;
    browser.open(&format!("{}/oauth2/v1/userlogout", house.server)).await;
    browser.picture("log-out").await;
    browser.click("button").await;
    assert_eq!(browser.text("h1").await, "Logged out");
    browser.open(&house.request(&client, &[("prompt", "none")])).await;
    assert_eq!(parameter(&browser.url().await, "error").as_deref(), Some("login_required"));
}
