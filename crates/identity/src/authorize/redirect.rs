//! Where an answer may go: to a redirect URI that is registered for the app, compared as a whole text.

use super::answer::{AuthorizeError, Redirection};

/// The longest redirect URI.
const URI_MAX_BYTES: usize = 2048;

/// Where answers go, and what every answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) uri: String,
    pub(super) state: Option<Vec<u8>>,
    pub(super) issuer: String,
}

impl Target {
    /// The answer to a request that was refused.
    pub(super) fn refused(&self, error: &str, description: &str) -> AuthorizeError {
        let told = [("error", error), ("error_description", description)];
        AuthorizeError::Redirected(self.with(told.map(|(name, text)| (name, text.into())).into()))
    }

    /// The answer with a code.
    pub(super) fn with_code(&self, code: &str) -> Redirection {
        self.with(vec![("code", code.into())])
    }

    /// RFC 9207: whoever answers says who it is.
    fn with(&self, mut parameters: Vec<(&'static str, Vec<u8>)>) -> Redirection {
        parameters.extend(self.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", self.issuer.clone().into_bytes()));
        Redirection { redirect_uri: self.uri.clone(), parameters }
    }
}

/// Whether answers may go to `asked`. `native`: apps on people's own machines may use any port of the loopback address.
pub(super) fn is_registered(registered: &[String], asked: &str, native: bool) -> bool {
    if asked.len() > URI_MAX_BYTES || !is_plain(asked) {
        return false;
    }
    registered.iter().any(|known| {
        known == asked || (native && same_but_port(known, asked)) && !asked.contains('#')
    })
}

/// Visible ASCII without what browsers and servers read differently.
fn is_plain(uri: &str) -> bool {
    uri.bytes().all(|byte| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'#')
    })
}

/// RFC 8252 section 7.3: only the port may differ, and only of a loopback address (or its name) over plain HTTP.
fn same_but_port(known: &str, asked: &str) -> bool {
    let (Some(known), Some(asked)) = (loopback(known), loopback(asked)) else { return false };
    known == asked
}

/// Host and what follows the authority.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let hosts = ["127.0.0.1", "[::1]", "localhost"];
    let host = hosts.into_iter().find(|host| authority.starts_with(host))?;
    let port = authority.strip_prefix(host)?;
    let lawful = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            (1..=5).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|port| port > 0)
        });
    lawful.then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_text_that_is_registered_is_a_redirect_uri() {
        let registered =
            ["https://app.example/cb".to_owned(), "https://app.example/cb?a=1".to_owned()];
        for good in &registered {
            assert!(is_registered(&registered, good, false), "{good}");
        }
        #[rustfmt::skip]
        let bad = [
            "", "https://app.example/cb/", "https://app.example/CB", "https://APP.example/cb", "HTTPS://app.example/cb",
            "https://app.example:443/cb", "https://app.example/cb?", "https://app.example/cb?x=1", "https://app.example/cb#",
            "https://app.example/cb#x", "https://app.example/%63b", "https://app.example/./cb", "https://app.example//cb",
            "https://app.example/x/../cb", "https://app.example/%2e/cb", "https://user@app.example/cb",
            "https://app.example@evil.example/cb", "https://app.example.evil.example/cb", "https://evil.example/cb",
            "https://app.example\\@evil.example/cb", "https://app.example/cb\r\nSet-Cookie: a=b", "//app.example/cb",
            "http://app.example/cb", "javascript:alert(1)", "https://app.example/cb ", " https://app.example/cb",
            "https://аpp.example/cb", "https://app.example/cb\0", "data:text/html,x",
        ];
        for uri in bad {
            for native in [false, true] {
                assert!(!is_registered(&registered, uri, native), "{uri}");
            }
        }
        assert!(!is_registered(&["https://a.example/#f".to_owned()], "https://a.example/#f", true));
    }

    #[test]
    fn a_native_app_may_use_any_port_of_the_loopback_address() {
        let registered = ["http://127.0.0.1/cb".to_owned(), "http://[::1]:1/cb?x=1".to_owned()];
        #[rustfmt::skip]
        let cases = [
            ("http://127.0.0.1:51004/cb",     true),
            ("http://127.0.0.1/cb",           true),
            ("http://[::1]:65535/cb?x=1",     true),
            ("http://127.0.0.1:0/cb",         false),
            ("http://127.0.0.1:65536/cb",     false),
            ("http://127.0.0.1:+80/cb",       false),
            ("http://127.0.0.1:/cb",          false),
            ("http://127.0.0.1:80/CB",        false),
            ("http://localhost:80/cb",        false),
            ("http://127.0.0.1.evil.example/cb", false),
            ("http://127.0.0.1:80@evil.example/cb", false),
            ("https://127.0.0.1:80/cb",       false),
            ("http://127.0.0.2:80/cb",        false),
        ];
        for (uri, want) in cases {
            assert_eq!(is_registered(&registered, uri, true), want, "{uri}");
        }
        assert!(!is_registered(&registered, "http://127.0.0.1:51004/cb", false));
    }
}
