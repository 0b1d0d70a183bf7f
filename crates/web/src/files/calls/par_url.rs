//! URLs to upload files to: `getObjStoreParUrl`, `gen-par` and `uploadfile/parURL`.

use super::answer::{CallFault, compact};
use super::asked::{enter, name, object, size, text};
use crate::api::Permitted;
use crate::app::App;
use crate::json::{Json, Object};
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use dayend_files::FileName;
use dayend_identity::caller::Function;
use dayend_service::files::{LinkMade, NewLink};
use serde::{Deserialize, Serialize};

/// Files in one call.
const FILES_MAX: usize = 1000;
const TYPE_MAX_BYTES: usize = 255;

/// A file that somebody is going to upload.
struct Announced {
    name: FileName,
    size_bytes: Option<u64>,
    content_type: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    body: Body,
    status: &'static str,
    #[serde(rename = "statusCode")]
    status_code: &'static str,
}

#[derive(Serialize)]
struct Body {
    success: Vec<Ready>,
}

/// Something stands behind the URL: scripts take what is before the next comma, less its last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    file_name: String,
    file_id: u64,
    #[serde(rename = "uploadURL")]
    upload_url: String,
    time_expires: String,
}

#[derive(Serialize)]
struct Payload<T> {
    payload: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UtilsReady {
    #[serde(rename = "uploadURL")]
    upload_url: String,
    create_user: String,
    stripe_name: &'static str,
    file_id: u64,
    create_date: String,
    token: &'static str,
    status: &'static str,
}

/// The query of `uploadfile/parURL`.
#[derive(Default, Deserialize)]
pub(in crate::files) struct UploadQuery {
    prefix: Option<String>,
}

/// `POST /<tenant><app id>/dsa/utils/getObjStoreParUrl`: one URL for each entry of `data`.
pub(in crate::files) async fn get_obj_store_par_url(
    State(app): State<App>,
    Path(tenant): Path<String>,
    request: Request,
) -> Result<Response, CallFault> {
    let (parts, body) = request.into_parts();
    let permitted = enter(&app, &tenant, &parts.headers, Function::FilePut).await?;
    let body = object(&app, &parts.headers, body).await?;
    text(&body, "type")?;
    let files = entries(body.get("data").unwrap_or(&Json::Null))?;
    many(&app, &permitted, files).await
}

/// `POST /<tenant>/dsa-ext/v1/fileupd/gen-par`: the same, for one file or several.
pub(in crate::files) async fn gen_par(
    State(app): State<App>,
    Path(tenant): Path<String>,
    request: Request,
) -> Result<Response, CallFault> {
    let (parts, body) = request.into_parts();
    let permitted = enter(&app, &tenant, &parts.headers, Function::FilePut).await?;
    let body = object(&app, &parts.headers, body).await?;
    let files = match body.get("data") {
        Some(data) => entries(data)?,
        None => vec![announced(&body, None)?],
    };
    many(&app, &permitted, files).await
}

/// `POST /<tenant>/utils-service/v1/file/uploadfile/parURL?prefix=`: the URL for one file.
pub(in crate::files) async fn upload_par_url(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, CallFault> {
    let (parts, body) = request.into_parts();
    let permitted = enter(&app, &tenant, &parts.headers, Function::FilePut).await?;
    let body = object(&app, &parts.headers, body).await?;
    let file = announced(&body, query.prefix.as_deref())?;
    let made = link(&app, &permitted, &file).await?;
    let created_at = made.created_at.to_string();
    Ok(compact(&Payload {
        payload: UtilsReady {
            upload_url: url(&app, &made.path),
            create_user: permitted.caller.user.map_or(permitted.caller.client_id, |user| user.name),
            stripe_name: "default",
            file_id: made.number.unwrap_or_default(),
            create_date: created_at.split('.').next().unwrap_or(&created_at).to_owned(),
            token: "",
            status: "success",
        },
    }))
}

async fn many(
    app: &App,
    permitted: &Permitted,
    files: Vec<Announced>,
) -> Result<Response, CallFault> {
    if files.is_empty() || files.len() > FILES_MAX {
        return Err(CallFault::arguments(format!("`data` has 1 to {FILES_MAX} files.")));
    }
    let mut success = Vec::with_capacity(files.len());
    for file in &files {
        let made = link(app, permitted, file).await?;
        success.push(Ready {
            file_name: file.name.as_str().to_owned(),
            file_id: made.number.unwrap_or_default(),
            upload_url: url(app, &made.path),
            time_expires: made.expires_at.to_string(),
        });
    }
    Ok(compact(&Answer { body: Body { success }, status: "success", status_code: "0" }))
}

async fn link(app: &App, permitted: &Permitted, file: &Announced) -> Result<LinkMade, CallFault> {
    let wanted = NewLink {
        size_bytes: file.size_bytes,
        content_type: file.content_type.clone(),
        ..NewLink::upload(&file.name)
    };
    Ok(app.service.make_link(&permitted.caller, &permitted.scope, wanted).await?)
}

/// Never from `Host`.
pub(super) fn url(app: &App, path: &str) -> String {
    format!("{}{path}", app.settings.base_url)
}

/// The files that `data` names: a list of objects, or only one.
fn entries(data: &Json) -> Result<Vec<Announced>, CallFault> {
    match data {
        Json::List(entries) => entries.iter().map(entry).collect(),
        one @ Json::Object(_) => Ok(vec![entry(one)?]),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => {
            Err(CallFault::arguments("`data` is not an array of files."))
        }
    }
}

fn entry(entry: &Json) -> Result<Announced, CallFault> {
    let Json::Object(object) = entry else {
        let kind = entry.kind();
        return Err(CallFault::arguments(format!(
            "An entry of `data` is {kind} instead of an object."
        )));
    };
    announced(object, None)
}

fn announced(object: &Object, prefix: Option<&str>) -> Result<Announced, CallFault> {
    let content_type = text(object, "mimeType")?.map(str::trim).filter(|text| !text.is_empty());
    let is_type = |text: &str| {
        text.len() <= TYPE_MAX_BYTES
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    if content_type.is_some_and(|text| !is_type(text)) {
        return Err(CallFault::arguments("`mimeType` is not a media type."));
    }
    Ok(Announced {
        name: name(prefix, text(object, "fileName")?)?,
        size_bytes: size(object, "fileSize")?,
        content_type: content_type.map(str::to_owned),
    })
}
