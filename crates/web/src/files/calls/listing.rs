//! `GET /<tenant>/utils-service/v1/listfiles`: all files of the scope.

use super::answer::{CallFault, compact};
use super::asked::enter;
use crate::app::App;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use dayend_engine::time::Timestamp;
use dayend_files::Prefix;
use dayend_identity::caller::Function;
use dayend_service::files::FileShown;
use serde::Serialize;

/// Files that are read together.
const PAGE: u32 = 1000;
/// Files in one answer; `/api/v1/files` has pages.
const FILES_MAX: usize = 100_000;

#[derive(Serialize)]
struct Answer {
    payload: Vec<Listed>,
    count: usize,
}

/// The names are those of a table's columns.
#[derive(Serialize)]
struct Listed {
    v_file_name: String,
    n_file_id: u64,
    d_upload_date: String,
    v_stripe_name: &'static str,
}

/// Answers with all of them, by name.
pub(in crate::files) async fn list_files(
    State(app): State<App>,
    Path(tenant): Path<String>,
    request: Request,
) -> Result<Response, CallFault> {
    let permitted = enter(&app, &tenant, request.headers(), Function::FileView).await?;
    let (mut payload, mut after) = (Vec::new(), String::new());
    while payload.len() < FILES_MAX {
        let page =
            app.service.files().list(&permitted.scope, &Prefix::default(), &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        payload.extend(page.into_iter().map(listed));
    }
    let count = payload.len();
    Ok(compact(&Answer { payload, count }))
}

fn listed(file: FileShown) -> Listed {
    Listed {
        v_file_name: file.name,
        n_file_id: file.number,
        d_upload_date: day_and_time(file.modified_at),
        v_stripe_name: "default",
    }
}

/// `31-JAN-23 06:33:43 AM`, in UTC.
fn day_and_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%d-%b-%y %I:%M:%S %p").to_string().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_an_upload_is_written_as_the_database_does() {
        assert_eq!(day_and_time(Timestamp(1_675_146_823_000_000)), "31-JAN-23 06:33:43 AM");
        assert_eq!(day_and_time(Timestamp(1_675_190_023_000_000)), "31-JAN-23 06:33:43 PM");
    }
}
