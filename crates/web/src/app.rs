//! What every handler is given.

use crate::body::Room;
use crate::server::ProxyRange;
use crate::ui::Mailer;
use dayend_service::use_cases::Service;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bodies of ordinary requests are refused beyond this size.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;
/// Definition files, all of one `apply` together, are refused beyond this size.
pub const DEFINITIONS_LIMIT_BYTES: usize = dayend_service::definitions::REQUEST_TEXT_MAX_BYTES;
/// The bodies of all requests that are not answered yet take at most so much memory, together.
pub const BODIES_BYTES: usize = 128 * 1024 * 1024;
/// As [`BODIES_BYTES`], of those who have shown no access token.
const STRANGERS_BODIES_BYTES: usize = 32 * 1024 * 1024;
/// Letters on their way; more are not written.
const LETTERS_MAX: usize = 16;
/// First path segments that are ours: a base path cannot begin with one.
const OWN_SEGMENTS: [&str; 12] = [
    "p",
    "SchedulerService",
    "rest-api",
    "api",
    "oauth2",
    "admin",
    "ui",
    "ws",
    ".well-known",
    "ca.pem",
    "health",
    "ready",
];

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub service: Arc<Service>,
    pub settings: Arc<WebSettings>,
    /// For the bodies of callers who have shown an access token.
    pub(crate) room: Arc<Room>,
    /// For those of others.
    pub(crate) strangers_room: Arc<Room>,
    /// None: no mail is sent.
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    /// One permit for each letter on its way.
    pub(crate) letters: Arc<Semaphore>,
}

impl App {
    /// The state of a router over these use cases.
    pub fn new(service: Arc<Service>, settings: WebSettings) -> Self {
        let room = Room::new(settings.bodies_bytes);
        let strangers_room = Room::new(STRANGERS_BODIES_BYTES);
        Self {
            service,
            settings: Arc::new(settings),
            room,
            strangers_room,
            mailer: None,
            letters: Arc::new(Semaphore::new(LETTERS_MAX)),
        }
    }

    /// The same, with somebody who sends letters.
    #[must_use]
    pub fn with_mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What the HTTP faces need to know about where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Scheme, authority and base path, without a slash at the end; never taken from `Host`.
    pub base_url: String,
    /// The path of `base_url`: empty, or `/` and segments. Every route answers below it, and at the root as well.
    pub base_path: String,
    /// The certificate authority that callers must trust; none with plain HTTP or somebody else's certificate.
    pub ca_pem: Option<String>,
    pub body_limit_bytes: usize,
    pub definitions_limit_bytes: usize,
    /// Where large bodies are kept while they are read.
    pub spool_dir: PathBuf,
    /// The memory for the bodies of all callers together.
    pub bodies_bytes: usize,
    /// Proxies whose word about the addresses of callers is believed.
    pub trusted_proxies: Vec<ProxyRange>,
    /// The app for which the Unifier call issues tokens; none: there is no such call.
    pub unifier_client: Option<String>,
}

/// Why a text is no base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    #[error("a base URL begins with https:// or http:// and a host")]
    NoHost,
    #[error("a base URL has neither a query, a fragment nor a user in it")]
    Extras,
    #[error(
        "the path of a base URL consists of segments of letters, digits, `.`, `_`, `~` and `-`"
    )]
    Path,
    #[error("the path of a base URL cannot begin with `/{0}`: the server's own paths do")]
    OwnPath(String),
}

impl WebSettings {
    /// Settings with the usual limits; the base path is the URL's path.
    pub fn new(base_url: &str, ca_pem: Option<String>) -> Result<Self, BadBaseUrl> {
        let base_url = base_url.trim_end_matches('/');
        let rest = base_url.strip_prefix("https://").or_else(|| base_url.strip_prefix("http://"));
        let (authority, path) = match rest.ok_or(BadBaseUrl::NoHost)? {
            rest if rest.contains(['?', '#', '@']) => return Err(BadBaseUrl::Extras),
            rest => rest.split_once('/').unwrap_or((rest, "")),
        };
        if authority.is_empty()
            || authority.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        {
            return Err(BadBaseUrl::NoHost);
        }
        Ok(Self {
            base_url: base_url.to_owned(),
            base_path: base_path(path)?,
            ca_pem,
            body_limit_bytes: BODY_LIMIT_BYTES,
            definitions_limit_bytes: DEFINITIONS_LIMIT_BYTES,
            spool_dir: std::env::temp_dir(),
            bodies_bytes: BODIES_BYTES,
            trusted_proxies: Vec::new(),
            unifier_client: None,
        })
    }
}

fn base_path(path: &str) -> Result<String, BadBaseUrl> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "._~-".contains(letter);
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.chars().all(is_letter) && !matches!(segment, "." | "..")
    };
    if !path.split('/').all(is_segment) {
        return Err(BadBaseUrl::Path);
    }
    match path.split('/').next().filter(|first| OWN_SEGMENTS.contains(first)) {
        Some(first) => Err(BadBaseUrl::OwnPath(first.to_owned())),
        None => Ok(format!("/{path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_the_path_of_the_base_url() {
        let cases = [
            ("https://h:8443", Ok(("https://h:8443", ""))),
            ("https://h:8443/", Ok(("https://h:8443", ""))),
            ("http://[::1]:80/a/b-c/", Ok(("http://[::1]:80/a/b-c", "/a/b-c"))),
            ("https://", Err(BadBaseUrl::NoHost)),
            ("ftp://h", Err(BadBaseUrl::NoHost)),
            ("h:8443", Err(BadBaseUrl::NoHost)),
            ("https://h /x", Err(BadBaseUrl::NoHost)),
            ("https://u:p@h", Err(BadBaseUrl::Extras)),
            ("https://h/x?y", Err(BadBaseUrl::Extras)),
            ("https://h/x#y", Err(BadBaseUrl::Extras)),
            ("https://h/a//b", Err(BadBaseUrl::Path)),
            ("https://h/../b", Err(BadBaseUrl::Path)),
            ("https://h/{x}", Err(BadBaseUrl::Path)),
            ("https://h/api/x", Err(BadBaseUrl::OwnPath("api".to_owned()))),
        ];
        for (url, want) in cases {
            let got =
                WebSettings::new(url, None).map(|settings| (settings.base_url, settings.base_path));
            assert_eq!(got, want.map(|(url, path)| (url.to_owned(), path.to_owned())), "{url}");
        }
    }
}
