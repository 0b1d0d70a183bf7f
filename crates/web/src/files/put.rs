//! `PUT …/o/<object>`: a whole file.

use super::fault::OciFault;
use super::requested::{announced, conditions, described};
use super::transfer::{let_go, take};
use crate::app::App;
use axum::body::{Body, HttpBody as _};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use dayend_files::{Address, Sha256Sum};
use dayend_service::files::{Described, FileShown, Followed, Incoming, Put, Wish};

pub(super) const OPC_CONTENT_MD5: HeaderName = HeaderName::from_static("opc-content-md5");
pub(super) const OPC_MULTIPART_MD5: HeaderName = HeaderName::from_static("opc-multipart-md5");
pub(super) const OPC_CONTENT_SHA256: HeaderName = HeaderName::from_static("opc-content-sha256");

/// Answers when the file is there, whole and durable.
pub(super) async fn put(
    app: &App,
    address: &Address,
    parts: &Parts,
    body: Body,
) -> Result<Response, OciFault> {
    let (followed, mut incoming) =
        match begin(app, address, &parts.headers, body.size_hint().exact()).await {
            Ok(incoming) => incoming,
            Err(fault) => {
                let_go(&parts.headers, body).await;
                return Err(fault);
            }
        };
    let file = match take(&parts.headers, body, &mut incoming).await {
        Ok(()) => incoming.finish().await.map_err(OciFault::from),
        Err(taken) => Err(taken.into()),
    };
    match file {
        Ok(file) => Ok((StatusCode::OK, tags_of(&file)).into_response()),
        Err(fault) => Err(noted(app, &followed, fault).await),
    }
}

/// An upload that failed goes on record.
pub(super) async fn noted(app: &App, followed: &Followed, fault: OciFault) -> OciFault {
    app.service.files().note_failed(followed, fault.code).await;
    fault
}

async fn begin(
    app: &App,
    address: &Address,
    headers: &HeaderMap,
    announced_bytes: Option<u64>,
) -> Result<(Followed, Incoming), OciFault> {
    let followed = app.service.follow_link(address, Wish::Write).await?;
    let announced = announced(headers, announced_bytes)?;
    let mut described = described(headers)?;
    keep_type(&mut described, followed.content_type());
    let wanted = Put {
        announced_bytes: announced.bytes,
        md5: announced.md5,
        sha256: announced.sha256,
        condition: conditions(headers)?,
        described,
        ..followed.put()?
    };
    let incoming = app.service.files().begin_linked(&followed, wanted).await?;
    Ok((followed, incoming))
}

/// What was said when the link was made counts more than what `curl --data-binary` says of every body.
pub(super) fn keep_type(described: &mut Described, announced: Option<&str>) {
    const FORM: &str = "application/x-www-form-urlencoded";
    let is_guess =
        described.content_type.as_deref().is_none_or(|told| told.eq_ignore_ascii_case(FORM));
    if let Some(announced) = announced.filter(|_| is_guess) {
        described.content_type = Some(announced.to_owned());
    }
}

/// What identifies a file: in the answers to requests that write it, and to those that read it.
pub(crate) fn tags_of(file: &FileShown) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut insert = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    insert(header::ETAG, &file.etag);
    insert(header::LAST_MODIFIED, &http_date(file.modified_at));
    // Only a sum of parts has a hyphen.
    insert(if file.md5.contains('-') { OPC_MULTIPART_MD5 } else { OPC_CONTENT_MD5 }, &file.md5);
    if let Some(sum) = Sha256Sum::from_hex(&file.sha256) {
        insert(OPC_CONTENT_SHA256, &sum.to_base64());
    }
    headers
}

fn http_date(at: dayend_engine::time::Timestamp) -> String {
    let seconds = u64::try_from(at.0.div_euclid(1_000_000)).unwrap_or(0);
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}
