//! `GET …/o/`: the names of the files that a link is good for.

use super::fault::OciFault;
use crate::app::App;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use dayend_files::{Address, FileName, Prefix};
use dayend_service::files::{FileShown, Followed, Wish};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Names in one answer.
const LIMIT: u32 = 1000;

/// Answers with a page of names, in their order.
pub(super) async fn list(
    app: &App,
    address: &Address,
    parts: &Parts,
) -> Result<Response, OciFault> {
    let followed = app.service.follow_link(address, Wish::List).await?;
    let query: HashMap<String, String> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let limit = match query.get("limit") {
        None => LIMIT,
        Some(text) => {
            text.parse().ok().filter(|limit| (1..=LIMIT).contains(limit)).ok_or_else(|| {
                OciFault::invalid(format!("`limit` is a number from 1 to {LIMIT}."))
            })?
        }
    };
    let Some(prefix) = prefix(&followed, query.get("prefix").map_or("", String::as_str))? else {
        return Ok(answer(Vec::new(), None, ""));
    };
    let start = query.get("start").map_or("", String::as_str);
    let mut files = page(app, &followed, &prefix, start, limit.saturating_add(1)).await?;
    if let Some(end) = query.get("end") {
        files.retain(|file| file.name.as_str() < end.as_str());
    }
    let kept = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = files.get(kept).map(|file| file.name.clone());
    files.truncate(kept);
    Ok(answer(files, next, query.get("fields").map_or("", String::as_str)))
}

/// From `start` on, which counts.
async fn page(
    app: &App,
    followed: &Followed,
    prefix: &Prefix,
    start: &str,
    limit: u32,
) -> Result<Vec<FileShown>, OciFault> {
    let (files, scope) = (app.service.files(), followed.scope());
    let mut found = Vec::new();
    if let Ok(name) = FileName::new(start)
        && prefix.holds(&name)
    {
        found.extend(files.find(scope, &name).await?.map(|file| file.shown));
    }
    found.extend(files.list(scope, prefix, start, limit).await?);
    Ok(found)
}

/// What both the link and the request ask for; none: they have nothing in common.
fn prefix(followed: &Followed, asked: &str) -> Result<Option<Prefix>, OciFault> {
    let of_link = followed.prefix()?;
    if asked.starts_with(of_link.as_str()) {
        return Ok(Some(Prefix::new(asked)?));
    }
    Ok(Some(of_link).filter(|of_link| of_link.as_str().starts_with(asked)))
}

fn answer(files: Vec<FileShown>, next: Option<String>, fields: &str) -> Response {
    let fields: Vec<String> = fields
        .split(',')
        .map(|field| field.trim_matches(['"', ' ']).to_ascii_lowercase())
        .collect();
    let objects: Vec<Value> = files.into_iter().map(|file| object(&file, &fields)).collect();
    let mut body = Map::new();
    body.insert("objects".to_owned(), objects.into());
    if let Some(next) = next {
        body.insert("nextStartWith".to_owned(), next.into());
    }
    let mut response = Response::new(Body::from(Value::from(body).to_string()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn object(file: &FileShown, fields: &[String]) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), file.name.clone().into());
    let known = [
        ("size", json!(file.size_bytes)),
        ("md5", json!(file.md5)),
        ("timeCreated", json!(file.created_at.to_string())),
        ("timeModified", json!(file.modified_at.to_string())),
        ("etag", json!(file.etag)),
        ("storageTier", json!("Standard")),
    ];
    for (name, value) in known {
        if fields.contains(&name.to_ascii_lowercase()) {
            object.insert(name.to_owned(), value);
        }
    }
    object.into()
}
