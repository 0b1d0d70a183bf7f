//! From an HTTP task and its parameters to a request that is ready to send.

use crate::executors::Shared;
use crate::http::target;
use crate::port::Attempt;
use crate::secrets::{self, Mask};
use dayend_engine::codes::shortened;
use dayend_engine::definition::{ConnectionTarget, HttpWork};
use dayend_engine::params::{Params, names};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Headers that belong to the connection or to the contract; no definition sets them.
#[rustfmt::skip]
const RESERVED: [&str; 17] = [
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
    "proxy-authorization", "proxy-connection", "content-encoding",
    "idempotency-key", "x-fencing-token", "x-attempt", "traceparent", "x-callback-url",
];
/// Keys of the body that the contract fills.
const CONTRACT_KEYS: [&str; 5] = ["batchRunId", "taskCode", "misDate", "attempt", "params"];

/// A request that is ready to send.
pub(super) struct Plan {
    pub(super) tenant: Arc<str>,
    pub(super) method: Method,
    pub(super) url: Url,
    /// What the definition and the connection add; only for the origin of `url`.
    pub(super) headers: HeaderMap,
    /// What every request of the attempt carries, polls too.
    pub(super) contract: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) ca_file: Option<String>,
    pub(super) mask: Mask,
    /// For the log: what the author may not expect.
    pub(super) notes: Vec<String>,
}

/// Where the request will go. Needs no secrets, so it is known before there is room for the request.
pub(super) fn url(attempt: &Attempt, work: &HttpWork) -> Result<Url, String> {
    let base = connection(attempt)?.map(|found| found.base);
    target::build(&work.url, base, &attempt.params)
}

/// Builds the request. Reads secrets, so it blocks. The error is why the attempt fails.
pub(super) fn plan(shared: &Shared, attempt: &Attempt, work: &HttpWork) -> Result<Plan, String> {
    let connection = connection(attempt)?;
    let method = method(&work.method)?;
    let url = url(attempt, work)?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut mask = Mask::default();
    if let Some(found) = &connection {
        add_headers(&mut headers, found.headers, None)?;
    }
    add_headers(&mut headers, &work.headers, Some(&attempt.params))?;
    if let Some(found) = &connection {
        add_secret_headers(&mut headers, found, &mut mask)?;
    }
    let mut notes = Vec::new();
    let body = (method != Method::GET).then(|| body(attempt, work, &mut notes));
    if body.is_some() {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    let contract = contract(shared, attempt)?;
    let ca_file = connection.and_then(|found| found.ca_file.clone());
    let tenant = Arc::clone(&attempt.tenant);
    Ok(Plan { tenant, method, url, headers, contract, body, ca_file, mask, notes })
}

struct HttpConnection<'a> {
    base: &'a str,
    headers: &'a BTreeMap<String, String>,
    secret_headers: &'a BTreeMap<String, dayend_engine::definition::SecretRef>,
    ca_file: &'a Option<String>,
}

fn connection(attempt: &Attempt) -> Result<Option<HttpConnection<'_>>, String> {
    match &attempt.connection {
        None => Ok(None),
        Some(Err(reason)) => Err(reason.clone()),
        Some(Ok(found)) => match &**found {
            ConnectionTarget::Http { base, headers, secret_headers, ca_file } => {
                Ok(Some(HttpConnection { base, headers, secret_headers, ca_file }))
            }
            ConnectionTarget::Sqlite { .. } | ConnectionTarget::Postgres { .. } => {
                Err("the task's connection is not an HTTP connection".to_owned())
            }
        },
    }
}

fn method(written: &str) -> Result<Method, String> {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let wanted = written.to_ascii_uppercase();
    methods
        .into_iter()
        .find(|method| method.as_str() == wanted)
        .ok_or_else(|| format!("`{}` is not a method that tasks may use", shortened(written)))
}

/// Adds fixed headers; with `params` it also refuses placeholders in them.
fn add_headers(
    headers: &mut HeaderMap,
    added: &BTreeMap<String, String>,
    params: Option<&Params>,
) -> Result<(), String> {
    for (name, value) in added {
        let key = header_name(name)?;
        let has_placeholder = params.is_some_and(|params| {
            names(value).iter().any(|name| params.declared.contains_key(*name))
        });
        if has_placeholder {
            return Err(format!(
                "the header `{}` holds a placeholder, which headers may not",
                shortened(name)
            ));
        }
        headers.insert(key, header_value(name, value)?);
    }
    Ok(())
}

fn add_secret_headers(
    headers: &mut HeaderMap,
    connection: &HttpConnection<'_>,
    mask: &mut Mask,
) -> Result<(), String> {
    for (name, from) in connection.secret_headers {
        let secret = secrets::read(from)?;
        let mut value = header_value(name, secret.expose_secret())?;
        value.set_sensitive(true);
        headers.insert(header_name(name)?, value);
        mask.add(&secret);
    }
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    let key = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not a header name", shortened(name)))?;
    if RESERVED.contains(&key.as_str()) {
        Err(format!("the header `{key}` is not for tasks to set"))
    } else {
        Ok(key)
    }
}

/// Never repeats the value: it may be a secret.
fn header_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(value).map_err(|_| {
        format!(
            "the value of the header `{}` holds characters that headers may not",
            shortened(name)
        )
    })
}

fn contract(shared: &Shared, attempt: &Attempt) -> Result<HeaderMap, String> {
    let pairs = [
        ("idempotency-key", attempt.idempotency_key()),
        ("x-fencing-token", attempt.id.epoch.to_string()),
        ("x-attempt", attempt.attempt.to_string()),
        ("traceparent", traceparent(attempt)),
        ("x-callback-url", shared.callback_url(attempt.id)),
        ("user-agent", concat!("dayend/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| Ok((HeaderName::from_static(name), header_value(name, &value)?)))
        .collect()
}

/// One trace for a run, one span for an attempt, the same ones whoever computes them.
fn traceparent(attempt: &Attempt) -> String {
    let number = |text: &str| {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        digest.first_chunk().map_or(1, |bytes| u128::from_be_bytes(*bytes))
    };
    let span = format!("{}:{}:{}", attempt.run_id, attempt.id.node, attempt.id.epoch);
    format!("00-{:032x}-{:016x}-01", number(attempt.run_id.as_str()), number(&span) >> 64)
}

fn body(attempt: &Attempt, work: &HttpWork, notes: &mut Vec<String>) -> Vec<u8> {
    let params: Map<String, Value> = attempt
        .params
        .undeclared
        .iter()
        .chain(&attempt.params.declared)
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let mut content = Map::new();
    content.insert("batchRunId".to_owned(), json!(attempt.run_id));
    content.insert("taskCode".to_owned(), json!(attempt.code()));
    content.insert("misDate".to_owned(), json!(attempt.mis_date));
    content.insert("attempt".to_owned(), json!(attempt.attempt));
    content.insert("params".to_owned(), Value::Object(params));
    for (key, value) in &work.body {
        if CONTRACT_KEYS.contains(&key.as_str()) {
            notes.push(format!("the body's own `{key}` is not sent: the contract fills that key"));
        } else {
            content.insert(key.clone(), filled(value, &attempt.params));
        }
    }
    Value::Object(content).to_string().into_bytes()
}

/// The value with the placeholders in its texts replaced. As deep as the definition's reader let it be.
fn filled(value: &Value, params: &Params) -> Value {
    match value {
        Value::String(text) => Value::String(params.fill(text)),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| filled(item, params)).collect())
        }
        Value::Object(entries) => Value::Object(
            entries.iter().map(|(key, item)| (key.clone(), filled(item, params))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
