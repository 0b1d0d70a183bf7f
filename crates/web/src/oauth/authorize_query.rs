//! Reading an authorization request: a pure function of the query, byte by byte.

use dayend_identity::authorize::AuthorizeRequest;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// RFC 8707 lets these be repeated; nothing is done with them here.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The request in a query. Parameters without a value count as absent (RFC 6749 section 3.1).
pub(crate) fn read_authorize(query: &str) -> AuthorizeRequest {
    let mut request = AuthorizeRequest::default();
    let mut seen = BTreeSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Ok(name), value) = (String::from_utf8(decoded(name)), decoded(value)) else {
            continue;
        };
        if !seen.insert(name.clone()) && !REPEATABLE.contains(&name.as_str()) {
            request.repeated.push(name);
        } else if !value.is_empty() {
            put(&mut request, &name, value);
        }
    }
    request
}

fn put(request: &mut AuthorizeRequest, name: &str, value: Vec<u8>) {
    if name == "state" {
        request.state = Some(value);
        return;
    }
    let place = match name {
        "client_id" => &mut request.client_id,
        "redirect_uri" => &mut request.redirect_uri,
        "response_type" => &mut request.response_type,
        "response_mode" => &mut request.response_mode,
        "scope" => &mut request.scope,
        "nonce" => &mut request.nonce,
        "prompt" => &mut request.prompt,
        "max_age" => &mut request.max_age,
        "login_hint" => &mut request.login_hint,
        "id_token_hint" => &mut request.id_token_hint,
        "code_challenge" => &mut request.code_challenge,
        "code_challenge_method" => &mut request.code_challenge_method,
        "request" => return request.request = true,
        "request_uri" => return request.request_uri = true,
        "registration" => return request.registration = true,
        _ => return,
    };
    match String::from_utf8(value) {
        Ok(text) => *place = Some(text),
        Err(_) => request.garbled = true,
    }
}

/// The bytes behind percent signs and plus signs.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let spaced: Cow<'_, str> =
        if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode(spaced.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = read_authorize(
            "response_type=code&client_id=a%2Bb&scope=openid+offline_access&state=%FF%00%2B+&&nonce=&x=1&x&resource=1&resource=2&request=x",
        );
        let want = AuthorizeRequest {
            response_type: Some("code".to_owned()),
            client_id: Some("a+b".to_owned()),
            scope: Some("openid offline_access".to_owned()),
            state: Some(b"\xff\0+ ".to_vec()),
            request: true,
            repeated: vec!["x".to_owned()],
            ..AuthorizeRequest::default()
        };
        assert_eq!(request, want);
        assert!(read_authorize("nonce=%FF").garbled);
    }
}
