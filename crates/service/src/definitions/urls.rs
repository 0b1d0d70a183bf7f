//! Checks URLs: absolute or below a connection's base, and never with a secret inside.

use super::limits::URL_MAX_BYTES;
use dayend_engine::params::names;

/// What is wrong with the URL of a task.
pub(super) fn problem_of_task_url(url: &str, has_connection: bool) -> Option<String> {
    if let Some(problem) = problem_of_any(url) {
        return Some(problem);
    }
    let absolute = split_scheme(url, &["http", "https"]);
    match (absolute, has_connection) {
        (Some(_), true) => {
            Some("with a connection the URL must be a path below the connection's base, such as `/jobs/load`".to_owned())
        }
        (Some(rest), false) => problem_of_authority(authority(rest)),
        (None, false) => Some("the URL must begin with `http://` or `https://`, or be a path below a `connection`".to_owned()),
        (None, true) => problem_of_path(url),
    }
}

/// What is wrong with the base URL of an HTTP connection.
pub(super) fn problem_of_base(url: &str) -> Option<String> {
    if let Some(problem) = problem_of_any(url) {
        return Some(problem);
    }
    if !names(url).is_empty() {
        return Some("the base of a connection must not hold a placeholder".to_owned());
    }
    if url.contains('?') {
        return Some("the base of a connection must not have a query".to_owned());
    }
    match split_scheme(url, &["http", "https"]) {
        Some(rest) => problem_of_authority(authority(rest)),
        None => Some("the base must begin with `http://` or `https://`".to_owned()),
    }
}

/// What is wrong with the URL of a PostgreSQL connection.
pub(super) fn problem_of_postgres(url: &str) -> Option<String> {
    if let Some(problem) = problem_of_any(url) {
        return Some(problem);
    }
    if !names(url).is_empty() {
        return Some("the URL of a connection must not hold a placeholder".to_owned());
    }
    let Some(rest) = split_scheme(url, &["postgres", "postgresql"]) else {
        return Some("the URL must begin with `postgres://`".to_owned());
    };
    let (user, host) = authority(rest).rsplit_once('@').unwrap_or(("", authority(rest)));
    let query = rest.split_once('?').map_or("", |(_, query)| query).to_ascii_lowercase();
    if user.contains(':')
        || query
            .split('&')
            .any(|pair| pair.split('=').next().is_some_and(|key| key.contains("pass")))
    {
        return Some("the URL must not hold a password: name its place in `password: {env: …}` or `{file: …}`".to_owned());
    }
    if host.is_empty() && query.split('&').any(|pair| pair.starts_with("host=")) {
        return None;
    }
    problem_of_authority(host)
}

fn problem_of_any(url: &str) -> Option<String> {
    if url.len() > URL_MAX_BYTES {
        return Some(format!(
            "the URL has {} bytes, at most {URL_MAX_BYTES} are allowed",
            url.len()
        ));
    }
    if !url.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !br#"\<>"`^"#.contains(&byte)) {
        return Some(
            "the URL may hold only visible ASCII characters: percent-encode the others".to_owned(),
        );
    }
    url.contains('#')
        .then(|| "the URL must not have a fragment: remove `#` and what follows".to_owned())
}

/// What follows `scheme://`, if the scheme is one of these.
fn split_scheme<'u>(url: &'u str, schemes: &[&str]) -> Option<&'u str> {
    let (scheme, rest) = url.split_once("://")?;
    schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn problem_of_authority(authority: &str) -> Option<String> {
    if authority.contains('@') {
        return Some(
            "the URL must not hold a user or password: use `secret_headers` of an http connection"
                .to_owned(),
        );
    }
    if authority.contains('$') {
        return Some(
            "the host must not hold a placeholder: whoever triggers a run would choose the target"
                .to_owned(),
        );
    }
    let end_of_address = authority.rfind(']').map_or(0, |at| at + 1);
    let (address, tail) = authority.split_at(end_of_address);
    let (name, port) = tail.split_once(':').map_or((tail, None), |(name, port)| (name, Some(port)));
    let good_address = if address.is_empty() {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    } else {
        let inner = address.trim_start_matches('[').trim_end_matches(']');
        name.is_empty() && address.starts_with('[') && inner.parse::<std::net::Ipv6Addr>().is_ok()
    };
    let good_port = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    (!good_address || !good_port).then(|| "the URL has no valid host and port".to_owned())
}

fn problem_of_path(url: &str) -> Option<String> {
    let path = url.split('?').next().unwrap_or_default();
    if url.contains("://") || path.starts_with("//") {
        return Some("with a connection the URL must be a path below the connection's base, such as `/jobs/load`".to_owned());
    }
    let climbs = path
        .split('/')
        .any(|part| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."));
    climbs.then(|| "the path must not hold `.` or `..`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_url_is_absolute_or_below_a_connection() {
        let cases = [
            ("https://host/load", false, true),
            ("http://127.0.0.1:8080/load/$FICMISDATE$?d=$D$", false, true),
            ("HTTPS://host", false, true),
            ("https://[::1]:8443/x", false, true),
            ("/load/$FICMISDATE$", true, true),
            ("load?x=1", true, true),
            ("/load", false, false),
            ("https://host/load", true, false),
            ("//host/load", true, false),
            ("/a/../admin", true, false),
            ("/a/%2E%2e/admin", true, false),
            ("ftp://host/x", false, false),
            ("ftp://host/x", true, false),
            ("https://user:pw@host/", false, false),
            ("https://$HOST$/x", false, false),
            ("https://host:0/", false, false),
            ("https://host:99999/", false, false),
            ("https://host:+1/", false, false),
            ("https:///x", false, false),
            ("https://[::1/x", false, false),
            ("https://host/a b", false, false),
            ("https://host\\@evil/", false, false),
            ("https://host/\r\nX: y", false, false),
            ("https://höst/", false, false),
            ("https://host/#part", false, false),
        ];
        for (url, has_connection, good) in cases {
            let problem = problem_of_task_url(url, has_connection);
            assert_eq!(problem.is_none(), good, "{url}: {problem:?}");
        }
    }

    #[test]
    fn a_connection_url_holds_no_secret_and_no_placeholder() {
        let cases = [
            (problem_of_base("https://host/api"), true),
            (problem_of_base("https://host/$A$"), false),
            (problem_of_base("https://host/?key=1"), false),
            (problem_of_base("https://u@host/"), false),
            (problem_of_base("host/api"), false),
            (
                problem_of_postgres("postgres://ledger@db.bank:5432/ledger?sslmode=verify-full"),
                true,
            ),
            (problem_of_postgres("postgresql://db/ledger"), true),
            (problem_of_postgres("postgres:///ledger?host=/run/postgresql"), true),
            (problem_of_postgres("postgres://ledger:secret@db/ledger"), false),
            (problem_of_postgres("postgres://db/ledger?Password=secret"), false),
            (problem_of_postgres("postgres://db/ledger?x=1&sslpassword=secret"), false),
            (problem_of_postgres("postgres://$DB$/ledger"), false),
            (problem_of_postgres("postgres:///ledger"), false),
            (problem_of_postgres("mysql://db/ledger"), false),
            (problem_of_postgres("host=db dbname=ledger"), false),
        ];
        for (at, (problem, good)) in cases.into_iter().enumerate() {
            assert_eq!(problem.is_none(), good, "case {at}: {problem:?}");
        }
    }
}
