//! One request of a browser: who is logged in there, and what its forms are bound to.

use super::cookies::Cookie;
use super::page::{Instead, unavailable};
use crate::app::App;
use crate::server::ClientAddress;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use dayend_identity::Identity;
use dayend_identity::sessions::{Begun, Session};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;

/// The longest value of the cookie that forms are bound to.
const BINDING_MAX_BYTES: usize = 128;

/// Who sits at the browser, as far as its cookies tell.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) session: Option<Session>,
    /// The browser's address.
    pub(crate) from: Option<IpAddr>,
    binding: String,
    cookies: Vec<HeaderValue>,
}

impl Visit {
    /// Reads the cookies and looks the session up.
    async fn of(app: &App, parts: &Parts) -> Result<Self, Instead> {
        let headers = &parts.headers;
        let mut visit = Self {
            app: app.clone(),
            session: None,
            from: ClientAddress::of(app, headers, &parts.extensions).0,
            binding: String::new(),
            cookies: Vec::new(),
        };
        if let Some(cookie) = Cookie::Session.sent(app, headers) {
            let found = app.service.identity().session(&cookie, app.service.now()).await;
            match found.map_err(|error| Instead::from(unavailable(app, &error)))? {
                Some((session, renewed)) => visit.enter(session, &renewed),
                None => visit.cookies.push(Cookie::Session.clear(app)),
            }
        }
        if visit.session.is_none() {
            let sent = Cookie::Browser.sent(app, headers);
            visit.bind(sent.as_ref().map(SecretString::expose_secret));
        }
        Ok(visit)
    }

    /// From now on this session is the browser's.
    pub(crate) fn begin(&mut self, begun: Begun) {
        self.cookies.clear();
        self.enter(begun.session, &begun.cookie);
    }

    /// The browser has no session any more.
    pub(crate) fn end(&mut self) {
        self.session = None;
        self.cookies = vec![Cookie::Session.clear(&self.app)];
        self.bind(None);
    }

    /// The token of a form about these texts.
    pub(crate) fn form_token(&self, texts: &[&str]) -> String {
        self.app.service.identity().form_token(&self.binding, texts)
    }

    /// Whether a form about these texts was shown in this browser.
    pub(crate) fn is_form_token(&self, token: &str, texts: &[&str]) -> bool {
        self.app.service.identity().is_form_token(token, &self.binding, texts)
    }

    /// The answer, with the cookies that belong to it.
    pub(crate) fn answer(self, mut response: Response) -> Response {
        for cookie in self.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn enter(&mut self, session: Session, cookie: &SecretString) {
        self.cookies.push(Cookie::Session.set(&self.app, cookie));
        session.binding().clone_into(&mut self.binding);
        self.session = Some(session);
    }

    fn bind(&mut self, sent: Option<&str>) {
        let lawful = |sent: &&str| {
            !sent.is_empty()
                && sent.len() <= BINDING_MAX_BYTES
                && sent.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if let Some(sent) = sent.filter(lawful) {
            sent.clone_into(&mut self.binding);
        } else {
            self.binding = Identity::new_binding();
            let cookie = SecretString::from(self.binding.as_str());
            self.cookies.push(Cookie::Browser.set(&self.app, &cookie));
        }
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Instead> {
        Self::of(app, parts).await
    }
}
