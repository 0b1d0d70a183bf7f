//! What RFC 9112 asks of the head of a request and hyper lets pass: who reads it differently ends the request elsewhere.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request, Version, header};

/// What is wrong with a request's head; answered with 400, and the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misframed(pub(super) &'static str);

/// Looks at the head of a request as it came over a connection.
pub(super) fn misframed<B>(request: &Request<B>) -> Option<Misframed> {
    // HTTP/2 has a frame for everything, and its library looks at them.
    if request.version() > Version::HTTP_11 {
        return None;
    }
    coding(request.headers()).or_else(|| host(request.version(), request.headers()))
}

/// RFC 9112 section 6.1: chunks within chunks, or a coding that is not undone here, leave the end of the body open.
fn coding(headers: &HeaderMap) -> Option<Misframed> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let length_too = headers.contains_key(header::CONTENT_LENGTH);
    match (codings.next(), codings.next()) {
        (None, _) => None,
        // If the length stands behind the coding, hyper drops it, and the connection after the answer.
        (Some(_), _) if length_too => {
            Some(Misframed("`Transfer-Encoding` and `Content-Length` exclude each other"))
        }
        (Some(one), None) if one.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => None,
        (Some(_), _) => Some(Misframed("`Transfer-Encoding` must be `chunked`, once")),
    }
}

/// RFC 9112 section 3.2: one `Host`, which names a host.
fn host(version: Version, headers: &HeaderMap) -> Option<Misframed> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => None,
        (Some(one), None) if is_host(one.as_bytes()) => None,
        _ => Some(Misframed("`Host` must be sent once, and name a host")),
    }
}

/// An empty one is allowed for targets without a host.
fn is_host(value: &[u8]) -> bool {
    value.is_empty()
        || Authority::try_from(value).is_ok_and(|authority| !authority.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case<'a> = (&'a str, Version, &'a [(&'a str, &'a str)], bool);

    #[test]
    fn a_head_that_can_be_read_in_two_ways_is_found() {
        let [v10, v11, v2] = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2];
        #[rustfmt::skip]
        let cases: [Case<'_>; 17] = [
            ("usual",                v11, &[("host", "bank.example:8443")],                 true),
            ("address",              v11, &[("host", "[::1]:8443")],                        true),
            ("empty host",           v11, &[("host", "")],                                  true),
            ("no host",              v11, &[],                                              false),
            ("no host, old",         v10, &[],                                              true),
            ("no host, HTTP/2",      v2,  &[],                                              true),
            ("two hosts",            v11, &[("host", "a"), ("host", "a")],                  false),
            ("two hosts, old",       v10, &[("host", "a"), ("host", "b")],                  false),
            ("a path in the host",   v11, &[("host", "a/b")],                               false),
            ("a user in the host",   v11, &[("host", "a@b")],                               false),
            ("two words",            v11, &[("host", "a b")],                               false),
            ("chunked",              v11, &[("host", "a"), ("transfer-encoding", "Chunked")], true),
            ("chunked twice",        v11, &[("host", "a"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], false),
            ("chunked in a list",    v11, &[("host", "a"), ("transfer-encoding", "chunked, chunked")], false),
            ("compressed, chunked",  v11, &[("host", "a"), ("transfer-encoding", "gzip, chunked")], false),
            ("chunked, of a length", v11, &[("host", "a"), ("content-length", "1"), ("transfer-encoding", "chunked")], false),
            ("nothing",              v11, &[("host", "a"), ("transfer-encoding", "")],      false),
        ];
        for (name, version, headers, good) in cases {
            let mut request = Request::builder().version(version).uri("/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            assert_eq!(misframed(&request.body(()).unwrap()).is_none(), good, "{name}");
        }
    }
}
