//! The token request, case by case.

use super::*;
use secrecy::ExposeSecret as _;

const FORM_UTF8: &str = "application/x-www-form-urlencoded;charset=UTF-8";

/// `app:s3cret`.
const BASIC: &str = "Basic YXBwOnMzY3JldA==";

fn headers(content_type: &str, authorization: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    for value in authorization {
        headers.append(header::AUTHORIZATION, value.parse().unwrap());
    }
    headers
}

/// One line that shows everything that was understood, secrets too.
fn shown(result: Result<TokenRequest, Refused>) -> String {
    let secret =
        |secret: Option<SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
    match result {
        Err(refused) => format!("{:?} basic={}", refused.error, refused.tried_basic),
        Ok(request) => {
            let client = request
                .client
                .map(|client| (client.client_id, secret(client.secret), client.basic));
            let rest = (
                request.scope,
                request.username,
                secret(request.password),
                secret(request.refresh_token),
            );
            format!("{} {client:?} {rest:?}", request.grant_type)
        }
    }
}

#[test]
fn a_token_request_is_read_whatever_way_the_client_authenticates() {
    let read_form = |authorization: &[&str], body: &str| {
        shown(read(&headers(FORM_UTF8, authorization), None, body.as_bytes()))
    };
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &str, &str); 12] = [
        ("Basic and password", &[BASIC], "grant_type=password&username=u%40x&password=p+%26%2B%C3%A4&scope=a+b%20c",
         r#"password Some(("app", Some("s3cret"), true)) (Some("a b c"), Some("u@x"), Some("p &+ä"), None)"#),
        ("credentials in the body", &[], "grant_type=refresh_token&client_id=app&client_secret=s3&refresh_token=AgAg%3D%3D",
         r#"refresh_token Some(("app", Some("s3"), false)) (None, None, None, Some("AgAg=="))"#),
        ("unencoded padding", &[], "grant_type=refresh_token&refresh_token=AgAg==",
         r#"refresh_token None (None, None, None, Some("AgAg=="))"#),
        ("a public client", &[], "client_id=app&grant_type=x",
         r#"x Some(("app", None, false)) (None, None, None, None)"#),
        ("the same client named twice", &[BASIC], "client_id=app&grant_type=x",
         r#"x Some(("app", Some("s3cret"), true)) (None, None, None, None)"#),
        ("scheme in any case", &["bAsIc YXBwOnMzY3JldA=="], "grant_type=x",
         r#"x Some(("app", Some("s3cret"), true)) (None, None, None, None)"#),
        ("colons belong to the secret", &["Basic YTpiOmM6"], "grant_type=x",
         r#"x Some(("a", Some("b:c:"), true)) (None, None, None, None)"#),
        ("percent signs are left alone", &["Basic YSUyQjp4JTNB"], "grant_type=x",
         r#"x Some(("a%2B", Some("x%3A"), true)) (None, None, None, None)"#),
        ("no secret in the header", &["Basic YXBwOg=="], "grant_type=x",
         r#"x Some(("app", Some(""), true)) (None, None, None, None)"#),
        ("empty parameters are absent", &[], "grant_type=x&scope=&client_secret=&username",
         r"x None (None, None, None, None)"),
        ("unknown parameters are ignored", &[], "grant_type=x&foo=1&&=",
         r"x None (None, None, None, None)"),
        ("a literal %20 in a scope", &[], "grant_type=x&scope=a%2520b",
         r#"x None (Some("a%20b"), None, None, None)"#),
    ];
    for (name, authorization, body, want) in cases {
        assert_eq!(read_form(authorization, body), want, "{name}");
    }
}

#[test]
fn a_token_request_that_could_be_understood_two_ways_is_refused() {
    let read_form = |authorization: &[&str], body: &str| {
        shown(read(&headers(FORM_UTF8, authorization), None, body.as_bytes()))
    };
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &str, &str); 15] = [
        ("no grant type", &[], "scope=x", r#"InvalidRequest("the parameter `grant_type` is missing") basic=false"#),
        ("empty grant type", &[], "grant_type=", r#"InvalidRequest("the parameter `grant_type` is missing") basic=false"#),
        ("empty body", &[BASIC], "", r#"InvalidRequest("the parameter `grant_type` is missing") basic=true"#),
        ("repeated", &[], "grant_type=x&scope=a&scope=b", r#"InvalidRequest("the parameter `scope` is repeated") basic=false"#),
        ("repeated alike", &[], "grant_type=x&grant_type=x", r#"InvalidRequest("the parameter `grant_type` is repeated") basic=false"#),
        ("repeated in disguise", &[], "grant_type=x&gr%61nt_type=y", r#"InvalidRequest("the parameter `grant_type` is repeated") basic=false"#),
        ("repeated and empty", &[], "grant_type=x&scope=&scope=b", r#"InvalidRequest("the parameter `scope` is repeated") basic=false"#),
        ("two ways", &[BASIC], "grant_type=x&client_id=app&client_secret=s3cret",
         r#"InvalidRequest("the client authenticates in more than one way: the Authorization header, client_secret and client_assertion exclude each other") basic=true"#),
        ("two clients", &[BASIC], "grant_type=x&client_id=other", r#"InvalidRequest("client_id in the body is not that of the Authorization header") basic=true"#),
        ("a secret of nobody", &[], "grant_type=x&client_secret=s", r#"InvalidRequest("client_secret was sent without client_id") basic=false"#),
        ("an assertion", &[], "grant_type=x&client_assertion=eyJ",
         r#"InvalidRequest("client_assertion was sent without client_assertion_type") basic=false"#),
        ("no UTF-8", &[], "grant_type=x&password=%FF", r#"InvalidRequest("the body is not percent-encoded UTF-8") basic=false"#),
        ("two headers", &[BASIC, BASIC], "grant_type=x", r#"InvalidRequest("the request has more than one `Authorization` header") basic=true"#),
        ("controls do not reach messages", &[], "a%0d%0ab=1&a%0d%0ab=1", r#"InvalidRequest("the parameter `a\\u{d}\\u{a}b` is repeated") basic=false"#),
        ("a bearer token", &["Bearer abc"], "grant_type=x", "InvalidClient basic=true"),
    ];
    for (name, authorization, body, want) in cases {
        assert_eq!(read_form(authorization, body), want, "{name}");
    }
}

#[test]
fn a_basic_header_that_holds_no_pair_is_a_client_that_failed() {
    for value in [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YXBw",
        "Basic OnNlY3JldA==",
        "Basic /zph",
        "Basic YXBwOnMzY3JldA== x",
    ] {
        assert_eq!(
            shown(read(&headers(FORM_UTF8, &[value]), None, b"grant_type=x")),
            "InvalidClient basic=true",
            "{value}"
        );
    }
}

#[test]
fn only_forms_are_read() {
    for content_type in [
        "application/json",
        "multipart/form-data",
        "application/x-www-form-urlencoded; charset=latin1",
    ] {
        let result = shown(read(&headers(content_type, &[]), None, b"grant_type=x"));
        assert!(
            result
                .starts_with("InvalidRequest(\"the body must be application/x-www-form-urlencoded"),
            "{result}"
        );
    }
}

#[test]
fn secrets_in_the_url_are_refused_and_not_repeated() {
    for query in ["client_secret=hunter2", "a=b&passw%6Frd=hunter2", "refresh_token=hunter2"] {
        let result = shown(read(&headers(FORM_UTF8, &[]), Some(query), b"grant_type=x"));
        assert!(result.contains("must not stand in the URL"), "{result}");
        assert!(!result.contains("hunter2"), "{result}");
    }
    assert_eq!(
        shown(read(&headers(FORM_UTF8, &[]), Some("trace=1"), b"grant_type=x")),
        "x None (None, None, None, None)"
    );
}
