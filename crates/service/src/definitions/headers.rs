//! HTTP headers of tasks and connections.

use super::fields::free_entries;
use super::limits::HEADER_VALUE_MAX_BYTES;
use super::node::{Node, Position};
use super::report::{Path, Report};
use super::scalars;
use dayend_engine::codes::shortened;
use dayend_engine::params::names;
use std::collections::{BTreeMap, BTreeSet};

/// Headers that belong to the connection or to the task contract.
const OURS: [&str; 14] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-connection",
    "idempotency-key",
    "x-fencing-token",
    "x-callback-url",
    "traceparent",
];
/// Headers whose values are secrets, which a definition must not hold.
const SECRET: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Fixed headers, whose values hold neither placeholders nor secrets.
pub(super) fn headers(
    node: Node,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<BTreeMap<String, String>> {
    let before = report.len();
    let mut headers = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for entry in free_entries(node, "`headers`", path, report)? {
        let path = path.field(&entry.key);
        check_name(&entry.key, entry.at, &mut seen, &path, report);
        if SECRET.contains(&entry.key.to_ascii_lowercase().as_str()) {
            let problem = format!(
                "the value of `{}` is a secret: put it into `secret_headers` of an http connection",
                entry.key
            );
            report.add(entry.at, &path, problem);
        }
        let at = entry.node.at;
        if let Some(value) = scalars::as_written(entry.node, &path, report) {
            check_value(&value, at, &path, report);
            headers.insert(entry.key, value);
        }
    }
    (report.len() == before).then_some(headers)
}

/// Notes a header name that is malformed, not for definitions, or in `seen` (lower case) already.
pub(super) fn check_name(
    name: &str,
    at: Position,
    seen: &mut BTreeSet<String>,
    path: &Path<'_>,
    report: &mut Report,
) {
    let lower = name.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        report.add(at, path, format!("`{}` is not a header name", shortened(name)));
    } else if OURS.contains(&lower.as_str()) {
        report.add(at, path, format!("Dayend sets `{name}` itself: remove it"));
    } else if !seen.insert(lower) {
        report.add(
            at,
            path,
            format!("the header `{name}` is there twice (case does not matter): remove one"),
        );
    }
}

fn check_value(value: &str, at: Position, path: &Path<'_>, report: &mut Report) {
    if value.len() > HEADER_VALUE_MAX_BYTES {
        report.add(
            at,
            path,
            format!(
                "the value has {} bytes, at most {HEADER_VALUE_MAX_BYTES} are allowed",
                value.len()
            ),
        );
    } else if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        report.add(at, path, "a header value may hold only visible ASCII characters and blanks");
    } else if value.trim() != value {
        report.add(at, path, "a header value must not begin or end with a blank");
    } else if let Some(name) = names(value).first() {
        let problem = format!(
            "a header value must not hold a placeholder such as `${}$`: send it in `body` or `url`",
            shortened(name)
        );
        report.add(at, path, problem);
    }
}
