//! Files that come in parts: `PUT …/o/<object>` with `opc-multipart: true`, then `…/u/<object>/id/<upload>/`.

use super::fault::OciFault;
use super::put::{OPC_CONTENT_MD5, keep_type, noted, tags_of};
use super::requested::{announced, conditions, described};
use super::transfer::{let_go, take};
use crate::app::App;
use crate::body::{self, ARRIVAL_LIMIT};
use axum::body::{Body, HttpBody as _};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use dayend_files::{Address, Target};
use dayend_service::files::{Followed, IncomingPart, Parts, UploadBegun, Wish};
use serde::{Deserialize, Serialize};
use serde_json::json;

const MULTIPART: &str = "opc-multipart";

/// What OCI says of an upload that has begun.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Begun<'a> {
    namespace: &'a str,
    bucket: &'a str,
    object: &'a str,
    upload_id: &'a str,
    time_created: String,
    storage_tier: &'static str,
    access_uri: String,
}

/// `CommitMultipartUploadDetails`
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CommitBody {
    parts_to_commit: Vec<CommitPart>,
    parts_to_exclude: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitPart {
    part_num: u32,
    #[serde(default)]
    etag: Option<String>,
}

/// Whether a PUT only announces parts.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers
        .get(MULTIPART)
        .is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"true"))
}

/// Begins an upload.
pub(super) async fn create(
    app: &App,
    address: &Address,
    head: &Head,
    body: Body,
) -> Result<Response, OciFault> {
    let created = begin(app, address, head).await;
    let_go(&head.headers, body).await;
    let (followed, begun) = created?;
    let object = followed.name()?.as_str();
    let base = Address::base(&address.secret, &address.namespace, &address.bucket);
    let answer = Begun {
        namespace: &address.namespace,
        bucket: &address.bucket,
        object,
        upload_id: &begun.id,
        time_created: begun.created_at.to_string(),
        storage_tier: "Standard",
        access_uri: format!(
            "{}{}",
            app.settings.base_path,
            Address::of_upload(&base, object, &begun.id)
        ),
    };
    Ok(json_answer(&json!(answer)))
}

async fn begin(
    app: &App,
    address: &Address,
    head: &Head,
) -> Result<(Followed, UploadBegun), OciFault> {
    let followed = app.service.follow_link(address, Wish::Write).await?;
    let mut described = described(&head.headers)?;
    keep_type(&mut described, followed.content_type());
    let condition = conditions(&head.headers)?;
    let begun = app.service.files().begin_upload(&followed, described, &condition).await?;
    Ok((followed, begun))
}

/// Takes a part; it replaces one of the same number.
pub(super) async fn part(
    app: &App,
    address: &Address,
    (upload, part): (&str, u32),
    head: &Head,
    body: Body,
) -> Result<Response, OciFault> {
    let (followed, mut incoming) =
        match begin_part(app, address, (upload, part), head, body.size_hint().exact()).await {
            Ok(incoming) => incoming,
            Err(fault) => {
                let_go(&head.headers, body).await;
                return Err(fault);
            }
        };
    let part = match take(&head.headers, body, &mut incoming).await {
        Ok(()) => incoming.finish().await.map_err(OciFault::from),
        Err(taken) => Err(taken.into()),
    };
    let part = match part {
        Ok(part) => part,
        Err(fault) => return Err(noted(app, &followed, fault).await),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [(header::ETAG, &part.etag), (OPC_CONTENT_MD5, &part.md5)] {
        headers
            .insert(name, HeaderValue::from_str(value).expect("tags and sums are visible ASCII"));
    }
    Ok((StatusCode::OK, headers).into_response())
}

async fn begin_part(
    app: &App,
    address: &Address,
    part: (&str, u32),
    head: &Head,
    bytes: Option<u64>,
) -> Result<(Followed, IncomingPart), OciFault> {
    let followed = app.service.follow_link(address, Wish::Write).await?;
    let announced = announced(&head.headers, bytes)?;
    let sums = (announced.md5, announced.sha256);
    let incoming = app.service.files().begin_part(&followed, part, announced.bytes, sums).await?;
    Ok((followed, incoming))
}

/// The parts that are there: who was interrupted goes on behind them.
pub(super) async fn parts(
    app: &App,
    address: &Address,
    upload: &str,
) -> Result<Response, OciFault> {
    let followed = app.service.follow_link(address, Wish::Write).await?;
    let parts = app.service.files().parts(&followed, upload).await?;
    let parts: Vec<_> = parts
        .iter()
        .map(|part| json!({ "partNumber": part.part, "etag": part.etag, "md5": part.md5, "size": part.size_bytes }))
        .collect();
    Ok(json_answer(&parts.into()))
}

/// Makes the file of its parts: all of them, or those that the body names.
pub(super) async fn commit(
    app: &App,
    address: &Address,
    upload: &str,
    head: &Head,
    body: Body,
) -> Result<Response, OciFault> {
    let followed = match app.service.follow_link(address, Wish::Commit).await {
        Ok(followed) => followed,
        Err(error) => {
            let_go(&head.headers, body).await;
            return Err(error.into());
        }
    };
    let bytes =
        body::read(&app.room, &head.headers, body, app.settings.body_limit_bytes, ARRIVAL_LIMIT)
            .await?;
    let wanted = if bytes.trim_ascii().is_empty() { CommitBody::default() } else { parse(&bytes)? };
    let parts = Parts {
        wanted: wanted.parts_to_commit.into_iter().map(|part| (part.part_num, part.etag)).collect(),
        excluded: wanted.parts_to_exclude,
    };
    let file = app.service.files().commit_upload(&followed, upload, &parts).await?;
    Ok((StatusCode::OK, tags_of(&file)).into_response())
}

fn parse(bytes: &[u8]) -> Result<CommitBody, OciFault> {
    serde_json::from_slice(bytes).map_err(|error| {
        OciFault::new(StatusCode::BAD_REQUEST, "CannotParseRequest", format!("The body: {error}."))
    })
}

/// Gives an upload up.
pub(super) async fn abort(
    app: &App,
    address: &Address,
    upload: &str,
) -> Result<Response, OciFault> {
    debug_assert!(matches!(address.target, Target::Upload { .. }), "the door let it in");
    let followed = app.service.follow_link(address, Wish::Write).await?;
    app.service.files().abort_upload(&followed, upload).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn json_answer(value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
