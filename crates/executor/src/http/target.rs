//! The URL of a request: parameters stay inside their place in it, and connections inside their base.

use dayend_engine::params::{Params, Piece, pieces};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

/// Everything but the unreserved characters of RFC 3986: safe in a path segment and in a query value.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest URL that a request can carry.
const URL_MAX_BYTES: usize = 65_000;

/// The URL that a task's text means, below the connection's base if there is one.
pub(super) fn build(written: &str, base: Option<&str>, params: &Params) -> Result<Url, String> {
    if written.contains(|letter: char| letter.is_control()) {
        return Err("the URL holds control characters".to_owned());
    }
    let whole = is_whole(written);
    check_parameters(written, whole, params)?;
    let filled =
        params.fill_with(written, |_, value| utf8_percent_encode(value, ENCODED).to_string());
    check_segments(&filled)?;
    match base {
        None if whole => parse(&filled),
        None => Err("the URL is not a whole one and the task has no connection".to_owned()),
        Some(base) => below(base, &filled, whole),
    }
}

/// Whether the text is more than a path: it has a scheme.
fn is_whole(written: &str) -> bool {
    let Some((scheme, _)) = written.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// No parameter may choose the host, and none may smuggle in a line.
fn check_parameters(written: &str, whole: bool, params: &Params) -> Result<(), String> {
    let is_known = |name: &str| params.declared.contains_key(name);
    let authority = if whole { authority_length(written) } else { 0 };
    let head = written.get(..authority).unwrap_or_default();
    // A placeholder that only begins in front of the path also counts.
    let mut at = 0;
    for piece in pieces(written, is_known) {
        match piece {
            Piece::Literal(text) => at += text.len(),
            Piece::Name(name) => {
                if at < head.len() {
                    return Err(format!(
                        "${name}$ stands in the scheme or host of the URL, where no parameter may be"
                    ));
                }
                let value = params.declared.get(name).map(String::as_str).unwrap_or_default();
                if value.contains(['\r', '\n', '\0']) {
                    return Err(format!(
                        "the value of ${name}$ holds a line break or NUL, which no URL may"
                    ));
                }
                at += name.len() + 2;
            }
        }
    }
    Ok(())
}

/// How much of the text is scheme, user, host and port.
fn authority_length(written: &str) -> usize {
    let start = written.find("://").map_or(0, |at| at + 3);
    let rest = written.get(start..).unwrap_or_default();
    start + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())
}

/// Dot segments would be resolved, and so could leave the directory that the author wrote.
fn check_segments(filled: &str) -> Result<(), String> {
    let path = filled.split(['?', '#']).next().unwrap_or_default();
    let is_dots = |segment: &str| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    if path.split(['/', '\\']).any(is_dots) {
        Err("the URL's path holds `.` or `..`".to_owned())
    } else {
        Ok(())
    }
}

fn below(base: &str, filled: &str, whole: bool) -> Result<Url, String> {
    let base_url = parse(base).map_err(|reason| format!("the connection's base: {reason}"))?;
    let root = base_url.path().trim_end_matches('/').to_owned();
    let url = if whole {
        parse(filled)?
    } else {
        let base_text = base_url.as_str().split(['?', '#']).next().unwrap_or_default();
        let rest = filled.trim_start_matches(['/', '\\']);
        let separator = if rest.starts_with('?') { "" } else { "/" };
        parse(&format!("{}{separator}{rest}", base_text.trim_end_matches('/')))?
    };
    let inside = url.path() == root
        || url.path().strip_prefix(&root).is_some_and(|rest| rest.starts_with('/'));
    if url.origin() == base_url.origin() && inside {
        Ok(url)
    } else {
        Err("the URL is not below the connection's base".to_owned())
    }
}

