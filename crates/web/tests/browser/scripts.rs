//! Texts that would be scripts on a careless page.

use crate::desk::Desk;
use crate::house::House;
use dayend_testkit::app::USER;
use secrecy::ExposeSecret as _;

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
    let mut desk = Desk::new();
    for script in SCRIPTS {
        let client = house.client(script, false).await;
        let more = [("state", script), ("login_hint", script), ("prompt", "login consent")];
        desk.visit(&house.request(&client, &more));
        unharmed(&mut desk, script);
        desk.fill("#username", script);
        desk.fill("#password", "x");
        desk.follow("button");
        unharmed(&mut desk, script);
        desk.fill("#username", USER);
        desk.fill("#password", house.app.password.expose_secret());
        desk.follow("button");
        assert!(desk.text("h1").contains("window.owned"), "the name is shown as it is");
        unharmed(&mut desk, script);
        let encoded: String = form_urlencoded::byte_serialize(script.as_bytes()).collect();
        desk.visit(&format!(
            "{}/oauth2/v1/authorize?client_id={encoded}&redirect_uri={encoded}",
            house.server
        ));
        unharmed(&mut desk, script);
    }
}

fn unharmed(desk: &mut Desk, script: &str) {
    assert_eq!(desk.value("window.owned ?? 0"), 0, "{script}");
}
