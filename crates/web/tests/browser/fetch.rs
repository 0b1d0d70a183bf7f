//! The script of Oracle's Field Service guide, on a page of another origin.

use crate::desk::Desk;
use crate::house::{House, parameter};
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;
use serde_json::json;

/// As the guide has it, with the token handed out instead of logged.
const FETCH: &str = r#"
const [server, id, secret, refresh, header] = ARGUMENTS;
const headers = { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' };
const fields = { grant_type: "refresh_token", refresh_token: refresh };
if (header) {
    headers.Authorization = 'Basic ' + btoa(id + ':' + secret);
} else {
    fields.client_secret = secret;
    fields.client_id = id;
}
return fetch(server + "/oauth2/v1/token", { method: 'POST', headers, body: new URLSearchParams(fields) })
    .then(resp => resp.json())
    .catch(error => ({ refused: error.name }));
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_fetch_works_from_the_apps_origin_and_from_no_other() {
    let house = House::build().await;
    let client = house.client("Plugin", false).await;
    let mut desk = Desk::new();
    desk.visit(&house.request(&client, &[]));
    desk.fill("#username", USER);
    desk.fill("#password", house.app.password.expose_secret());
    desk.follow("button");
    let code = parameter(&desk.url(), "code").unwrap();
    let mut refresh =
        house.redeem(&client, &code).await["refresh_token"].as_str().unwrap().to_owned();
    for header in [false, true] {
        let script = |refresh: &str| {
            let arguments = json!([house.server, client.id, client.secret, refresh, header]);
            format!("(() => {{ const ARGUMENTS = {arguments}; {FETCH} }})()")
        };
        desk.visit(&house.stranger);
        let stolen = desk.value(&script("x"));
        let refused = json!({ "refused": "TypeError" });
        assert_eq!(stolen, refused, "a page that nobody knows reads nothing");
        desk.visit(&house.page);
        let answer = desk.value(&script(&refresh));
        assert_eq!(answer["token_type"], "Bearer", "with a preflight: {header}, {answer}");
        answer["refresh_token"].as_str().unwrap().clone_into(&mut refresh);
    }
}
