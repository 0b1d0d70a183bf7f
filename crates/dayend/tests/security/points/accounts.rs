//! People's accounts.

use crate::browser::Browser;
use crate::house::{ANNA, House, PASSWORD, authorize};
use crate::server_support::{Home, run_with_input};
use crate::wire::Reply;
use std::process::Command;
use std::time::Instant;
use tokio::task::JoinSet;

const SCOPE: &str = "urn:opc:idm:__myscopes__";
const WRONG: &str = "the night is 9 hours long";

pub(crate) async fn guesses(house: &House) {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..200 {
        let fields = [("grant_type", "password"), ("username", "berta"), ("password", WRONG)];
        let request = house.client.post(house.url("/oauth2/v1/token")).form(&fields);
        running.spawn(Reply::to(request.basic_auth("web", Some(house.web().secret))));
    }
    let replies = running.join_all().await;
    let looked_at = replies.iter().filter(|reply| reply.status == 400).count();
    // Five are free; then each one waits twice as long as the one before.
    let waited_for = (began.elapsed().as_secs() + 1).ilog2() as usize + 1;
    assert!(looked_at <= 5 + waited_for, "{looked_at} of 200 guesses at once were looked at");
    let put_off = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!(looked_at + put_off, 200, "each guess is answered");
    assert!(put_off_everywhere(house).await, "a way to log in counts for itself");
    assert_eq!(house.log_in(ANNA, PASSWORD, SCOPE).await.status, 200, "nobody else waits");
}

/// True if guesses at the token endpoint make those on the page and in a call with name and password wait. On a slow machine the first delays may be over before.
async fn put_off_everywhere(house: &House) -> bool {
    const DELAYS_AT_MOST: usize = 10;
    let mut browser = Browser::new(house);
    let page = browser.get(&authorize("web", &[])).await;
    for _ in 0..DELAYS_AT_MOST {
        let slowed = house.log_in("berta", WRONG, SCOPE).await;
        if slowed.status == 429 {
            assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
            let fields = [("username", "berta"), ("password", WRONG)];
            let on_page = browser.fill(&page, &fields).await.status;
            let call = house.client.get(house.url("/ws/rest/service/v1/oauth/token"));
            let called = Reply::to(call.basic_auth("berta", Some(WRONG))).await.status;
            if (on_page, called) == (429, 429) {
                return true;
            }
        }
    }
    false
}

pub(crate) async fn enumeration(house: &House) {
    let answer = async |user: &str| {
        let began = Instant::now();
        let reply = house.log_in(user, WRONG, SCOPE).await;
        (began.elapsed(), (reply.status, reply.without_id()))
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let (time, wrong) = answer(ANNA).await;
        known.push(time);
        let (time, nobody) = answer(&format!("nobody{round}")).await;
        unknown.push(time);
        assert_eq!(wrong, nobody);
        assert_eq!(answer("off").await.1, wrong);
    }
    let right = house.log_in("off", PASSWORD, SCOPE).await;
    assert_eq!((right.status, right.text("error")), (400, "invalid_grant".to_owned()));
    let (known, unknown) = (known.iter().min().unwrap(), unknown.iter().min().unwrap());
    assert!(*known < *unknown * 4 && *unknown < *known * 4, "{known:?} and {unknown:?}");
    assert_eq!(house.log_in(ANNA, PASSWORD, SCOPE).await.status, 200);
}

