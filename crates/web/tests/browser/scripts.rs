//! Texts that would be scripts on a careless page.

use crate::chromium::Chromium;
use crate::house::House;
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;
use serde_json::json;

const SCRIPTS: [&str; 5] = [
    "\"><script>window.owned=1</script>",
    "'><img src=x onerror=window.owned=1>",
    "</title><svg/onload=window.owned=1>",
    "\" autofocus onfocus=window.owned=1 x=\"",
    "</script><script>window.owned=1</script>",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_from_outside_runs_on_a_page() {
    let house = House::build().await;
    let browser = Chromium::start(true).await;
    for script in SCRIPTS {
        let client = house.client(script, false).await;
        let more = [("state", script), ("login_hint", script), ("prompt", "login consent")];
        browser.open(&house.request(&client, &more)).await;
        unharmed(&browser, script).await;
        browser.fill("#username", script).await;
        browser.fill("#password", "x").await;
        browser.click("button").await;
        unharmed(&browser, script).await;
        browser.fill("#username", USER).await;
        browser.fill("#password", house.app.password.expose_secret()).await;
        browser.click("button").await;
        assert!(browser.text("h1").await.contains("window.owned"), "the name is shown as it is");
        unharmed(&browser, script).await;
        let encoded: String = form_urlencoded::byte_serialize(script.as_bytes()).collect();
        browser
            .open(&format!(
                "{}/oauth2/v1/authorize?client_id={encoded}&redirect_uri={encoded}",
                house.server
            ))
            .await;
        unharmed(&browser, script).await;
    }
}

async fn unharmed(browser: &Chromium, script: &str) {
    let owned = browser.run("arguments[0](window.owned || 0)", json!([])).await;
    assert_eq!(owned, json!(0), "{script}");
}
