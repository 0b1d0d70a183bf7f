//! The script of Oracle's Field Service guide, on a page of another origin.

use crate::chromium::Chromium;
use crate::house::{House, parameter};
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;
use serde_json::json;

/// As the guide has it, with the token handed out instead of logged.
const FETCH: &str = r#"
const [server, id, secret, refresh, header, done] = arguments;
const headers = { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' };
const fields = { grant_type: "refresh_token", refresh_token: refresh };
if (header) {
    headers.Authorization = 'Basic ' + btoa(id + ':' + secret);
} else {
    fields.client_secret = secret;
    fields.client_id = id;
}
fetch(server + "/oauth2/v1/token", { method: 'POST', headers, body: new URLSearchParams(fields) })
    .then(resp => resp.json())
    .then(json => done(json))
    .catch(error => done({ refused: error.name }));
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_fetch_works_from_the_apps_origin_and_from_no_other() {
    let house = House::build().await;
    let client = house.client("Plugin", false).await;
    let browser = Chromium::start(true).await;
    browser.open(&house.request(&client, &[])).await;
    browser.fill("#username", USER).await;
    browser.fill("#password", house.app.password.expose_secret()).await;
    browser.click("button").await;
    let code = parameter(&browser.url().await, "code").unwrap();
    let mut refresh =
        house.redeem(&client, &code).await["refresh_token"].as_str().unwrap().to_owned();
    for header in [false, true] {
        let arguments = json!([house.server, client.id, client.secret, refresh, header]);
        browser.open(&house.stranger).await;
        let stolen =
            browser.run(FETCH, json!([house.server, client.id, client.secret, "x", header])).await;
        assert_eq!(
            stolen,
            json!({ "refused": "TypeError" }),
            "a page that nobody knows reads nothing"
        );
        browser.open(&house.page).await;
        let answer = browser.run(FETCH, arguments).await;
        assert_eq!(answer["token_type"], "Bearer", "with a preflight: {header}, {answer}");
        answer["refresh_token"].as_str().unwrap().clone_into(&mut refresh);
    }
}
