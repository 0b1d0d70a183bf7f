//! Users: made, changed, switched off, given passwords, deleted; and what they may do themselves.

use crate::client::{Client, PASSWORD, USER_SCHEMA, log_in, text, token};
use dayend_testkit::app::{TestApp, USER};
use dayend_web::ui::{Mail, Mailer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;

const OTHER_PASSWORD: &str = "another phrase that is long";

async fn log_in_status(app: &TestApp, name: &str, password: &str) -> u16 {
    let form = log_in(name, password, "openid");
    token(&app.router(), &app.client_id, app.client_secret.expose_secret(), &form).await.status
}

#[tokio::test]
async fn a_user_is_made_with_all_that_is_known_of_a_person_and_never_tells_the_password() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let body = json!({
        "schemas": [USER_SCHEMA], "userName": "maria", "password": PASSWORD, "externalId": "E-17", "title": "Night shift",
        "name": { "givenName": "Maria", "familyName": "Night" }, "locale": "fr-FR", "timezone": "Europe/Paris",
        "emails": [{ "value": "maria@bank.example", "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "+33 1", "type": "work" }], "preferredLanguage": "fr",
        "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User": { "isFederatedUser": false },
    });
    let reply = admin.post("/Users", &body).await;
    let made = reply.with(201);
    assert!(!reply.body.contains(PASSWORD) && made.get("password").is_none(), "{made}");
    assert_eq!(made["name"]["formatted"], "Maria Night");
    assert_eq!((&made["displayName"], &made["active"]), (&json!("Maria Night"), &json!(true)));
    let path = format!("/Users/{}", text(&made["id"]));
    assert_eq!(admin.get(&path).await.json(), made);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 200);

    let operations = json!([
        { "op": "replace", "path": "name.familyName", "value": "Day" },
        { "op": "add", "path": "emails", "value": [{ "value": "m@home.example", "type": "home" }] },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "day@bank.example" },
        { "op": "remove", "path": "title" },
        { "op": "replace", "path": "userName", "value": "maria.day" },
    ]);
    let patched = admin.patch(&path, operations).await.with(200);
    assert_eq!(patched["name"]["formatted"], "Maria Day");
    assert_eq!(patched["emails"][0]["value"], "day@bank.example");
    assert_eq!((patched["emails"].as_array().unwrap().len(), &patched["title"]), (2, &Value::Null));
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 400);
    assert_eq!(log_in_status(&app, "maria.day", PASSWORD).await, 200);

    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.error(), "404 none");
    assert_eq!(log_in_status(&app, "maria.day", PASSWORD).await, 400);
}

#[tokio::test]
async fn a_user_that_cannot_be_is_refused() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    admin.new_user("maria").await;
    #[rustfmt::skip]
    let cases = [
        ("taken",             json!({ "userName": "maria" }),                                                   "409 uniqueness"),
        ("no name",           json!({ "displayName": "x" }),                                                    "400 invalidValue"),
        ("a blank name",      json!({ "userName": " x" }),                                                      "400 invalidValue"),
        ("a short password",  json!({ "userName": "otto", "password": "kurz" }),                                "400 invalidValue"),
        ("no address",        json!({ "userName": "otto", "emails": [{ "value": "nowhere" }] }),                "400 invalidValue"),
        ("two primary ones",  json!({ "userName": "otto", "emails": [{ "value": "a@b", "primary": true }, { "value": "c@d", "primary": true }] }), "400 invalidValue"),
        ("two phones",        json!({ "userName": "otto", "phoneNumbers": [{ "value": "1" }, { "value": "2" }] }), "400 invalidValue"),
        ("misspelt",          json!({ "userName": "otto", "pasword": "x" }),                                    "400 invalidSyntax"),
        ("a huge text",       json!({ "userName": "otto", "title": "x".repeat(600) }),                          "400 invalidValue"),
        ("controls",          json!({ "userName": "otto", "title": "a\r\nb" }),                                 "400 invalidValue"),
    ];
    for (name, body, want) in cases {
        assert_eq!(admin.post("/Users", &body).await.error(), want, "{name}");
    }
    let weak = admin.post("/Users", &json!({ "userName": "otto", "password": "short" })).await;
    assert!(!weak.body.contains("short\""), "{}", weak.body);
    for (content_type, body, want) in [
        ("text/plain", "{}", "415 none"),
        ("application/json; charset=latin1", "{}", "415 none"),
        ("application/json", "{", "400 invalidSyntax"),
        ("application/json", "", "400 invalidSyntax"),
        ("application/json", r#"{"userName":"a","userName":"b"}"#, "400 invalidSyntax"),
        ("application/json", "[]", "400 invalidSyntax"),
    ] {
        let reply = admin.send("POST", "/Users", &[("content-type", content_type)], body).await;
        assert_eq!(reply.error(), want, "{content_type} {body}");
    }
    let large = format!(r#"{{"userName":"{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(admin.send("POST", "/Users", &[], &large).await.error(), "413 none");
    assert_eq!(admin.get("/Users?filter=userName+eq+%22otto%22").await.json()["totalResults"], 0);
}

#[tokio::test]
async fn a_user_who_is_switched_off_is_out_at_once() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let id = admin.new_user("maria").await;
    let maria = Client::user(&app, "maria").await;
    assert_eq!(maria.get("/Me").await.with(200)["id"], id.as_str());
    let off = json!({ "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"], "active": false });
    let path = format!("/UserStatusChanger/{id}");
    assert_eq!(admin.put(&path, &off).await.with(200)["active"], false);
    assert_eq!(maria.get("/Me").await.status, 401);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 400);
    assert_eq!(admin.put(&path, &json!({})).await.error(), "400 invalidValue");
    admin.put(&path, &json!({ "active": true })).await.with(200);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 200);
    assert_eq!(admin.put("/UserStatusChanger/nobody", &off).await.error(), "404 none");
}

