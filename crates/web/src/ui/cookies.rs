//! The two cookies: the session's, and the one to which forms are bound before there is a session.

use crate::app::App;
use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    Session,
    Browser,
}

impl Cookie {
    /// Over TLS the name itself makes browsers insist on `Secure`, on this host alone, and on the whole path.
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-dayend-session",
            (Self::Session, false) => "dayend-session",
            (Self::Browser, true) => "__Host-dayend-browser",
            (Self::Browser, false) => "dayend-browser",
        }
    }

    /// The value that the browser sent.
    pub(super) fn sent(self, app: &App, headers: &HeaderMap) -> Option<SecretString> {
        let name = self.name(is_secure(app));
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(sent, _)| *sent == name).map(|(_, value)| SecretString::from(value))
    }

    /// Gives the browser a value.
    pub(super) fn set(self, app: &App, value: &SecretString) -> HeaderValue {
        self.line(app, value.expose_secret(), "")
    }

    /// Takes the value from the browser.
    pub(super) fn clear(self, app: &App) -> HeaderValue {
        self.line(app, "", "; Max-Age=0")
    }

    fn line(self, app: &App, value: &str, more: &str) -> HeaderValue {
        let secure = is_secure(app);
        let name = self.name(secure);
        let attribute = if secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{attribute}{more}");
        let mut line = HeaderValue::from_str(&text).expect("our cookies are visible ASCII");
        line.set_sensitive(true);
        line
    }
}

fn is_secure(app: &App) -> bool {
    app.settings.base_url.starts_with("https://")
}
