//! What a page may do: nothing but look like the style sheet says, and send its forms to us.

use axum::http::HeaderValue;

/// A page whose forms lead nowhere else.
pub(super) fn own() -> HeaderValue {
    policy("")
}

/// A page whose form may end at the redirect URI of an app: browsers apply `form-action` to redirects as well.
pub(super) fn leading_to(redirect_uri: &str) -> HeaderValue {
    policy(&format!(" {}", source(redirect_uri)))
}

fn policy(more: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'{more}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).expect("sources are visible ASCII")
}

/// The origin of a redirect URI; of what has no plain host and port, the scheme.
fn source(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("https", ""));
    let scheme: String = scheme
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
        .collect();
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    let plain = |authority: &&str| {
        !authority.is_empty()
            && authority
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
    };
    match authority.filter(plain).filter(|_| matches!(scheme.as_str(), "https" | "http")) {
        Some(authority) => format!("{scheme}://{authority}"),
        None => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_end_at_the_apps_origin_and_nowhere_else() {
        #[rustfmt::skip]
        let cases = [
            ("https://app.example/cb?x=1",          "https://app.example"),
            ("http://127.0.0.1:51004/cb",           "http://127.0.0.1:51004"),
            ("http://[::1]:51004/cb",               "http:"),
            ("com.example.app:/cb",                 "com.example.app:"),
            ("com.example.app://cb",                "com.example.app:"),
            ("https://app.example;script-src/cb",   "https:"),
            ("https://app.example,x/cb",            "https:"),
            ("x;y:/cb",                             "xy:"),
        ];
        for (uri, want) in cases {
            assert_eq!(source(uri), want, "{uri}");
        }
    }
}