#[tokio::test]
async fn an_administrator_gives_a_user_another_password() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let id = admin.new_user("maria").await;
    let changed = json!({ "password": OTHER_PASSWORD });
    let reply = admin.put(&format!("/UserPasswordChanger/{id}"), &changed).await;
    assert!(!reply.body.contains(OTHER_PASSWORD), "{}", reply.body);
    reply.with(200);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 400);
    assert_eq!(log_in_status(&app, "maria", OTHER_PASSWORD).await, 200);
    let weak = admin.put(&format!("/UserPasswordChanger/{id}"), &json!({ "password": "x" })).await;
    assert_eq!(weak.error(), "400 invalidValue");
    let reset = json!({ "bypassNotification": true });
    let reset = admin.put(&format!("/UserPasswordResetter/{id}"), &reset).await.with(200);
    assert_eq!(log_in_status(&app, "maria", &text(&reset["oneTimePassword"])).await, 200);
    let patched = json!([{ "op": "replace", "path": "password", "value": PASSWORD }]);
    admin.patch(&format!("/Users/{id}"), patched).await.with(200);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 200);
}

/// Keeps letters, or refuses them.
struct Letters(Option<mpsc::UnboundedSender<Mail>>);

impl Mailer for Letters {
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async move {
            let letters = self.0.as_ref().ok_or("the mail server is away")?;
            letters.send(mail).map_err(|error| error.to_string())
        })
    }
}

#[tokio::test]
async fn a_reset_password_is_followed_by_a_mailed_link_and_told_only_if_no_mail_goes_out() {
    let mut app = TestApp::new().await;
    let (sender, mut letters) = mpsc::unbounded_channel();
    let without = app.app.clone();
    app.app = without.clone().with_mailer(Arc::new(Letters(Some(sender))));
    let admin = Client::administrator(&app).await;
    let id = admin.new_user("maria").await;
    let path = format!("/UserPasswordResetter/{id}");
    let nowhere = admin.put(&path, &json!({})).await.with(200);
    assert!(nowhere["oneTimePassword"].is_string(), "maria has no address: {nowhere}");

    let emails = json!([{ "op": "add", "path": "emails", "value": [{ "value": "maria@bank.example", "type": "work", "primary": true }] }]);
    admin.patch(&format!("/Users/{id}"), emails).await.with(200);
    let old = text(&nowhere["oneTimePassword"]);
    let reset = admin.put(&path, &json!({})).await.with(200);
    assert_eq!(reset.get("oneTimePassword"), None, "{reset}");
    assert_eq!(log_in_status(&app, "maria", &old).await, 400, "the password has ended");
    let letter = letters.recv().await.unwrap();
    assert_eq!(letter.to, "maria@bank.example");
    assert!(letter.text.contains("an administrator has ended the password"), "{}", letter.text);
    let link = letter.text.lines().find_map(|line| line.split_once("/ui/v1/reset/")).unwrap().1;
    let (identity, now) = (app.service.identity(), app.service.now());
    identity.finish_reset(link, OTHER_PASSWORD.into(), now).await.unwrap();
    assert_eq!(log_in_status(&app, "maria", OTHER_PASSWORD).await, 200);

    let told = admin.put(&path, &json!({ "bypassNotification": true })).await.with(200);
    assert!(told["oneTimePassword"].is_string() && letters.try_recv().is_err(), "{told}");
    app.app = without.with_mailer(Arc::new(Letters(None)));
    let admin = Client::administrator(&app).await;
    let told = admin.put(&path, &json!({})).await.with(200);
    let password = text(&told["oneTimePassword"]);
    assert_eq!(log_in_status(&app, "maria", &password).await, 200, "no mail server: it is told");
}

