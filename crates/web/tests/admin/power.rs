//! Nobody gets more than they have, and somebody is always left who can give.

use crate::client::{Client, form, text};
use dayend_testkit::app::{TestApp, USER};
use serde_json::json;

/// A new user with a role, logged in with the app that may do everything.
async fn with_role(app: &TestApp, admin: &Client, name: &str, role: &str) -> (String, Client) {
    let id = admin.new_user(name).await;
    admin.grant("User", &id, role).await;
    (id, Client::user(app, name).await)
}

async fn id_of(admin: &Client, name: &str) -> String {
    let query = form(&[("filter", &format!("userName eq \"{name}\""))]);
    let found = admin.get(&format!("/Users?{query}")).await.with(200);
    text(&found["Resources"][0]["id"])
}

#[tokio::test]
async fn a_user_administrator_can_neither_grant_nor_become_more() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let (own, ua) = with_role(&app, &admin, "ulla", "User Administrator").await;
    let boss = id_of(&admin, USER).await;
    let bosses = admin.new_group("Bosses", &[]).await;
    admin.grant("Group", &bosses, "Identity Domain Administrator").await;
    let operators = admin.new_group("Operators", &[]).await;
    admin.grant("Group", &operators, "BATCH_EXEC").await;
    let operator = admin.new_user("otto").await;
    admin.grant("User", &operator, "BATCH_EXEC").await;

    for (kind, id, role) in [
        ("User", &own, "Identity Domain Administrator"),
        ("User", &own, "ADMIN"),
        ("User", &own, "BATCH_EXEC"),
        ("User", &own, "Application Administrator"),
        ("Group", &operators, "BATCH_CMD"),
    ] {
        let body = ua.grant_body(kind, id, role).await;
        assert_eq!(ua.post("/Grants", &body).await.error(), "403 none", "{role}");
    }
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": own }] }]);
    for group in [&bosses, &operators] {
        assert_eq!(ua.patch(&format!("/Groups/{group}"), join.clone()).await.error(), "403 none");
    }
    assert_eq!(ua.delete(&format!("/Groups/{bosses}")).await.error(), "403 none");
    let password = json!({ "password": "a password of the intruder" });
    let mail =
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "evil@example.com" }] }]);
    for victim in [&boss, &operator] {
        let changed = ua.put(&format!("/UserPasswordChanger/{victim}"), &password).await;
        assert_eq!(changed.error(), "403 none");
        let reset = ua.put(&format!("/UserPasswordResetter/{victim}"), &json!({})).await;
        assert_eq!(reset.error(), "403 none");
        assert_eq!(ua.patch(&format!("/Users/{victim}"), mail.clone()).await.error(), "403 none");
    }
    assert_eq!(ua.delete(&format!("/Users/{boss}")).await.error(), "403 none");
    assert_eq!(ua.get("/Apps").await.error(), "403 none");

    let newcomer = ua.new_user("nina").await;
    let plain = ua.new_group("Readers", &[&newcomer]).await;
    ua.grant("User", &newcomer, "User Administrator").await;
    ua.put(&format!("/UserPasswordChanger/{newcomer}"), &password).await.with(200);
    assert_eq!(ua.delete(&format!("/Groups/{plain}")).await.status, 204);
    let off = ua.put(&format!("/UserStatusChanger/{operator}"), &json!({ "active": false })).await;
    off.with(200);
}

#[tokio::test]
async fn an_application_administrator_cannot_take_over_a_mightier_app() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let (_, aa) = with_role(&app, &admin, "aldo", "Application Administrator").await;
    let query = form(&[("filter", &format!("name eq \"{}\"", app.client_id))]);
    let mighty = text(&aa.get(&format!("/Apps?{query}")).await.with(200)["Resources"][0]["id"]);
    let regenerated = aa.post("/AppClientSecretRegenerator", &json!({ "appId": mighty })).await;
    assert_eq!(regenerated.error(), "403 none");
    let redirect =
        json!([{ "op": "add", "path": "redirectUris", "value": ["https://evil.example/"] }]);
    assert_eq!(aa.patch(&format!("/Apps/{mighty}"), redirect).await.error(), "403 none");
    assert_eq!(aa.delete(&format!("/Apps/{mighty}")).await.error(), "403 none");
    let off = aa.put(&format!("/AppStatusChanger/{mighty}"), &json!({ "active": false })).await;
    assert_eq!(off.error(), "403 none");
    let [own, ..] = aa.new_app("Ledger").await;
    aa.post("/AppClientSecretRegenerator", &json!({ "appId": own })).await.with(201);
    let body = aa.grant_body("App", &own, "BATCH_EXEC").await;
    assert_eq!(aa.post("/Grants", &body).await.error(), "403 none");
}

