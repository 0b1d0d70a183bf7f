//! `GET` and `HEAD …/o/<object>`: a file, or a range of it.

use super::disposition::{overridden, served_type};
use super::fault::OciFault;
use super::put::tags_of;
use super::range::{Wanted, wanted};
use super::requested::tags;
use super::transfer::sent;
use crate::app::App;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use dayend_files::Address;
use dayend_service::files::{FileFound, FileShown, Wish};
use std::collections::HashMap;
use std::ops::Range;

/// Whatever is in the file, it is nothing that may act here.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'");
const STORAGE_TIER: HeaderName = HeaderName::from_static("storage-tier");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Answers with the file.
pub(super) async fn get(app: &App, address: &Address, parts: &Parts) -> Result<Response, OciFault> {
    let followed = app.service.follow_link(address, Wish::Read).await?;
    let name = followed.name()?;
    let found = app.service.files().get(followed.scope(), name).await?;
    let overrides = overrides(parts.uri.query());
    let link = followed.link_id();
    let answered = answer(&found, parts, &overrides)?;
    if parts.method == Method::GET && answered.range.is_some() {
        app.service
            .files()
            .note_download(followed.scope(), followed.actor(), &found.shown, Some(link))
            .await?;
    }
    answered.into_response(&found, &parts.method).await
}

/// Everything of an answer but its body.
pub(super) struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    /// None: there is no body.
    pub(super) range: Option<Range<u64>>,
}

impl Answered {
    /// The answer to a method.
    async fn into_response(self, found: &FileFound, method: &Method) -> Result<Response, OciFault> {
        let body = match self.range {
            Some(range) if *method == Method::GET => sent(found.read(range).await?),
            Some(_) | None => Body::empty(),
        };
        let mut response = (self.status, body).into_response();
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

fn answer(
    found: &FileFound,
    parts: &Parts,
    overrides: &HashMap<String, String>,
) -> Result<Answered, OciFault> {
    let file = &found.shown;
    let mut headers = headers_of(file, overrides);
    if let Some(tags) = tags(&parts.headers, header::IF_MATCH.as_str())?
        && !tags.iter().any(|tag| tag == "*" || *tag == file.etag)
    {
        return Err(OciFault::new(
            StatusCode::PRECONDITION_FAILED,
            "IfMatchFailed",
            "The file has another entity tag.",
        ));
    }
    if let Some(tags) = tags(&parts.headers, header::IF_NONE_MATCH.as_str())?
        && tags.iter().any(|tag| tag == "*" || *tag == file.etag)
    {
        return Ok(Answered { status: StatusCode::NOT_MODIFIED, headers, range: None });
    }
    let (status, range) = match wanted(range_header(parts, file), file.size_bytes) {
        Wanted::Whole => (StatusCode::OK, 0..file.size_bytes),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let all = HeaderValue::from_str(&format!("bytes */{}", file.size_bytes))
                .expect("digits are visible ASCII");
            let fault = OciFault::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "There is nothing in this range.",
            );
            return Err(fault.with(header::CONTENT_RANGE, all));
        }
    };
    if status == StatusCode::PARTIAL_CONTENT {
        // It is the sum of the whole.
        headers.remove(CONTENT_MD5);
        let text =
            format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.size_bytes);
        headers.insert(
            header::CONTENT_RANGE,
            HeaderValue::from_str(&text).expect("digits are visible ASCII"),
        );
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    Ok(Answered { status, headers, range: Some(range) })
}

/// `Range`, unless `If-Range` says that it was meant for another version of the file.
fn range_header<'a>(parts: &'a Parts, file: &FileShown) -> Option<&'a str> {
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_meant =
        text(header::IF_RANGE).is_none_or(|tag| tag.trim().trim_matches('"') == file.etag);
    text(header::RANGE).filter(|_| is_meant)
}

/// What a file is sent with.
fn headers_of(file: &FileShown, overrides: &HashMap<String, String>) -> HeaderMap {
    let mut headers = tags_of(file);
    let wanted = |key: &str| overrides.get(key).map(String::as_str);
    let described = &file.described;
    let name = file.name.rsplit('/').next().unwrap_or(&file.name);
    let disposition = overridden(wanted("httpResponseContentDisposition"), name);
    let content_type =
        served_type(wanted("httpResponseContentType").or(described.content_type.as_deref()));
    let mut insert = |name: HeaderName, value: Option<&str>| {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    };
    insert(header::CONTENT_DISPOSITION, Some(&disposition));
    insert(header::CONTENT_TYPE, Some(content_type));
    insert(
        header::CONTENT_LANGUAGE,
        wanted("httpResponseContentLanguage").or(described.content_language.as_deref()),
    );
    insert(
        header::CONTENT_ENCODING,
        wanted("httpResponseContentEncoding").or(described.content_encoding.as_deref()),
    );
    insert(header::CACHE_CONTROL, wanted("httpResponseCacheControl"));
    insert(header::EXPIRES, wanted("httpResponseExpires"));
    insert(CONTENT_MD5, Some(file.md5.as_str()).filter(|sum| !sum.contains('-')));
    for (key, value) in &described.meta {
        if let Ok(key) = HeaderName::try_from(format!("opc-meta-{key}")) {
            insert(key, Some(value));
        }
    }
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(STORAGE_TIER, HeaderValue::from_static("Standard"));
    headers
}

/// The answer to a request with a token: the same, without overrides.
pub(crate) async fn plain(found: &FileFound, parts: &Parts) -> Result<Response, OciFault> {
    answer(found, parts, &HashMap::new())?.into_response(found, &parts.method).await
}

fn overrides(query: Option<&str>) -> HashMap<String, String> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}