#[tokio::test]
async fn people_change_of_themselves_what_gives_them_nothing() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    admin.new_user("maria").await;
    let maria = Client::user(&app, "maria").await;
    let reply = maria.get("/Me").await;
    let me = reply.with(200);
    assert_eq!(me["meta"]["location"], "https://127.0.0.1:8443/admin/v1/Me");
    let operations = json!([
        { "op": "replace", "path": "displayName", "value": "Maria" },
        { "op": "add", "path": "name", "value": { "givenName": "Maria" } },
    ]);
    let changed = maria.patch("/Me", operations).await.with(200);
    assert_eq!(
        (&changed["displayName"], &changed["name"]["givenName"]),
        (&json!("Maria"), &json!("Maria"))
    );
    for (path, value) in [
        ("userName", json!("operator2")),
        ("active", json!(false)),
        ("emails", json!([{ "value": "evil@example.com" }])),
        ("password", json!(OTHER_PASSWORD)),
    ] {
        let operations = json!([{ "op": "replace", "path": path, "value": value }]);
        assert_eq!(maria.patch("/Me", operations).await.error(), "403 none", "{path}");
    }
    let wrong = json!({ "oldPassword": "not the password", "password": OTHER_PASSWORD });
    assert_eq!(maria.put("/MePasswordChanger", &wrong).await.error(), "403 none");
    let weak = json!({ "oldPassword": PASSWORD, "password": "short" });
    assert_eq!(maria.put("/MePasswordChanger", &weak).await.error(), "400 invalidValue");
    let right = json!({ "oldPassword": PASSWORD, "password": OTHER_PASSWORD });
    maria.put("/MePasswordChanger", &right).await.with(200);
    assert_eq!(log_in_status(&app, "maria", OTHER_PASSWORD).await, 200);
    assert_eq!(log_in_status(&app, "maria", PASSWORD).await, 400);
}

#[tokio::test]
async fn every_change_is_in_the_history_with_what_changed_and_without_secrets() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let id = admin.new_user("maria").await;
    let operations = json!([
        { "op": "replace", "path": "title", "value": "Night shift" },
        { "op": "replace", "path": "password", "value": OTHER_PASSWORD },
    ]);
    admin.patch(&format!("/Users/{id}"), operations).await.with(200);
    let [app_id, name, secret] = admin.new_app("Ledger").await;
    let again =
        admin.post("/AppClientSecretRegenerator", &json!({ "appId": app_id })).await.with(201);
    admin.grant("User", &id, "BATCH_VIEW").await;
    let history = app.history().await;
    let all: Vec<String> = history.iter().map(|record| record.join(" ")).collect();
    let all = all.join("\n");
    for secret in [PASSWORD, OTHER_PASSWORD, &secret, &text(&again["clientSecret"])] {
        assert!(!all.contains(secret), "a secret is in the history: {all}");
    }
    let change = history.iter().find(|[.., detail]| detail.contains("\"change\"")).unwrap();
    let detail: Value = serde_json::from_str(&change[2]).unwrap();
    assert_eq!(detail["changed"], json!({ "title": { "from": "", "to": "Night shift" } }));
    assert_eq!(detail["password_changed"], true);
    assert!(change[0].starts_with(USER), "{change:?}");
    for action in ["create", "reset-secret", "grant"] {
        assert!(all.contains(&format!("\"action\":\"{action}\"")), "{action}: {all}");
    }
    assert!(all.contains(&name), "{all}");
}