/// Parses a whole URL of a kind that tasks may use.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| format!("the URL cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the URL is neither http nor https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the URL holds a user or password; use the secret headers of a connection".to_owned()
        );
    }
    url.set_fragment(None);
    let length = url.as_str().len();
    if length > URL_MAX_BYTES {
        return Err(format!(
            "the URL is {length} bytes long, more than the {URL_MAX_BYTES} that a request can carry: long values belong in the body"
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stays_in_its_place() {
        let params = Params {
            declared: [
                ("D", "2026-10-30"),
                ("SLASH", "a/b?c=d&e#f"),
                ("UP", ".."),
                ("PCT", "%2e%2e"),
                ("NL", "a\r\nHost: x"),
                ("NUL", "\0"),
                ("HOST", "evil.example"),
                ("SHELL", "; id $(id) `id`"),
                ("U", "größe"),
                ("BACK", "a\\b"),
                ("AT", "@evil.example"),
                ("EMPTY", ""),
                ("LONG", &"x".repeat(100_000)),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            ..Params::default()
        };
        let base = Some("https://h.example/api");
        #[rustfmt::skip]
        let cases = [
            ("https://h.example/$D$/x?d=$D$", None, Ok("https://h.example/2026-10-30/x?d=2026-10-30")),
            ("https://h.example/$SLASH$", None, Ok("https://h.example/a%2Fb%3Fc%3Dd%26e%23f")),
            ("https://h.example/?q=$SLASH$&r=1", None, Ok("https://h.example/?q=a%2Fb%3Fc%3Dd%26e%23f&r=1")),
            ("https://h.example/$SHELL$", None, Ok("https://h.example/%3B%20id%20%24%28id%29%20%60id%60")),
            ("https://h.example/$U$", None, Ok("https://h.example/gr%C3%B6%C3%9Fe")),
            ("https://h.example/$PCT$/x", None, Ok("https://h.example/%252e%252e/x")),
            ("https://h.example/$BACK$", None, Ok("https://h.example/a%5Cb")),
            ("https://h.example/$EMPTY$", None, Ok("https://h.example/")),
            ("https://h.example/$UP$/x", None, Err("`..`")),
            ("https://h.example/a/../x", None, Err("`..`")),
            ("https://h.example/%2e%2E/x", None, Err("`..`")),
            ("https://h.example/$NL$", None, Err("$NL$ holds a line break")),
            ("https://h.example/?x=$NUL$", None, Err("$NUL$ holds a line break or NUL")),
            ("https://$HOST$/x", None, Err("$HOST$ stands in the scheme or host")),
            ("https://h.example$AT$/x", None, Err("$AT$ stands in the scheme or host")),
            ("https://h.example:80$AT$", None, Err("$AT$ stands in the scheme or host")),
            ("https://user:pw@h.example/", None, Err("user or password")),
            ("file:///etc/passwd", None, Err("neither http nor https")),
            ("gopher://h.example/", None, Err("neither http nor https")),
            ("/path", None, Err("no connection")),
            ("https://h.example/a\nb", None, Err("control characters")),
            ("v1/$D$", base, Ok("https://h.example/api/v1/2026-10-30")),
            ("/v1/x?y=$D$", base, Ok("https://h.example/api/v1/x?y=2026-10-30")),
            ("", base, Ok("https://h.example/api/")),
            ("?x=1", base, Ok("https://h.example/api?x=1")),
            ("//evil.example/x", base, Ok("https://h.example/api/evil.example/x")),
            ("\\\\evil.example/x", base, Ok("https://h.example/api/evil.example/x")),
            ("../admin", base, Err("`..`")),
            ("$UP$/admin", base, Err("`..`")),
            ("https://h.example/api/x", base, Ok("https://h.example/api/x")),
            ("https://h.example/apix", base, Err("not below")),
            ("https://evil.example/api/x", base, Err("not below")),
            ("http://h.example/api/x", base, Err("not below")),
            ("x#fragment", base, Ok("https://h.example/api/x")),
            ("https://h.example/$LONG$", None, Err("the URL is 100018 bytes long, more than the 65000")),
            ("x?y=$LONG$", base, Err("long values belong in the body")),
        ];
        for (written, base, want) in cases {
            match (build(written, base, &params), want) {
                (Ok(got), Ok(want)) => assert_eq!(got.as_str(), want, "{written}"),
                (Err(got), Err(want)) => assert!(got.contains(want), "{written}: {got}"),
                (got, want) => panic!("{written}: {got:?}, not {want:?}"),
            }
        }
    }
}
