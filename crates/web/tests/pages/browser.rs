//! A browser that keeps cookies, reads forms and runs no scripts.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use dayend_identity::model::AppSettings;
use dayend_testkit::app::{BASE_URL, TENANT, TestApp, USER};
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use tower::ServiceExt as _;

/// Where answers of the tests' app go.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// The verifier and challenge of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What came back.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// A parameter of the redirection.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.location().split_once('?').map_or("", |(_, query)| query);
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// The title of the page.
    pub(crate) fn title(&self) -> String {
        unescaped(between(&self.body, "<h1>", "</h1>"))
            .replace("<strong>", "")
            .replace("</strong>", "")
    }

    /// Where the page's only form goes, and its hidden fields.
    pub(crate) fn form(&self) -> (String, Vec<(String, String)>) {
        let form = between(&self.body, "<form", "</form>");
        let inputs = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap());
        let hidden = inputs.filter(|input| input.contains(r#"type="hidden""#));
        let fields = hidden.map(|input| (attribute(input, "name"), attribute(input, "value")));
        (attribute(form, "action"), fields.collect())
    }
}

fn attribute(text: &str, name: &str) -> String {
    unescaped(between(text, &format!(" {name}=\""), "\""))
}

pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(found, _)| found)
}

fn unescaped(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl Browser {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { router: app.router(), cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    /// A request as a script makes it.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Page {
        self.call_with(method, path, headers, "").await
    }

    pub(crate) async fn call_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Page {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, Body::from(body.to_owned())).await
    }

    /// Fills in the page's form and sends it.
    pub(crate) async fn fill(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form();
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.post(&action, &all).await
    }

    /// Fills in a log-in page with the right name and password.
    pub(crate) async fn log_in(&mut self, app: &TestApp, page: &Page) -> Page {
        assert_eq!(page.title(), "Log in", "{} {}", page.status, page.body);
        let password = app.password.expose_secret();
        self.fill(page, &[("username", USER), ("password", password)]).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; ")).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        for line in headers.get_all("set-cookie") {
            self.keep(line.to_str().unwrap());
        }
        let body = to_bytes(response.into_body(), 10_000_000).await.unwrap();
        Page { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn keep(&mut self, line: &str) {
        assert!(line.contains("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{line}");
        let (name, rest) = line.split_once('=').unwrap();
        assert!(name.starts_with("__Host-") && !line.contains("Domain"), "{line}");
        let value = rest.split(';').next().unwrap();
        if line.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// An app of the tests' tenant that may redeem codes.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

/// Makes an app with these settings.
pub(crate) async fn client(app: &TestApp, public: bool, settings: AppSettings) -> Client {
    named_client(app, "The <b>bank's</b> app", public, settings).await
}

pub(crate) async fn named_client(
    app: &TestApp,
    name: &str,
    public: bool,
    settings: AppSettings,
) -> Client {
    let new = NewApp {
        tenant: TENANT.to_owned(),
        name: name.to_owned(),
        client_id: None,
        grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        public,
        strict: false,
    };
    let (identity, now) = (app.service.identity(), app.service.now());
    let made = identity.create_app("test", new, now).await.unwrap();
    let id = made.client_id;
    identity.put_app_settings("test", (TENANT, &id), &settings, now).await.unwrap();
    Client { id, secret: made.secret.map(|secret| secret.expose_secret().to_owned()) }
}

/// Settings with the usual redirect URI.
pub(crate) fn settings() -> AppSettings {
    AppSettings { redirect_uris: vec![CALLBACK.to_owned()], ..AppSettings::default() }
}

/// The path of a request with these parameters beside the usual ones; one without a value is left out.
pub(crate) fn request(client: &Client, more: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", client.id.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "s1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    let usual = usual.into_iter().filter(|(name, _)| !given(name));
    let all = usual.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    format!("/oauth2/v1/authorize?{query}")
}

pub(crate) fn issuer() -> &'static str {
    BASE_URL
}
