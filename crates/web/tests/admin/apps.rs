//! Apps: made, switched on, changed, given another secret, deleted.

use crate::client::{APP_SCHEMA, Client, text, token};
use dayend_testkit::app::TestApp;
use serde_json::{Value, json};

const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials";

#[tokio::test]
async fn a_confidential_app_gets_a_token_from_the_moment_it_is_active() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let body = json!({
        "schemas": [APP_SCHEMA], "displayName": "Control-M", "basedOnTemplate": { "value": "CustomWebAppTemplateId" },
        "clientType": "confidential", "isOAuthClient": true, "allowedGrants": ["client_credentials", "authorization_code"],
        "redirectUris": ["https://controlm.example/cb"], "allowedScopes": [{ "fqs": "https://api.example/read" }],
        "loginMechanism": "OIDC", "showInMyApps": false, "id": "mine", "clientSecret": "mine",
    });
    let reply = admin.post("/Apps", &body).await;
    let made = reply.with(201);
    let [id, name, secret] = ["id", "name", "clientSecret"].map(|key| text(&made[key]));
    assert_eq!((id.len(), name.len(), secret.len()), (32, 32, 36));
    assert!(id != name && secret != "mine", "{made}");
    assert_eq!(reply.header("location"), format!("https://127.0.0.1:8443/admin/v1/Apps/{id}"));
    assert_eq!(reply.header("etag"), text(&made["meta"]["version"]));
    assert_eq!(reply.header("content-type"), "application/scim+json");
    assert_eq!(made["active"], false, "whoever makes it switches it on");
    assert_eq!(made["idcsCreatedBy"]["display"], "operator");
    assert_eq!(token(&app.router(), &name, &secret, CLIENT_CREDENTIALS).await.status, 401);

    let on = json!({ "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"], "active": true });
    assert_eq!(admin.put(&format!("/AppStatusChanger/{id}"), &on).await.with(200)["active"], true);
    token(&app.router(), &name, &secret, CLIENT_CREDENTIALS).await.with(200);

    let read = admin.get(&format!("/Apps/{id}")).await;
    assert!(!read.body.contains(&secret), "a secret is told once");
    let read = read.json();
    assert_eq!(read["redirectUris"], body["redirectUris"]);
    assert_eq!(read["allowedScopes"], body["allowedScopes"]);

    let again = admin.post("/AppClientSecretRegenerator", &json!({ "appId": id })).await.with(201);
    let newer = text(&again["clientSecret"]);
    assert_eq!(token(&app.router(), &name, &secret, CLIENT_CREDENTIALS).await.status, 401);
    let live = Client::with_form(&app, &name, &newer, CLIENT_CREDENTIALS).await;
    assert_eq!(live.get("/Schemas").await.status, 200);

    assert_eq!(admin.delete(&format!("/Apps/{id}")).await.status, 204);
    assert_eq!(admin.get(&format!("/Apps/{id}")).await.error(), "404 none");
    assert_eq!(token(&app.router(), &name, &newer, CLIENT_CREDENTIALS).await.status, 401);
    assert_eq!(live.get("/Schemas").await.status, 401, "its tokens end with it");
}

#[tokio::test]
async fn a_public_app_has_no_secret_and_no_grant_that_rests_on_one() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let body = |grant: &str| {
        json!({
            "schemas": [APP_SCHEMA], "displayName": "Plug-in", "basedOnTemplate": { "value": "CustomBrowserMobileTemplateId" },
            "active": true, "allowedGrants": [grant],
        })
    };
    let made = admin.post("/Apps", &body("authorization_code")).await.with(201);
    assert_eq!((&made["clientType"], &made["clientSecret"]), (&json!("public"), &Value::Null));
    for grant in ["password", "client_credentials"] {
        assert_eq!(admin.post("/Apps", &body(grant)).await.error(), "400 invalidValue", "{grant}");
    }
    let path = format!("/Apps/{}", text(&made["id"]));
    let more = json!([{ "op": "add", "path": "allowedGrants", "value": ["client_credentials"] }]);
    assert_eq!(admin.patch(&path, more).await.error(), "400 invalidValue");
    let secret = admin.post("/AppClientSecretRegenerator", &json!({ "appId": made["id"] })).await;
    assert_eq!(secret.error(), "400 invalidValue");
}

