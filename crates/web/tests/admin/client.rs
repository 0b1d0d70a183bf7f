//! Somebody who calls the admin API, and what came back.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dayend_testkit::app::{TestApp, USER};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "a passphrase that is long";
pub(crate) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const APP_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:App";
pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer with this status.
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The status, and what SCIM calls the mistake.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{body}");
        assert_eq!(body["status"], self.status.to_string(), "{body}");
        let kind = body.get("scimType").and_then(Value::as_str).unwrap_or("none");
        format!("{} {kind}", self.status)
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) token: String,
}

impl Client {
    /// The user who may do everything, with the app that may.
    pub(crate) async fn administrator(app: &TestApp) -> Self {
        let form = form(&[
            ("grant_type", "password"),
            ("username", USER),
            ("password", app.password.expose_secret()),
        ]);
        Self::with_form(app, &app.client_id, app.client_secret.expose_secret(), &form).await
    }

    /// Whoever the token endpoint makes of this form.
    pub(crate) async fn with_form(app: &TestApp, id: &str, secret: &str, form: &str) -> Self {
        let reply = token(&app.router(), id, secret, form).await;
        let token = reply.with(200)["access_token"].as_str().unwrap().to_owned();
        Self { router: app.router(), token }
    }

    /// A user with [`PASSWORD`], by the app that may do everything.
    pub(crate) async fn user(app: &TestApp, name: &str) -> Self {
        let form = log_in(name, PASSWORD, "urn:opc:idm:__myscopes__");
        Self::with_form(app, &app.client_id, app.client_secret.expose_secret(), &form).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/admin/v1{path}"));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/scim+json");
        }
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(&self.router, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], &body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, &[], &body.to_string()).await
    }

    /// Changes parts: each operation is a verb, a path (or none) and a value.
    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({ "schemas": [PATCH_OP], "Operations": operations });
        self.send("PATCH", path, &[], &body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], "").await
    }

    /// A new user with [`PASSWORD`], and the id.
    pub(crate) async fn new_user(&self, name: &str) -> String {
        let body = json!({ "schemas": [USER_SCHEMA], "userName": name, "password": PASSWORD });
        text(&self.post("/Users", &body).await.with(201)["id"])
    }

    /// A new group with these users, and the id.
    pub(crate) async fn new_group(&self, name: &str, users: &[&str]) -> String {
        let members: Vec<_> =
            users.iter().map(|id| json!({ "value": id, "type": "User" })).collect();
        let body = json!({ "schemas": [GROUP_SCHEMA], "displayName": name, "members": members });
        text(&self.post("/Groups", &body).await.with(201)["id"])
    }

    /// A new active app that may use `client_credentials` and `password`: its id, client id and secret.
    pub(crate) async fn new_app(&self, name: &str) -> [String; 3] {
        let body = json!({
            "schemas": [APP_SCHEMA], "displayName": name, "active": true,
            "basedOnTemplate": { "value": "CustomWebAppTemplateId" }, "allowedGrants": ["client_credentials", "password"],
        });
        let made = self.post("/Apps", &body).await.with(201);
        [text(&made["id"]), text(&made["name"]), text(&made["clientSecret"])]
    }

    /// What can be granted, by name.
    pub(crate) async fn role(&self, name: &str) -> (String, String) {
        let filter = form(&[("filter", &format!("displayName eq \"{name}\""))]);
        let found = self.get(&format!("/AppRoles?{filter}")).await.with(200);
        assert_eq!(found["totalResults"], 1, "{name}: {found}");
        (text(&found["Resources"][0]["id"]), text(&found["Resources"][0]["app"]["value"]))
    }

    /// The body of a grant; `kind` is `User`, `Group` or `App`.
    pub(crate) async fn grant_body(&self, kind: &str, id: &str, role: &str) -> Value {
        let (role, app) = self.role(role).await;
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],
            "grantMechanism": format!("ADMINISTRATOR_TO_{}", kind.to_uppercase()),
            "grantee": { "type": kind, "value": id }, "app": { "value": app },
            "entitlement": { "attributeName": "appRoles", "attributeValue": role },
        })
    }

    /// Grants a role, and answers with the grant's id.
    pub(crate) async fn grant(&self, kind: &str, id: &str, role: &str) -> String {
        let body = self.grant_body(kind, id, role).await;
        text(&self.post("/Grants", &body).await.with(201)["id"])
    }
}

/// The text of a JSON value.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A form (or a query).
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The form of a log-in.
pub(crate) fn log_in(user: &str, password: &str, scope: &str) -> String {
    form(&[
        ("grant_type", "password"),
        ("username", user),
        ("password", password),
        ("scope", scope),
    ])
}

/// Asks the token endpoint.
pub(crate) async fn token(router: &Router, id: &str, secret: &str, form: &str) -> Reply {
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
    let request = Request::post("/oauth2/v1/token")
        .header("authorization", basic)
        .header("content-type", "application/x-www-form-urlencoded");
    answer(router, request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn answer(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
