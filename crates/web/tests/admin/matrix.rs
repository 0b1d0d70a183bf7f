//! Every route, with everybody who may not use it.

use crate::client::{Client, PASSWORD, form, log_in};
use dayend_engine::codes::Scope;
use dayend_identity::admin::{GrantChange, Grantee, NewApp, NewUser};
use dayend_identity::caller::Function;
use dayend_identity::{GrantType, Identity, IdentitySettings};
use dayend_testkit::app::TestApp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::Arc;

/// Each route with what it needs: `own` the self-service scope, `any` just a token, or a role that is enough.
#[rustfmt::skip]
const ROUTES: [(&str, &str, &str); 39] = [
    ("GET",    "/Apps",                         "Global Viewer"),
    ("POST",   "/Apps/.search",                 "Global Viewer"),
    ("GET",    "/Apps/{app}",                   "Global Viewer"),
    ("POST",   "/Apps",                         "Application Administrator"),
    ("PUT",    "/Apps/{app}",                   "Application Administrator"),
    ("PATCH",  "/Apps/{app}",                   "Application Administrator"),
    ("DELETE", "/Apps/{app}",                   "Application Administrator"),
    ("PUT",    "/AppStatusChanger/{app}",       "Application Administrator"),
    ("POST",   "/AppClientSecretRegenerator",   "Application Administrator"),
    ("GET",    "/Users",                        "Global Viewer"),
    ("POST",   "/Users/.search",                "Global Viewer"),
    ("GET",    "/Users/{user}",                 "Global Viewer"),
    ("POST",   "/Users",                        "User Administrator"),
    ("PUT",    "/Users/{user}",                 "User Administrator"),
    ("PATCH",  "/Users/{user}",                 "User Administrator"),
    ("DELETE", "/Users/{user}",                 "User Administrator"),
    ("PUT",    "/UserStatusChanger/{user}",     "User Administrator"),
    ("PUT",    "/UserPasswordChanger/{user}",   "User Administrator"),
    ("PUT",    "/UserPasswordResetter/{user}",  "User Administrator"),
    ("GET",    "/Groups",                       "Global Viewer"),
    ("POST",   "/Groups/.search",               "Global Viewer"),
    ("GET",    "/Groups/{group}",               "Global Viewer"),
    ("POST",   "/Groups",                       "User Administrator"),
    ("PUT",    "/Groups/{group}",               "User Administrator"),
    ("PATCH",  "/Groups/{group}",               "User Administrator"),
    ("DELETE", "/Groups/{group}",               "User Administrator"),
    ("GET",    "/AppRoles",                     "Global Viewer"),
    ("POST",   "/AppRoles/.search",             "Global Viewer"),
    ("GET",    "/Grants",                       "Global Viewer"),
    ("POST",   "/Grants/.search",               "Global Viewer"),
    ("GET",    "/Grants/{grant}",               "Global Viewer"),
    ("POST",   "/Grants",                       "User Administrator"),
    ("DELETE", "/Grants/{grant}",               "User Administrator"),
    ("GET",    "/Me",                           "own"),
    ("PATCH",  "/Me",                           "own"),
    ("PUT",    "/MePasswordChanger",            "own"),
    ("GET",    "/ServiceProviderConfig",        "any"),
    ("GET",    "/ResourceTypes",                "any"),
    ("GET",    "/Schemas",                      "any"),
];

/// What the routes are about.
struct Things {
    app: String,
    user: String,
    group: String,
    grant: String,
}

impl Things {
    async fn new(admin: &Client) -> Self {
        let [app, ..] = admin.new_app("Victim").await;
        let user = admin.new_user("victim").await;
        let group = admin.new_group("Victims", &[&user]).await;
        let grant = admin.grant("User", &user, "Me").await;
        Self { app, user, group, grant }
    }

    fn path(&self, route: &str) -> String {
        let named = [
            ("{app}", &self.app),
            ("{user}", &self.user),
            ("{group}", &self.group),
            ("{grant}", &self.grant),
        ];
        named.iter().fold(route.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// A body that would do something.
    fn body(&self, method: &str, route: &str) -> String {
        let body = match (method, route) {
            ("GET" | "DELETE", _) => return String::new(),
            ("PATCH", _) => {
                json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "hijacked" }] })
            }
            (_, "/AppClientSecretRegenerator") => json!({ "appId": self.app }),
            (_, path)
                if path.ends_with("StatusChanger/{app}")
                    || path.ends_with("StatusChanger/{user}") =>
            {
                json!({ "active": false })
            }
            (_, "/MePasswordChanger") => {
                json!({ "password": "a password of the intruder", "oldPassword": PASSWORD })
            }
            (_, "/UserPasswordChanger/{user}") => {
                json!({ "password": "a password of the intruder" })
            }
            (_, "/UserPasswordResetter/{user}") => json!({}),
            (_, path) if path.starts_with("/Users") => json!({ "userName": "hijacked" }),
            (_, "/Grants") => json!({ "grantMechanism": "ADMINISTRATOR_TO_USER" }),
            _ => json!({ "displayName": "hijacked" }),
        };
        body.to_string()
    }

    async fn unharmed(&self, admin: &Client) {
        for path in ["/Apps/{app}", "/Users/{user}", "/Groups/{group}", "/Grants/{grant}"] {
            let reply = admin.get(&self.path(path)).await;
            assert!(reply.status == 200 && !reply.body.contains("hijacked"), "{}", reply.body);
        }
    }
}