#[tokio::test]
async fn an_app_is_changed_whole_or_in_part_and_never_what_only_the_server_sets() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let [id, name, _] = admin.new_app("Ledger").await;
    let path = format!("/Apps/{id}");
    let operations = json!([
        { "op": "replace", "path": "description", "value": "The ledger" },
        { "op": "add", "path": "redirectUris", "value": ["https://ledger.example/a", "https://ledger.example/b"] },
        { "op": "add", "path": "redirectUris", "value": ["https://ledger.example/a"] },
        { "op": "add", "value": { "audience": "https://ledger.example", "scopes": [{ "value": "/read" }, { "value": "/write" }] } },
        { "op": "replace", "path": "scopes[value eq \"/read\"].requiresConsent", "value": true },
        { "op": "remove", "path": "scopes[value eq \"/write\"]" },
        { "op": "Replace", "path": "urn:ietf:params:scim:schemas:dayend:App:corsOrigins", "value": ["https://ui.example"] },
    ]);
    let patched = admin.patch(&path, operations).await.with(200);
    assert_eq!(
        patched["redirectUris"],
        json!(["https://ledger.example/a", "https://ledger.example/b"])
    );
    assert_eq!(
        patched["scopes"],
        json!([{ "value": "/read", "fqs": "https://ledger.example/read", "requiresConsent": true }])
    );
    let extension = &patched["urn:ietf:params:scim:schemas:dayend:App"];
    assert_eq!(extension["corsOrigins"], json!(["https://ui.example"]));
    assert_eq!(patched["idcsLastModifiedBy"]["type"], "User");

    let whole = admin.put(&path, &patched).await.with(200);
    assert_eq!(whole["scopes"], patched["scopes"], "what was read can be written again");
    let less = json!({ "schemas": [APP_SCHEMA], "displayName": "Ledger 2" });
    let less = admin.put(&path, &less).await.with(200);
    assert_eq!(
        (&less["displayName"], &less["description"], &less["scopes"]),
        (&json!("Ledger 2"), &Value::Null, &Value::Null)
    );
    assert_eq!((&less["active"], &less["name"]), (&json!(true), &json!(name)));

    #[rustfmt::skip]
    let refused = [
        ("a client id",     json!([{ "op": "replace", "path": "name", "value": "other" }]),                    "400 mutability"),
        ("an id",           json!([{ "op": "replace", "path": "id", "value": "x" }]),                          "400 mutability"),
        ("a secret",        json!([{ "op": "add", "path": "clientSecret", "value": "x" }]),                    "400 mutability"),
        ("a template",      json!([{ "op": "remove", "path": "basedOnTemplate" }]),                            "400 mutability"),
        ("no attribute",    json!([{ "op": "add", "path": "redirectUri", "value": "https://x.example/" }]),    "400 invalidPath"),
        ("no operation",    json!([]),                                                                         "400 invalidSyntax"),
        ("another verb",    json!([{ "op": "move", "path": "name" }]),                                         "400 invalidSyntax"),
        ("no path",         json!([{ "op": "remove" }]),                                                       "400 noTarget"),
        ("no such value",   json!([{ "op": "replace", "path": "scopes[value eq \"x\"].description", "value": "y" }]), "400 noTarget"),
        ("a bad filter",    json!([{ "op": "remove", "path": "scopes[value]" }]),                              "400 invalidFilter"),
        ("a wrong type",    json!([{ "op": "replace", "path": "active", "value": "yes" }]),                    "400 invalidSyntax"),
        ("what is needed",  json!([{ "op": "remove", "path": "displayName" }]),                                "400 invalidValue"),
        ("an open redirect", json!([{ "op": "add", "path": "redirectUris", "value": ["http://evil.example/"] }]), "400 invalidValue"),
        ("a script",        json!([{ "op": "add", "path": "redirectUris", "value": ["javascript:alert(1)"] }]), "400 invalidValue"),
        ("a long life",     json!([{ "op": "add", "path": "accessTokenExpiry", "value": 31_536_001 }]),        "400 invalidValue"),
        ("an unknown grant", json!([{ "op": "add", "path": "allowedGrants", "value": ["implicit"] }]),          "400 invalidValue"),
    ];
    for (what, operations, want) in refused {
        assert_eq!(admin.patch(&path, operations).await.error(), want, "{what}");
    }
    assert_eq!(admin.get(&path).await.json(), less, "nothing of a refused change is kept");
}

#[tokio::test]
async fn a_scope_belongs_to_one_app_and_a_client_id_too() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let resource = |name: &str, client: &str, scope: &str| {
        json!({
            "schemas": [APP_SCHEMA], "displayName": name, "name": client, "isOAuthResource": true,
            "basedOnTemplate": { "value": "CustomWebAppTemplateId" }, "audience": "https://api.example",
            "scopes": [{ "value": scope }],
        })
    };
    admin.post("/Apps", &resource("One", "one", "/read")).await.with(201);
    assert_eq!(
        admin.post("/Apps", &resource("Two", "two", "/read")).await.error(),
        "409 uniqueness"
    );
    assert_eq!(
        admin.post("/Apps", &resource("Two", "one", "/write")).await.error(),
        "409 uniqueness"
    );
    let two = admin.post("/Apps", &resource("Two", "two", "/write")).await.with(201);
    let taken = json!([{ "op": "replace", "path": "scopes", "value": [{ "value": "/read" }] }]);
    let path = format!("/Apps/{}", text(&two["id"]));
    assert_eq!(admin.patch(&path, taken).await.error(), "409 uniqueness");
}

#[tokio::test]
async fn a_change_counts_only_for_the_version_that_was_seen() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let [id, ..] = admin.new_app("Ledger").await;
    let path = format!("/Apps/{id}");
    let seen = admin.get(&path).await;
    let version = seen.header("etag").to_owned();
    let listed = admin.get("/Apps?filter=displayName+eq+%22Ledger%22").await.json();
    assert_eq!(listed["Resources"][0]["meta"]["version"], version.as_str());
    let unchanged = admin.send("GET", &path, &[("if-none-match", &version)], "").await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    let rename = |name: &str| {
        json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": name }] })
            .to_string()
    };
    let at_it = [("if-match", version.as_str())];
    assert_eq!(admin.send("PATCH", &path, &at_it, &rename("Ledger 1")).await.status, 200);
    assert_eq!(admin.send("PATCH", &path, &at_it, &rename("Ledger 2")).await.error(), "412 none");
    assert_eq!(admin.send("DELETE", &path, &at_it, "").await.error(), "412 none");
    let any = [("if-match", "*")];
    assert_eq!(admin.send("DELETE", &path, &any, "").await.status, 204);
}

#[tokio::test]
async fn the_apps_that_are_part_of_the_server_stay_as_they_are() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    for id in ["IDCSAppId", "DayendAppId"] {
        let path = format!("/Apps/{id}");
        let read = admin.get(&path).await.with(200);
        assert_eq!(read["isOAuthResource"], true);
        assert_eq!(admin.delete(&path).await.error(), "403 none");
        let rename = json!([{ "op": "replace", "path": "displayName", "value": "x" }]);
        assert_eq!(admin.patch(&path, rename).await.error(), "403 none");
    }
}