#[tokio::test]
async fn an_administrator_with_a_powerless_app_can_do_nothing() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let [id, name, secret] = admin.new_app("Notebook").await;
    let form = form(&[
        ("grant_type", "password"),
        ("username", USER),
        ("password", secrecy::ExposeSecret::expose_secret(&app.password)),
    ]);
    let powerless = Client::with_form(&app, &name, &secret, &form).await;
    assert_eq!(powerless.get("/Users").await.error(), "403 none");
    assert_eq!(powerless.get("/Me").await.status, 200);
    admin.grant("App", &id, "User Administrator").await;
    assert_eq!(powerless.get("/Users").await.status, 200, "both have it now");
    assert_eq!(powerless.get("/Apps").await.error(), "403 none");
    let behalf = json!([{ "op": "add", "path": "allowedOperations", "value": ["onBehalfOfUser"] }]);
    admin.patch(&format!("/Apps/{id}"), behalf).await.with(200);
    assert_eq!(powerless.get("/Apps").await.status, 200, "only what the user may do counts");
    let own = Client::with_form(&app, &name, &secret, "grant_type=client_credentials").await;
    assert_eq!(own.get("/Users").await.status, 200);
    assert_eq!(own.get("/Apps").await.error(), "403 none");
    assert_eq!(own.get("/Me").await.error(), "403 none", "there is no user behind it");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let boss = id_of(&admin, USER).await;
    let off = json!({ "active": false });
    assert_eq!(admin.put(&format!("/UserStatusChanger/{boss}"), &off).await.error(), "409 none");
    assert_eq!(admin.delete(&format!("/Users/{boss}")).await.error(), "409 none");
    let (role, _) = admin.role("ADMIN").await;
    let query = form(&[(
        "filter",
        &format!("grantee.value eq \"{boss}\" and entitlement.attributeValue eq \"{role}\""),
    )]);
    let found = admin.get(&format!("/Grants?{query}")).await.with(200);
    assert_eq!(found["totalResults"], 1, "{found}");
    let grant = format!("/Grants/{}", text(&found["Resources"][0]["id"]));
    assert_eq!(admin.delete(&grant).await.error(), "409 none");

    let second = admin.new_user("second").await;
    let group = admin.new_group("Bosses", &[&second]).await;
    admin.grant("Group", &group, "Identity Domain Administrator").await;
    admin.delete(&grant).await.with(204);
    let admin = Client::user(&app, "second").await;
    let leave = json!([{ "op": "remove", "path": "members" }]);
    assert_eq!(admin.patch(&format!("/Groups/{group}"), leave).await.error(), "409 none");
    assert_eq!(admin.delete(&format!("/Groups/{group}")).await.error(), "409 none");
    assert_eq!(admin.delete(&format!("/Users/{second}")).await.error(), "409 none");
    assert_eq!(
        admin.delete(&format!("/Users/{boss}")).await.status,
        204,
        "who is no administrator may go"
    );
}

#[tokio::test]
async fn a_grant_says_who_holds_what_and_where() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let maria = admin.new_user("maria").await;
    let mut body = admin.grant_body("User", &maria, "BATCH_EXEC").await;
    body["urn:ietf:params:scim:schemas:dayend:Grant"] =
        json!({ "service": "OFS", "workspace": "WS001" });
    let made = admin.post("/Grants", &body).await.with(201);
    let path = format!("/Grants/{}", text(&made["id"]));
    assert_eq!(admin.get(&path).await.json(), made);
    assert_eq!(made["urn:ietf:params:scim:schemas:dayend:Grant"]["service"], "OFS");
    assert_eq!(admin.post("/Grants", &body).await.with(201), made, "again is no other grant");
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = body.clone();
        change(&mut body);
        body
    };
    #[rustfmt::skip]
    let refused = [
        ("nobody",              changed(&|body| body["grantee"]["value"] = json!("nobody")),                        "404 none"),
        ("another type",        changed(&|body| body["grantee"]["type"] = json!("Group")),                          "400 invalidValue"),
        ("no mechanism",        changed(&|body| body["grantMechanism"] = json!("IMPORT")),                          "400 invalidValue"),
        ("no role",             changed(&|body| body["entitlement"]["attributeValue"] = json!("x")),                "400 invalidValue"),
        ("another attribute",   changed(&|body| body["entitlement"]["attributeName"] = json!("x")),                 "400 invalidValue"),
        ("another app",         changed(&|body| body["app"]["value"] = json!("IDCSAppId")),                         "400 invalidValue"),
        ("no service",          changed(&|body| body["urn:ietf:params:scim:schemas:dayend:Grant"] = json!({ "workspace": "WS001" })), "400 invalidValue"),
        ("no grantee",          changed(&|body| body["grantee"] = json!(null)),                                     "400 invalidValue"),
    ];
    for (name, body, want) in refused {
        assert_eq!(admin.post("/Grants", &body).await.error(), want, "{name}");
    }
    let implied = admin.grant_body("User", &maria, "Authenticated").await;
    assert_eq!(admin.post("/Grants", &implied).await.error(), "400 invalidValue");
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.error(), "404 none");
}