async fn walk(client: &Client, things: &Things, who: &str, want: impl Fn(&str, &str) -> u16) {
    for (method, route, needs) in ROUTES {
        let body = match body_for(things, method, route) {
            Some(body) => body,
            None => things.body(method, route),
        };
        let reply = client.send(method, &things.path(route), &[], &body).await;
        assert_eq!(reply.status, want(route, needs), "{who}: {method} {route}: {}", reply.body);
        if reply.status == 401 {
            assert!(
                reply.header("content-type").starts_with("text/html"),
                "{who}: {method} {route}"
            );
            assert!(
                reply.header("www-authenticate").starts_with("Bearer"),
                "{who}: {method} {route}"
            );
        }
    }
}

/// A search has a body without anything to do.
fn body_for(_: &Things, method: &str, route: &str) -> Option<String> {
    (method == "POST" && route.ends_with("/.search")).then(|| "{}".to_owned())
}

#[tokio::test]
async fn no_route_is_open_to_whoever_has_no_good_token() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let things = Things::new(&admin).await;
    let with = |token: &str| Client { router: app.router(), token: token.to_owned() };
    walk(&with(""), &things, "no token", |_, _| 401).await;
    walk(&with("abc.def.ghi"), &things, "no JWT", |_, _| 401).await;
    let tampered = format!("{}x", admin.token);
    walk(&with(&tampered), &things, "tampered", |_, _| 401).await;
    let elsewhere = elsewhere(&app).await;
    walk(&with(&elsewhere), &things, "wrong audience", |_, _| 401).await;

    let expired = Client {
        token: {
            let form = form(&[
                ("grant_type", "client_credentials"),
                ("scope", "urn:opc:resource:expiry=60"),
            ]);
            Client::with_form(&app, &app.client_id, app.client_secret.expose_secret(), &form)
                .await
                .token
        },
        router: app.router(),
    };
    assert_eq!(expired.get("/Users").await.status, 200);
    app.clock.advance(std::time::Duration::from_secs(61));
    walk(&expired, &things, "expired", |_, _| 401).await;

    let [id, name, secret] = admin.new_app("Short-lived").await;
    admin.grant("App", &id, "Identity Domain Administrator").await;
    let ended = Client::with_form(&app, &name, &secret, "grant_type=client_credentials").await;
    assert_eq!(ended.get("/Users").await.status, 200);
    admin.put(&format!("/AppStatusChanger/{id}"), &json!({ "active": false })).await.with(200);
    walk(&ended, &things, "switched off", |_, _| 401).await;
    things.unharmed(&admin).await;
}

#[tokio::test]
async fn no_route_is_open_to_whoever_lacks_the_right_or_the_scope() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let things = Things::new(&admin).await;
    admin.new_user("maria").await;
    let maria = Client::user(&app, "maria").await;
    // What people may do for themselves is asked for with a body that is refused.
    let status = |_: &str, needs: &str| match needs {
        "any" => 200,
        "own" => 0,
        _ => 403,
    };
    for (method, route, needs) in ROUTES.into_iter().filter(|(_, _, needs)| *needs != "own") {
        let body = things.body(method, route);
        let reply = maria.send(method, &things.path(route), &[], &body).await;
        assert_eq!(reply.status, status(route, needs), "{method} {route}: {}", reply.body);
    }
    let openid = log_in("maria", PASSWORD, "openid");
    let secret = app.client_secret.expose_secret();
    let openid = Client::with_form(&app, &app.client_id, secret, &openid).await;
    assert_eq!(openid.get("/Me").await.status, 403, "the token is not for that");
    let me =
        log_in(dayend_testkit::app::USER, app.password.expose_secret(), "urn:opc:idm:t.user.me");
    let me = Client::with_form(&app, &app.client_id, secret, &me).await;
    assert_eq!(me.get("/Me").await.status, 200);
    walk_administration(&me, &things).await;
    things.unharmed(&admin).await;
}

/// A token for the own account only is no administrator's, whoever has it.
async fn walk_administration(client: &Client, things: &Things) {
    for (method, route, _) in ROUTES.into_iter().filter(|(_, _, needs)| needs.len() > 3) {
        let body = things.body(method, route);
        let reply = client.send(method, &things.path(route), &[], &body).await;
        assert_eq!(reply.status, 403, "{method} {route}: {}", reply.body);
    }
}

