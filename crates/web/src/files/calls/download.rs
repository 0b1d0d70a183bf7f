//! URLs to download files from: by name, or by number.

use super::answer::{CallFault, compact};
use super::asked::{enter, name};
use super::par_url::url;
use super::scan::numbered;
use crate::api::Permitted;
use crate::app::App;
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use dayend_files::FileName;
use dayend_identity::caller::Function;
use dayend_service::files::{FileFound, NewLink};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The query of `download`; there is only one stripe.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::files) struct DownloadQuery {
    file_name: Option<String>,
    prefix: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    payload: Payload,
}

/// Something stands behind the URL, as in the other answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(rename = "downloadURL")]
    download_url: String,
    file_id: u64,
    status: &'static str,
}

/// `GET /<tenant>/utils-service/v1/file/download?fileName=&stripeName=default&prefix=`
pub(in crate::files) async fn download(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Query(query): Query<DownloadQuery>,
    request: Request,
) -> Result<Response, CallFault> {
    let permitted = enter(&app, &tenant, request.headers(), Function::FileView).await?;
    let name = name(query.prefix.as_deref(), query.file_name.as_deref())?;
    let found = app.service.files().get(&permitted.scope, &name).await?;
    answer(&app, &permitted, &found).await
}

/// `GET /<tenant>/utils-service/v1/file/downloadfile/<fileId>`
pub(in crate::files) async fn download_file(
    State(app): State<App>,
    Path((tenant, number)): Path<(String, String)>,
    request: Request,
) -> Result<Response, CallFault> {
    let permitted = enter(&app, &tenant, request.headers(), Function::FileView).await?;
    let (number, found) = numbered(&app, &permitted.scope, &number).await?;
    let found = found.ok_or_else(|| CallFault::not_uploaded(number))?;
    answer(&app, &permitted, &found).await
}

async fn answer(
    app: &App,
    permitted: &Permitted,
    found: &FileFound,
) -> Result<Response, CallFault> {
    let name = FileName::new(&found.shown.name)
        .map_err(|error| CallFault::arguments(error.to_string()))?;
    let made = app
        .service
        .make_link(&permitted.caller, &permitted.scope, NewLink::download(&name))
        .await?;
    let disposition = format!("ATTACHMENT; filename={}", plain(name.last_segment()));
    let disposition = utf8_percent_encode(&disposition, NON_ALPHANUMERIC);
    let payload = Payload {
        download_url: format!(
            "{}?httpResponseContentDisposition={disposition}",
            url(app, &made.path)
        ),
        file_id: found.shown.number,
        status: "success",
    };
    Ok(compact(&Answer { payload }))
}

/// A name that needs no quotes in a header.
fn plain(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "!#$&+-.^_`|~".contains(letter);
    name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect()
}
