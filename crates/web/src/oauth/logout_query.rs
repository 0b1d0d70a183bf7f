//! Reading a log-out request, byte by byte.

use super::authorize_query::decoded;
use dayend_identity::sessions::LogOutRequest;

/// The request in a query; none if a parameter of it is repeated.
pub(super) fn read_log_out(query: &str) -> Option<LogOutRequest> {
    let mut request = LogOutRequest::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value);
        if value.is_empty() {
            continue;
        }
        let text = || String::from_utf8(value.clone()).ok();
        let repeated = match name {
            "id_token_hint" => request.id_token_hint.replace(text()?).is_some(),
            "post_logout_redirect_uri" => {
                request.post_logout_redirect_uri.replace(text()?).is_some()
            }
            "state" => request.state.replace(value).is_some(),
            _ => false,
        };
        if repeated {
            return None;
        }
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_no_request() {
        let request =
            read_log_out("id_token_hint=a.b.c&state=%FF&x=1&x=2&post_logout_redirect_uri=")
                .unwrap();
        assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
        assert_eq!(request.state.as_deref(), Some(&b"\xff"[..]));
        assert_eq!(request.post_logout_redirect_uri, None);
        assert_eq!(read_log_out("state=a&state=b"), None);
        assert_eq!(read_log_out(""), Some(LogOutRequest::default()));
    }
}
