//! A server over TLS, an app with a page of its own at another origin, and somebody who can log in.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use dayend_identity::model::AppSettings;
use dayend_testkit::app::{TENANT, TestApp};
use dayend_web::server::{Limits, TlsMaterial, faces, serve};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) struct House {
    pub(crate) app: TestApp,
    /// Where the server is.
    pub(crate) server: String,
    /// The origin of the app's page.
    pub(crate) page: String,
    /// Another page, of nobody the server knows.
    pub(crate) stranger: String,
}

pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl House {
    pub(crate) async fn build() -> Self {
        let app = TestApp::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let tls =
            TlsMaterial { chain_pem: made.cert.pem(), key_pem: made.signing_key.serialize_pem() };
        let faces = faces(app.app.clone());
        tokio::spawn(serve(listener, Some(tls), faces, Limits::default(), std::future::pending()));
        Self { app, server, page: origin().await, stranger: origin().await }
    }

    /// The redirect URI of the app, as Field Service has it.
    pub(crate) fn callback(&self) -> String {
        format!("{}/plugin-auth-redirect/", self.page)
    }

    /// An app whose pages are at [`House::page`].
    pub(crate) async fn client(&self, name: &str, public: bool) -> Client {
        let new = NewApp {
            tenant: TENANT.to_owned(),
            name: name.to_owned(),
            client_id: None,
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            public,
            strict: false,
        };
        let settings = AppSettings {
            redirect_uris: vec![self.callback()],
            all_url_schemes_allowed: true,
            cors_origins: vec![self.page.clone()],
            ..AppSettings::default()
        };
        let (identity, now) = (self.app.service.identity(), self.app.service.now());
        let made = identity.create_app("test", new, now).await.unwrap();
        let id = made.client_id;
        identity.put_app_settings("test", (TENANT, &id), &settings, now).await.unwrap();
        Client {
            id,
            secret: made.secret.map(|secret| secret.expose_secret().to_owned()).unwrap_or_default(),
        }
    }

    /// The address of a request for a code.
    pub(crate) fn request(&self, client: &Client, more: &[(&str, &str)]) -> String {
        let callback = self.callback();
        let usual = [
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", &callback),
            ("scope", "openid offline_access"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let all = usual.into_iter().chain(more.iter().copied());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        format!("{}/oauth2/v1/authorize?{query}", self.server)
    }

    /// What the token endpoint says to a program.
    pub(crate) async fn redeem(&self, client: &Client, code: &str) -> Value {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
            ("code", code),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ];
        let form: Vec<_> = form.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let client =
            reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        let answer =
            client.post(format!("{}/oauth2/v1/token", self.server)).form(&form).send().await;
        answer.unwrap().json().await.unwrap()
    }
}

/// A site with the same small page everywhere.
async fn origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = || async { Html("<!doctype html><title>App</title><h1>App</h1>") };
    let site = Router::new().route("/", get(page)).route("/plugin-auth-redirect/", get(page));
    tokio::spawn(async move { axum::serve(listener, site).await });
    format!("http://127.0.0.1:{port}")
}

/// A parameter of an address.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
