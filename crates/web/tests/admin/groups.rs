//! Groups: what is granted to one counts for its members, at once, and ends when they leave.

use crate::client::{Client, GROUP_SCHEMA, text};
use dayend_identity::caller::{Caller, CallerUser, Function};
use dayend_testkit::app::TestApp;
use serde_json::{Value, json};

/// Whether the user holds the function in the workspace of all tests.
async fn holds(app: &TestApp, user: &str, function: Function) -> bool {
    let user = Some(CallerUser { id: user.to_owned(), name: "whoever".to_owned() });
    let caller = Caller { user, ..app.caller.clone() };
    app.service.identity().holds(&caller, &app.scope, function).await.unwrap()
}

#[tokio::test]
async fn what_a_group_is_granted_its_members_hold_as_long_as_both_last() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let (maria, otto) = (admin.new_user("maria").await, admin.new_user("otto").await);
    let group = admin.new_group("Night shift", &[&maria]).await;
    let path = format!("/Groups/{group}");
    let grant = admin.grant("Group", &group, "BATCH_EXEC").await;
    assert!(holds(&app, &maria, Function::Exec).await && !holds(&app, &otto, Function::Exec).await);
    let join =
        json!([{ "op": "add", "path": "members", "value": [{ "value": otto, "type": "User" }] }]);
    let joined = admin.patch(&path, join).await.with(200);
    assert_eq!(joined["members"].as_array().unwrap().len(), 2);
    assert!(holds(&app, &otto, Function::Exec).await);
    let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{maria}\"]") }]);
    let left = admin.patch(&path, leave).await.with(200);
    assert_eq!(left["members"][0]["value"], otto.as_str());
    assert_eq!(left["members"][0]["name"], "otto");
    assert!(!holds(&app, &maria, Function::Exec).await);
    assert_eq!(admin.delete(&format!("/Grants/{grant}")).await.status, 204);
    assert!(!holds(&app, &otto, Function::Exec).await);

    admin.grant("Group", &group, "BATCH_VIEW").await;
    assert!(holds(&app, &otto, Function::View).await);
    let listed = admin.get(&format!("/Users/{otto}?attributes=groups")).await.json();
    assert_eq!(listed["groups"][0]["display"], "Night shift");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert!(!holds(&app, &otto, Function::View).await);
    let named = admin.new_group("Night shift", &[&otto]).await;
    assert!(!holds(&app, &otto, Function::View).await, "the name is free, the grants are gone");
    assert_ne!(named, group);
    assert_eq!(admin.delete(&format!("/Users/{otto}")).await.status, 204);
    assert_eq!(admin.get(&format!("/Groups/{named}")).await.json()["members"], Value::Null);
}

#[tokio::test]
async fn a_group_that_cannot_be_is_refused() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let maria = admin.new_user("maria").await;
    let group = admin.new_group("Night shift", &[]).await;
    #[rustfmt::skip]
    let cases = [
        ("taken",           json!({ "displayName": "night SHIFT" }),                                              "409 uniqueness"),
        ("no name",         json!({}),                                                                            "400 invalidValue"),
        ("nobody",          json!({ "displayName": "x", "members": [{ "value": "nobody" }] }),                    "400 invalidValue"),
        ("a group in it",   json!({ "displayName": "x", "members": [{ "value": group, "type": "Group" }] }),      "400 invalidValue"),
        ("no app",          json!({ "displayName": "x", "members": [{ "value": "nothing", "type": "App" }] }),    "400 invalidValue"),
        ("no value",        json!({ "displayName": "x", "members": [{ "type": "User" }] }),                       "400 invalidValue"),
        ("another schema",  json!({ "displayName": "x", "schemas": ["urn:x"] }),                                  "400 invalidSyntax"),
    ];
    for (name, body, want) in cases {
        assert_eq!(admin.post("/Groups", &body).await.error(), want, "{name}");
    }
    let twice =
        json!({ "displayName": "Twice", "members": [{ "value": maria }, { "value": maria }] });
    let twice = admin.post("/Groups", &twice).await.with(201);
    assert_eq!(twice["members"].as_array().unwrap().len(), 1, "who is there twice is there once");
    let renamed = json!({ "schemas": [GROUP_SCHEMA], "displayName": "night shift" });
    let path = format!("/Groups/{}", text(&twice["id"]));
    assert_eq!(admin.put(&path, &renamed).await.error(), "409 uniqueness");
    let own = json!({ "schemas": [GROUP_SCHEMA], "displayName": "TWICE" });
    let own = admin.put(&path, &own).await.with(200);
    assert_eq!((&own["displayName"], &own["members"]), (&json!("TWICE"), &Value::Null));
}
