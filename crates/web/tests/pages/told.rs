//! What is told of a user, and whether discovery promises just that.

use crate::browser::{Browser, Client, client, request, settings};
use crate::codes::{claims, code, json, redeem};
use dayend_identity::admin::{Administrator, GroupDraft, Holder};
use dayend_testkit::app::{TENANT, TestApp};
use serde_json::Value;
use std::collections::BTreeSet;

/// The claims of the ID token and of userinfo that these scopes bring.
async fn told(app: &TestApp, client: &Client, scopes: &str) -> (Value, Value) {
    let mut browser = Browser::new(app);
    let asked = request(client, &[("scope", scopes), ("nonce", "n")]);
    let code = code(app, &mut browser, &asked).await;
    let answer = json(&redeem(&mut browser, client, &[("code", &code)]).await);
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let info = browser.call("GET", "/oauth2/v1/userinfo", &[("authorization", &bearer)]).await;
    (claims(answer["id_token"].as_str().unwrap()), json(&info))
}

#[tokio::test]
async fn discovery_names_the_claims_and_scopes_that_there_are() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let document = Browser::new(&app).get("/.well-known/openid-configuration").await;
    let document = json(&document);
    let named = |list: &str| -> BTreeSet<String> {
        let names = document[list].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let scopes = named("scopes_supported");
    let all: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let (id, info) = told(&app, &client, &all.join(" ")).await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let given: BTreeSet<String> = keys(&id).union(&keys(&info)).cloned().collect();
    assert_eq!(named("claims_supported"), given);

    let bare = keys(&told(&app, &client, "openid").await.1);
    for scope in &scopes {
        let more = keys(&told(&app, &client, &format!("openid {scope}")).await.1);
        let plain = ["openid", "profile", "offline_access"].contains(&scope.as_str());
        assert_eq!(more == bare, plain, "{scope} brings {more:?}");
    }
    let unnamed = keys(&told(&app, &client, "openid address").await.1);
    assert_eq!(unnamed, bare, "what is not named brings nothing");
}

#[tokio::test]
async fn userinfo_tells_the_groups_of_the_user_to_who_asks_for_them() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let user = app.caller.user.clone().unwrap();
    let (identity, now) = (app.service.identity(), app.service.now());
    let by = Administrator::on_the_machine("test");
    for (name, is_in) in [("Night shift", true), ("Day shift", false), ("Bank", true)] {
        let draft = GroupDraft {
            display_name: name.to_owned(),
            external_id: String::new(),
            description: String::new(),
            members: is_in.then(|| BTreeSet::from([Holder::User(user.id.clone())])),
        };
        identity.create_group(&by, TENANT, draft, now).await.unwrap();
    }
    let (_, info) = told(&app, &client, "openid groups").await;
    let groups = info["groups"].as_array().unwrap();
    let names: Vec<_> = groups.iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Bank", "Night shift"]);
    assert!(groups.iter().all(|group| group["id"].as_str().unwrap().len() == 32), "{info}");
}