#[tokio::test]
async fn each_role_opens_its_routes_and_no_others() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let manages = |role: &str, route: &str| match role {
        "User Administrator" => !route.starts_with("/App"),
        "Application Administrator" => route.starts_with("/App") || route.starts_with("/Grants"),
        _ => false,
    };
    let sees =
        |role: &str, route: &str| !(role == "User Administrator" && route.starts_with("/Apps"));
    for role in [
        "User Administrator",
        "Application Administrator",
        "Security Administrator",
        "Audit Administrator",
        "Global Viewer",
    ] {
        let name = role.replace(' ', ".").to_lowercase();
        let id = admin.new_user(&name).await;
        admin.grant("User", &id, role).await;
        let client = Client::user(&app, &name).await;
        for (method, route, needs) in ROUTES.into_iter().filter(|(_, _, needs)| needs.len() > 3) {
            let nothing = Things {
                app: "none".to_owned(),
                user: "none".to_owned(),
                group: "none".to_owned(),
                grant: "none".to_owned(),
            };
            let body = nothing.body(method, route);
            let reply = client.send(method, &nothing.path(route), &[], &body).await;
            let open =
                if needs == "Global Viewer" { sees(role, route) } else { manages(role, route) };
            let is_open = reply.status != 403;
            assert_eq!(is_open, open, "{role}: {method} {route}: {} {}", reply.status, reply.body);
        }
    }
}

#[tokio::test]
async fn what_another_tenant_has_does_not_exist() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let things = Things::new(&admin).await;
    let stranger = stranger(&app).await;
    for (method, route, _) in ROUTES.into_iter().filter(|(_, route, _)| route.contains('{')) {
        let body = things.body(method, route);
        let reply = stranger.send(method, &things.path(route), &[], &body).await;
        assert_eq!(reply.error(), "404 none", "{method} {route}");
    }
    let secret = json!({ "appId": things.app });
    assert_eq!(stranger.post("/AppClientSecretRegenerator", &secret).await.error(), "404 none");
    let mut grant = stranger.grant_body("User", &things.user, "BATCH_VIEW").await;
    assert_eq!(stranger.post("/Grants", &grant).await.error(), "404 none");
    grant["grantee"] = json!({ "type": "Group", "value": things.group });
    grant["grantMechanism"] = json!("ADMINISTRATOR_TO_GROUP");
    assert_eq!(stranger.post("/Grants", &grant).await.error(), "404 none");
    let group = json!({ "displayName": "Theirs", "members": [{ "value": things.user }] });
    assert_eq!(stranger.post("/Groups", &group).await.error(), "400 invalidValue");
    let all = stranger.get("/Users").await.with(200);
    let names: Vec<&Value> =
        all["Resources"].as_array().unwrap().iter().map(|user| &user["userName"]).collect();
    assert_eq!(names, ["stranger"]);
    things.unharmed(&admin).await;
}

/// The administrator of another tenant.
async fn stranger(app: &TestApp) -> Client {
    const OTHER: &str = "other";
    let (identity, now) = (app.service.identity(), app.service.now());
    let scope = Scope { tenant: OTHER.to_owned(), ..app.scope.clone() };
    app.store.put_scope(&scope).await.unwrap();
    let user = NewUser {
        tenant: OTHER.to_owned(),
        name: "stranger".to_owned(),
        display_name: "Stranger".to_owned(),
        password: Some(PASSWORD.into()),
    };
    identity.create_user("test", user, now).await.unwrap();
    let new = new_app(OTHER);
    let made = identity.create_app("test", new, now).await.unwrap();
    for grantee in [Grantee::User("stranger".to_owned()), Grantee::App(made.client_id.clone())] {
        for function in Function::ALL {
            let change = GrantChange {
                tenant: OTHER.to_owned(),
                grantee: grantee.clone(),
                service: "*".to_owned(),
                workspace: "*".to_owned(),
                function,
            };
            identity.grant("test", change, now).await.unwrap();
        }
    }
    let form = log_in("stranger", PASSWORD, "urn:opc:idm:__myscopes__");
    let secret = made.secret.unwrap();
    Client::with_form(app, &made.client_id, secret.expose_secret(), &form).await
}

/// A token of a server with the same keys, the same users and another address.
async fn elsewhere(app: &TestApp) -> String {
    let settings = IdentitySettings::new("https://elsewhere.example", app.keys_dir());
    let writer = Arc::clone(&app.conductor);
    let identity = Identity::open(Arc::clone(&app.store), writer, settings).unwrap();
    let request = dayend_identity::token::TokenRequest {
        client: Some(dayend_identity::token::ClientCredentials {
            client_id: app.client_id.clone(),
            secret: Some(app.client_secret.clone()),
            basic: true,
            assertion: None,
        }),
        grant_type: "client_credentials".to_owned(),
        ..dayend_identity::token::TokenRequest::default()
    };
    identity.token(request, app.service.now()).await.unwrap().access_token
}

fn new_app(tenant: &str) -> NewApp {
    NewApp {
        tenant: tenant.to_owned(),
        name: "Theirs".to_owned(),
        client_id: None,
        grants: vec![GrantType::Password, GrantType::ClientCredentials],
        public: false,
        strict: false,
    }
}
