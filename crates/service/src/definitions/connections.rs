//! Connections: how to reach databases and HTTP services, and where their secrets are.

use super::fields::{Fields, free_entries};
use super::node::Node;
use super::report::{Path, Report};
use super::{headers, maps, scalars, urls};
use dayend_engine::codes::shortened;
use dayend_engine::definition::{ConnectionTarget, SecretRef};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of a connection that say what it reaches.
pub(super) const TARGETS: [&str; 3] = ["sqlite", "postgres", "http"];
pub(super) const SQLITE_FIELDS: [&str; 1] = ["path"];
pub(super) const POSTGRES_FIELDS: [&str; 2] = ["url", "password"];
pub(super) const HTTP_TARGET_FIELDS: [&str; 4] = ["base", "headers", "secret_headers", "ca_file"];
pub(super) const SECRET_FIELDS: [&str; 2] = ["env", "file"];

/// Takes the target out of a connection's fields.
pub(super) fn target(
    fields: &mut Fields,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<ConnectionTarget> {
    let missing = "the connection reaches nothing";
    let several = "a connection reaches one system";
    let (kind, node) = fields.one_of(&TARGETS, (missing, several), path, report)?;
    let path = path.field(kind);
    match kind {
        "sqlite" => sqlite(node, &path, report),
        "postgres" => postgres(node, &path, report),
        _ => http(node, &path, report),
    }
}

fn sqlite(node: Node, path: &Path<'_>, report: &mut Report) -> Option<ConnectionTarget> {
    let mut fields = Fields::open(node, "`sqlite`", &SQLITE_FIELDS, path, report)?;
    let file = fields.text("path", path, report)?;
    if file.starts_with(':') || file.starts_with("file:") {
        report.add(fields.at, &path.field("path"), "the path must be the path of a file");
        return None;
    }
    file_name(file, "path", &fields, path, report).map(|path| ConnectionTarget::Sqlite { path })
}

fn postgres(node: Node, path: &Path<'_>, report: &mut Report) -> Option<ConnectionTarget> {
    let before = report.len();
    let mut fields = Fields::open(node, "`postgres`", &POSTGRES_FIELDS, path, report)?;
    let password =
        fields.take("password").map(|node| secret(node, &path.field("password"), report));
    let node = fields.require("url", path, report)?;
    let at = node.at;
    let url = scalars::filled(node, &path.field("url"), report)?;
    if let Some(problem) = urls::problem_of_postgres(&url) {
        report.add(at, &path.field("url"), problem);
    }
    (report.len() == before)
        .then(|| ConnectionTarget::Postgres { url, password: password.flatten() })
}

fn http(node: Node, path: &Path<'_>, report: &mut Report) -> Option<ConnectionTarget> {
    let before = report.len();
    let mut fields = Fields::open(node, "`http`", &HTTP_TARGET_FIELDS, path, report)?;
    let headers =
        fields.take("headers").map(|node| headers::headers(node, &path.field("headers"), report));
    let headers = headers.flatten().unwrap_or_default();
    let secrets = fields.take("secret_headers");
    let secrets = secrets
        .and_then(|node| secret_headers(node, &headers, &path.field("secret_headers"), report));
    let ca_file = match fields.take("ca_file") {
        Some(node) => scalars::filled(node, &path.field("ca_file"), report)
            .and_then(|file| file_name(file, "ca_file", &fields, path, report)),
        None => None,
    };
    let node = fields.require("base", path, report)?;
    let at = node.at;
    let base = scalars::filled(node, &path.field("base"), report)?;
    if let Some(problem) = urls::problem_of_base(&base) {
        report.add(at, &path.field("base"), problem);
    }
    let secret_headers = secrets.unwrap_or_default();
    (report.len() == before).then_some(ConnectionTarget::Http {
        base,
        headers,
        secret_headers,
        ca_file,
    })
}

fn secret_headers(
    node: Node,
    fixed: &BTreeMap<String, String>,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<BTreeMap<String, SecretRef>> {
    let mut seen: BTreeSet<String> = fixed.keys().map(|name| name.to_ascii_lowercase()).collect();
    let mut secrets = BTreeMap::new();
    for entry in free_entries(node, "`secret_headers`", path, report)? {
        let path = path.field(&entry.key);
        headers::check_name(&entry.key, entry.at, &mut seen, &path, report);
        if let Some(secret) = secret(entry.node, &path, report) {
            secrets.insert(entry.key, secret);
        }
    }
    Some(secrets)
}

fn secret(node: Node, path: &Path<'_>, report: &mut Report) -> Option<SecretRef> {
    let at = node.at;
    if !matches!(node.value, super::node::Value::Map(_)) {
        report.add(
            at,
            path,
            "a secret is never written down here: write {env: VARIABLE} or {file: PATH}",
        );
        return None;
    }
    let mut fields = Fields::open(node, "a secret", &SECRET_FIELDS, path, report)?;
    match (fields.take("env"), fields.take("file")) {
        (Some(node), None) => {
            let name = scalars::filled(node, &path.field("env"), report)?;
            if !maps::is_variable(&name) {
                report.add(
                    at,
                    &path.field("env"),
                    format!("`{}` is not a variable name", shortened(&name)),
                );
                return None;
            }
            Some(SecretRef::Env(name))
        }
        (None, Some(node)) => {
            let file = scalars::filled(node, &path.field("file"), report)?;
            file_name(file, "file", &fields, path, report).map(SecretRef::File)
        }
        _ => {
            report.add(
                at,
                path,
                "a secret has one place: write either {env: VARIABLE} or {file: PATH}",
            );
            None
        }
    }
}

fn file_name(
    file: String,
    field: &str,
    fields: &Fields,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<String> {
    if file.chars().any(scalars::is_hidden) {
        report.add(
            fields.at,
            &path.field(field),
            "the path holds control or invisible characters: remove them",
        );
        return None;
    }
    Some(file)
}