pub(crate) async fn passwords(house: &House) {
    let home = Home::initialised();
    let add = |name: &str, password: &str| {
        let arguments = ["admin", "user", "add", name, "--password-stdin", "--data", home.text()];
        run_with_input(&arguments, &format!("{password}\n")).code
    };
    for weak in ["short", "password1234", "12characters".get(..11).unwrap()] {
        assert_eq!(add("weak", weak), 2, "{weak}");
    }
    assert_eq!(add("wordy", &"a long passphrase ".repeat(7)), 0);
    let query = "select password from users where name = 'wordy'";
    let said =
        Command::new("sqlite3").arg(home.data().join("dayend.db")).arg(query).output().unwrap();
    let hash = String::from_utf8(said.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    // The last character counts, too.
    let almost = format!("{}x", &PASSWORD[..PASSWORD.len() - 1]);
    assert_eq!(house.log_in(ANNA, &almost, SCOPE).await.status, 400);
    assert_eq!(house.log_in(ANNA, PASSWORD, SCOPE).await.status, 200);
}

pub(crate) async fn first_administrator(house: &House) {
    let other = Home::initialised();
    let generated = [house.home.get("password"), other.get("password")];
    assert_ne!(generated[0], generated[1]);
    assert!(generated.iter().all(|password| password.len() >= 20));
    for guess in ["admin", "password", "changeit", ""] {
        let refused = house.log_in("admin", guess, SCOPE).await;
        assert_ne!(refused.status, 200, "{guess}");
    }
}

pub(crate) async fn taken_away(house: &House) {
    let token = house.log_in(ANNA, PASSWORD, SCOPE).await.text("access_token");
    assert_eq!(house.asks(&token).await, 200);
    let mut browser = Browser::new(house);
    browser.log_in_at(&authorize("web", &[])).await;
    let silent = authorize("web", &[("prompt", "none")]);
    assert!(browser.get(&silent).await.parameter("code").is_some());
    let app = (house.home.get("client_id"), house.home.get("client_secret"));
    let password = house.home.get("password");
    let fields = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", password.as_str()),
        ("scope", SCOPE),
    ];
    let request = house.client.post(house.url("/oauth2/v1/token")).form(&fields);
    let admin = Reply::to(request.basic_auth(app.0, Some(app.1))).await.text("access_token");
    let users = house.client.get(house.url("/admin/v1/Users?filter=userName+eq+%22anna%22"));
    let found = Reply::to(users.bearer_auth(&admin)).await.json();
    let id = found["Resources"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
    let switch = async |active: bool| {
        let body = serde_json::json!({ "active": active, "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"] });
        let url = house.url(&format!("/admin/v1/UserStatusChanger/{id}"));
        let reply = Reply::to(house.client.put(url).bearer_auth(&admin).json(&body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    switch(false).await;
    assert_eq!(house.asks(&token).await, 401, "the live token ended with the user");
    assert_eq!(house.log_in(ANNA, PASSWORD, SCOPE).await.status, 400);
    let ended = browser.get(&silent).await;
    assert_eq!(ended.parameter("error").as_deref(), Some("login_required"), "{ended:?}");
    switch(true).await;
    let ended = browser.get(&silent).await;
    assert_eq!(ended.parameter("error").as_deref(), Some("login_required"), "{ended:?}");
    let token = house.log_in(ANNA, PASSWORD, SCOPE).await.text("access_token");
    assert_eq!(house.asks(&token).await, 200);
    take_grants(house, &admin, &id).await;
    assert_eq!(house.asks(&token).await, 403, "the right ended with the grant");
}

/// Deletes all grants of a user.
async fn take_grants(house: &House, admin: &str, user: &str) {
    let path = format!("/admin/v1/Grants?filter=grantee.value+eq+%22{user}%22");
    let found = Reply::to(house.client.get(house.url(&path)).bearer_auth(admin)).await.json();
    let grants = found["Resources"].as_array().unwrap_or_else(|| panic!("{found}"));
    assert!(!grants.is_empty(), "{found}");
    for grant in grants {
        let url = house.url(&format!("/admin/v1/Grants/{}", grant["id"].as_str().unwrap()));
        let gone = Reply::to(house.client.delete(url).bearer_auth(admin)).await;
        assert_eq!(gone.status, 204, "{gone:?}");
    }
}

pub(crate) async fn no_custom_claims(house: &House) {
    let own = house.token(house.web(), &[("grant_type", "client_credentials")]).await;
    let request = house.client.post(house.url("/admin/v1/CustomClaims"));
    let claim = serde_json::json!({ "name": "iss", "value": "https://evil.example" });
    let refused = Reply::to(request.bearer_auth(own.text("access_token")).json(&claim)).await;
    assert_eq!(refused.status, 404, "{refused:?}");
}
