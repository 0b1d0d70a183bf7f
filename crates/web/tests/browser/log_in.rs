//! Log-in and consent in a browser that runs no scripts.

use crate::desk::Desk;
use crate::house::{House, parameter};
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_logs_in_and_consents_without_javascript_and_the_app_gets_its_token() {
    let house = House::build().await;
    let client = house.client("Field Service plugin", true).await;
    let mut desk = Desk::without_scripts();
    let state = "a state & more = ä/ü?";
    desk.visit(&house.request(&client, &[("state", state), ("prompt", "consent")]));
    assert_eq!(desk.text("h1"), "Log in");
    desk.picture("log-in");
    desk.fill("#username", USER);
    desk.fill("#password", "wrong wrong wrong");
    desk.follow("button");
    assert_eq!(desk.text("[role=alert]"), "The user name or the password is wrong.");
    desk.picture("log-in-refused");
    desk.fill("#password", house.app.password.expose_secret());
    desk.follow("button");
    assert_eq!(desk.text("h1"), "Allow Field Service plugin?");
    desk.picture("consent");
    desk.follow("button[value=allow]");
    let back = desk.url();
    assert!(back.starts_with(&house.callback()), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some(state));
    let token = house.redeem(&client, &parameter(&back, "code").unwrap()).await;
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(house.app.service.authenticate(access).await.unwrap().user.unwrap().name, USER);
    desk.visit(&house.request(&client, &[("state", "2")]));
    assert!(parameter(&desk.url(), "code").is_some(), "the session lets the user through");

    for (path, name) in [
        ("/ui/v1/", "home"),
        ("/ui/v1/tokens", "tokens"),
        ("/ui/v1/password", "password"),
        ("/ui/v1/apps", "apps"),
    ] {
        desk.visit(&format!("{}{path}", house.server));
        desk.picture(name);
    }
    desk.visit(&format!("{}/ui/v1/apps/{}", house.server, house.app.client_id));
    desk.picture("app");
    desk.visit(&format!("{}/oauth2/v1/userlogout", house.server));
    desk.picture("log-out");
    desk.follow("button");
    assert_eq!(desk.text("h1"), "Logged out");
    desk.visit(&house.request(&client, &[("prompt", "none")]));
    assert_eq!(parameter(&desk.url(), "error").as_deref(), Some("login_required"));
}
