//! The token call of Primavera Unifier against a real server.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

mod server_support;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use server_support::{Home, Server, run, run_with_input};
use std::fs;

const V1: &str = "/ws/rest/service/v1/oauth/token";
const V2: &str = "/ws/rest/service/v2/auth/token";
const PASSWORD: &str = "50% of the night + 1:00 ü";

#[tokio::test]
async fn the_call_is_not_there_unless_it_is_switched_on() {
    let home = Home::initialised();
    let house = House::of(&home);
    for path in [V1, V2] {
        assert_eq!(house.ask(path, "admin", &home.get("password")).await.status(), 404);
    }
}

#[tokio::test]
async fn a_person_gets_a_token_whatever_way_the_password_is_written() {
    let home = switched_on();
    let house = House::of(&home);
    let encoded = "50%25%20of%20the%20night%20%2B%201%3A00%20%C3%BC";
    let plus = "50%25+of+the+night+%2B+1%3A00+%C3%BC";
    for (user, password) in [
        ("anna@bank.example", PASSWORD),
        ("anna%40bank.example", encoded),
        ("anna%40bank.example", plus),
        ("anna@bank.example", encoded),
    ] {
        let answer = house.ask(V1, user, password).await;
        assert_eq!(answer.status(), 200, "{user} {password}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let body: Value = answer.json().await.unwrap();
        let keys: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["access_token", "token_type", "expires_in", "status"]);
        let rest = (&body["token_type"], &body["expires_in"], &body["status"]);
        assert_eq!(rest, (&json!("Bearer"), &json!(3000), &json!(200)));
        let token = body["access_token"].as_str().unwrap();
        let claims = claims(token);
        let subject = (&claims["sub"], &claims["client_id"], &claims["gtp"]);
        let client = json!(home.get("client_id"));
        assert_eq!(subject, (&json!("anna@bank.example"), &client, &json!("ro")));
        let url = format!("{}/api/v1/runs", house.server.base_url);
        let used = house.client.get(url).bearer_auth(token).send().await.unwrap().status();
        assert!(used == 200 || used == 403, "the token is good: {used}");
    }
    let asked = house.ask(&format!("{V1}?expiry=300"), "anna@bank.example", PASSWORD).await;
    assert_eq!(asked.json::<Value>().await.unwrap()["expires_in"], 300);
    let second = house.ask(V2, "anna@bank.example", PASSWORD).await;
    let second: Value = second.json().await.unwrap();
    assert_eq!((&second["status"], &second["message"]), (&json!(200), &json!(["success"])));
    assert_eq!(second["data"]["expires_in"], 3000);
    assert!(second["data"]["access_token"].as_str().unwrap().starts_with("eyJ"));
}

#[tokio::test]
async fn errors_have_their_status_in_the_body_and_guesses_are_slowed_down_over_all_ways() {
    let home = switched_on();
    let house = House::of(&home);
    let none = house.client.get(format!("{}{V1}", house.server.base_url)).send().await.unwrap();
    assert!(none.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "));
    assert_eq!(
        body(none).await,
        json!({ "data": [], "message": ["the user name or the password is wrong"], "status": 401 })
    );
    let wrong = house.ask(V1, "admin", "wrong").await;
    assert_eq!(wrong.status(), 401);
    let wrong = body(wrong).await;
    assert_eq!(body(house.ask(V1, "nobody", "wrong").await).await, wrong, "as for an unknown user");
    for query in ["expiry=soon", "expiry=1&expiry=2", "password=x", "username=x"] {
        let refused = house.ask(&format!("{V1}?{query}"), "admin", "x").await;
        assert_eq!(refused.status(), 400, "{query}");
    }
    for method in [Method::HEAD, Method::POST] {
        let url = format!("{}{V1}", house.server.base_url);
        let answer = house.client.request(method.clone(), url).basic_auth("admin", Some("x"));
        assert_eq!(answer.send().await.unwrap().status(), 405, "{method}");
    }
    // One wrong guess was made above; the others come over both ways.
    for guess in 0..4 {
        let status = if guess % 2 == 0 {
            house.ask(V2, "admin", "wrong").await.status()
        } else {
            house.by_grant("admin", "wrong").await
        };
        assert!([StatusCode::UNAUTHORIZED, StatusCode::BAD_REQUEST].contains(&status), "{status}");
    }
    let password = home.get("password");
    let slowed = house.ask(V1, "admin", &password).await;
    assert_eq!(slowed.status(), 429);
    assert!(slowed.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(body(slowed).await["status"], 429);
    assert_eq!(house.by_grant("admin", &password).await, 429);
    assert_eq!(house.ask(V1, "anna@bank.example", PASSWORD).await.status(), 200);
}

/// A home whose settings name the app, with a user whose password needs encoding.
fn switched_on() -> Home {
    let home = Home::initialised();
    let add =
        ["admin", "user", "add", "anna@bank.example", "--password-stdin", "--data", home.text()];
    run_with_input(&add, &format!("{PASSWORD}\n")).ok();
    let settings = home.data().join("dayend.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let client = format!("[identity]\nunifier_client = \"{}\"\n", home.get("client_id"));
    fs::write(&settings, text.replace("[identity]\n", &client)).unwrap();
    run(&["config", "check", "--data", home.text()]).ok();
    home
}

struct House {
    server: Server,
    client: reqwest::Client,
    app: (String, String),
}

impl House {
    fn of(home: &Home) -> Self {
        let app = (home.get("client_id"), home.get("client_secret"));
        Self { server: home.serve(&[]), client: home.client(), app }
    }

    async fn ask(&self, path: &str, user: &str, password: &str) -> Response {
        let basic = STANDARD.encode(format!("{user}:{password}"));
        let request = self.client.get(format!("{}{path}", self.server.base_url));
        request.header(header::AUTHORIZATION, format!("Basic {basic}")).send().await.unwrap()
    }

    async fn by_grant(&self, user: &str, password: &str) -> StatusCode {
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let request = self.client.post(format!("{}/oauth2/v1/token", self.server.base_url));
        let request = request.basic_auth(&self.app.0, Some(&self.app.1)).form(&form);
        request.send().await.unwrap().status()
    }
}

async fn body(response: Response) -> Value {
    response.json().await.unwrap()
}

fn claims(token: &str) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}
