//! Addresses that apps may name: where a browser is sent with a code in its hand.

use crate::admin::AdminError;
use dayend_engine::codes::shortened;

/// The longest address.
const URL_MAX_BYTES: usize = 2048;
/// Schemes that run something instead of going somewhere.
const NEVER: [&str; 7] = ["javascript", "data", "vbscript", "file", "blob", "about", "view-source"];
/// Hosts that are this very machine: nobody listens in between.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Refuses an address to which no browser should be sent. `any_scheme`: it may be a program's own scheme.
pub(super) fn check_url(what: &str, url: &str, any_scheme: bool) -> Result<(), AdminError> {
    let refused = |why: &str| {
        Err(AdminError::Invalid(format!("`{}` cannot be a {what}: {why}", shortened(url))))
    };
    if url.len() > URL_MAX_BYTES {
        return refused("it is too long");
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}*".contains(&byte)) {
        return refused("it holds characters that must be percent-encoded");
    }
    if url.contains('#') {
        return refused("it has a fragment");
    }
    let Some((scheme, rest)) = url.split_once(':') else { return refused("it has no scheme") };
    let lower = scheme.to_ascii_lowercase();
    let shaped = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !shaped || NEVER.contains(&lower.as_str()) {
        return refused("its scheme is not allowed");
    }
    if lower != "https" && lower != "http" {
        return if any_scheme && !rest.is_empty() {
            Ok(())
        } else {
            refused("its scheme is not https")
        };
    }
    let Some(authority) = authority(rest) else { return refused("it has no host") };
    if authority.contains('@') {
        return refused("it holds a user name");
    }
    if lower == "http" && !any_scheme && !LOOPBACK.contains(&host_of(authority)) {
        return refused("its scheme is not https");
    }
    Ok(())
}

/// Refuses what is no origin: a scheme, a host, and a port that is not the usual one.
pub(super) fn check_origin(origin: &str) -> Result<(), AdminError> {
    let (scheme, rest) = origin.split_once("://").unwrap_or_default();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let plain = rest.bytes().all(|byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_:[]".contains(&byte)
    });
    let lawful = matches!(scheme, "https" | "http")
        && plain
        && !host_of(rest).is_empty()
        && !rest.ends_with(usual)
        && origin.len() <= URL_MAX_BYTES;
    if lawful {
        return Ok(());
    }
    Err(AdminError::Invalid(format!(
        "`{}` is no origin as browsers send it: `https://host` or `https://host:port`, in lower case",
        shortened(origin)
    )))
}

/// What stands between the two slashes and the path.
fn authority(rest: &str) -> Option<&str> {
    let authority = rest.strip_prefix("//")?.split(['/', '?']).next()?;
    (!host_of(authority).is_empty()).then_some(authority)
}

fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(_) => authority.find(']').and_then(|end| authority.get(..=end)).unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_goes_over_tls_or_stays_on_the_machine() {
        let long = format!("https://h/{}", "x".repeat(URL_MAX_BYTES));
        #[rustfmt::skip]
        let cases = [
            ("https://app.example/callback",        false, true),
            ("https://app.example:8443/a?b=c",      false, true),
            ("http://127.0.0.1:8080/",              false, true),
            ("http://[::1]:8080/",                  false, true),
            ("http://localhost/",                   false, true),
            ("http://app.example/",                 false, false),
            ("http://app.example/",                 true,  true),
            ("http://localhost.evil.example/",      false, false),
            ("http://127.0.0.1@evil.example/",      false, false),
            ("https://user@app.example/",           false, false),
            ("com.bank.app:/callback",              false, false),
            ("com.bank.app:/callback",              true,  true),
            ("javascript:alert(1)",                 true,  false),
            ("JavaScript:alert(1)",                 true,  false),
            ("data:text/html,x",                    true,  false),
            ("https://app.example/#x",              false, false),
            ("https://*.example/",                  false, false),
            ("https:///path",                       false, false),
            ("https://",                            false, false),
            ("https:app.example",                   false, false),
            ("//app.example/",                      false, false),
            ("/callback",                           false, false),
            ("https://app.example/ b",              false, false),
            ("https://app.example/\r\nx",           false, false),
            ("https://ex\u{e4}mple/",               false, false),
            ("",                                    false, false),
            (&long,                                 false, false),
        ];
        for (url, any_scheme, want) in cases {
            assert_eq!(check_url("redirect URI", url, any_scheme).is_ok(), want, "{url}");
        }
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in [
            "https://app.example",
            "https://app.example:8443",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            assert!(check_origin(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "ftp://x",
            "https://",
            "https://a b",
            "app.example",
        ] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }
}
