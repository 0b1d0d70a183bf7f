//! Every route, visited with every kind of token that is not good enough for it.

use crate::bearers::Bearers;
use crate::found::routes;
use crate::table::{Door, calls, doors};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use dayend_testkit::app::{TENANT, TestApp, USER};
use dayend_web::app::{App, WebSettings};
use dayend_web::server::router;
use std::collections::BTreeSet;
use std::sync::Arc;
use tower::ServiceExt as _;

#[tokio::test]
async fn every_route_has_its_row_and_every_row_its_route() {
    let app = app_of(&TestApp::new().await);
    let (found, told): (BTreeSet<String>, BTreeSet<String>) =
        (routes(&app), doors().into_keys().collect());
    let missing: Vec<_> = found.difference(&told).collect();
    assert!(missing.is_empty(), "say in `table.rs` who may enter: {missing:#?}");
    let gone: Vec<_> = told.difference(&found).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:#?}");
}

#[tokio::test]
async fn no_route_opens_for_a_token_that_is_not_good_enough() {
    let house = TestApp::new().await;
    let visitor = Visitor { app: app_of(&house), user_id: house.caller.user.clone().unwrap().id };
    let bearers = Bearers::of(&house).await;
    let mut wrong = Vec::new();
    let tokens = |door: &Door| matches!(door, Door::Right | Door::Oneself | Door::AnyToken);
    let with_tokens = doors().into_iter().filter(|(_, door)| tokens(door));
    let calls = calls().into_iter().map(|call| (call, Door::Right));
    for (route, door) in with_tokens.chain(calls) {
        for (name, token) in [
            ("no token", None),
            ("another server's token", Some(&bearers.wrong_audience)),
            ("an expired token", Some(&bearers.expired)),
            ("a revoked token", Some(&bearers.revoked)),
            ("the token of an app that is switched off", Some(&bearers.switched_off)),
        ] {
            let (status, _) = visitor.visit(&route, token).await;
            if status != 401 {
                wrong.push(format!("{route} answers {status} to {name}"));
            }
        }
        let (status, body) = visitor.visit(&route, Some(&bearers.without_right)).await;
        let right = match door {
            Door::Right => status == 403,
            Door::Oneself => !succeeded(status),
            Door::AnyToken => succeeded(status) || status == 404,
            Door::Everybody | Door::Address | Door::Credentials | Door::Session => false,
        };
        if !right {
            wrong.push(format!("{route} answers {status} to who may do nothing: {body}"));
        }
        let (status, body) = visitor.visit(&route, Some(&bearers.other_tenant)).await;
        if visitor.is_told_of_us(&route, door, status, &body) {
            wrong.push(format!("{route} answers {status} to another tenant: {body}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn each_route_that_asks_for_a_right_opens_for_who_holds_it() {
    let house = TestApp::new().await;
    // What is not there cannot be deleted on the way.
    let visitor = Visitor { app: app_of(&house), user_id: "nobody".to_owned() };
    let good = Bearers::of(&house).await.good;
    let mut wrong = Vec::new();
    let rights = doors().into_iter().filter(|(_, door)| *door == Door::Right);
    for route in rights.map(|(route, _)| route).chain(calls()) {
        let (status, body) = visitor.visit(&route, Some(&good)).await;
        if matches!(status, 401 | 403 | 405) || status >= 500 {
            wrong.push(format!("{route} answers {status}: {body}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn doors_without_tokens_stay_shut_without_what_they_ask_for() {
    let house = TestApp::new().await;
    let visitor = Visitor { app: app_of(&house), user_id: house.caller.user.clone().unwrap().id };
    let bearers = Bearers::of(&house).await;
    let mut wrong = Vec::new();
    for (route, door) in doors() {
        for token in [None, Some(&bearers.good)] {
            let (status, body) = visitor.visit(&route, token).await;
            let right = match door {
                Door::Credentials => matches!(status, 400 | 401),
                Door::Address => matches!(status, 400 | 401 | 403 | 404),
                // The log-in page, the way to it, or a refusal; never what is behind it.
                Door::Session => {
                    matches!(status, 302 | 303 | 400 | 401 | 403 | 404) || body.contains("<h1>Log")
                }
                Door::Everybody => {
                    (status < 400 || matches!(status, 400 | 404)) && !body.contains(USER)
                }
                Door::Right | Door::Oneself | Door::AnyToken => true,
            };
            if !right || (door == Door::Session && body.contains(USER)) {
                wrong.push(format!("{route} answers {status} with {token:?}: {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The app with every optional route switched on.
fn app_of(house: &TestApp) -> App {
    let mut app = house.app.clone();
    let settings = (*app.settings).clone();
    let settings = WebSettings { unifier_client: Some(house.client_id.clone()), ..settings };
    app.settings = Arc::new(settings);
    app
}

struct Visitor {
    app: App,
    user_id: String,
}

impl Visitor {
    /// True if the answer to another tenant's token is about us, or a success where there is nothing of that tenant.
    fn is_told_of_us(&self, route: &str, door: Door, status: u16, body: &str) -> bool {
        // A refusal repeats the id that the caller sent.
        let named = body.contains(USER) || succeeded(status) && body.contains(&self.user_id);
        let lists = route.starts_with("GET /admin/v1/") && !route.contains("{id}");
        let own = lists || route.ends_with("/.search") || door == Door::AnyToken;
        let wrong_scope = body.contains(r#""statusCode":"-5""#);
        named || (succeeded(status) && !own && !wrong_scope)
    }

    /// Status and text of the answer. What stands in braces is filled with what is really there, where something is.
    async fn visit(&self, route: &str, token: Option<&String>) -> (u16, String) {
        let (method, path) = route.split_once(' ').unwrap();
        let method = if method == "ANY" { "GET" } else { method };
        let path = path
            .replace("{tenant}", TENANT)
            .replace("{id}", &self.user_id)
            .replace("{number}", "1")
            .replace("{*name}", "x")
            .replace("{*rest}", "x")
            .replace(['{', '}'], "");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in [("tenant", TENANT), ("service", "OFS"), ("workspace", "WS001")] {
            request = request.header(format!("ofs_{name}_id"), value);
        }
        request = request.header("ofs_remote_user", USER).header("locale", "en-US");
        request = request.header("content-type", content_type(route));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if method == "GET" { Body::empty() } else { Body::from(body_for(route)) };
        let response = router(self.app.clone()).oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 10_000_000).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn succeeded(status: u16) -> bool {
    (200..300).contains(&status)
}

fn content_type(route: &str) -> &'static str {
    match route {
        _ if route.contains("/ui/") || route.contains("/oauth2/") => {
            "application/x-www-form-urlencoded"
        }
        _ if route.contains("/api/v1/files/") => "text/plain",
        _ => "application/json",
    }
}

fn body_for(route: &str) -> &'static str {
    if route.contains("/ui/") || route.contains("/oauth2/") { "" } else { "{}" }
}
