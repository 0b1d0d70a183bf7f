//! `POST …/external/rerun`: starts a new run with the date, parameters and choices of an old one.

use super::call::{Entrance, Manner};
use super::control::enter_for_run;
use super::envelope;
use super::fault::Fault;
use crate::app::App;
use crate::locale::Sentence;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;

pub(super) async fn handle(app: &App, request: (Entrance, &HeaderMap, Body)) -> Response {
    let mut manner = Manner::of(request.1);
    let result = rerun(app, &mut manner, request).await;
    manner.answer(result)
}

async fn rerun(
    app: &App,
    manner: &mut Manner,
    request: (Entrance, &HeaderMap, Body),
) -> Result<Response, Fault> {
    let (caller, request) = enter_for_run(app, manner, request).await?;
    let accepted = app.service.rerun(&caller, request).await?;
    let sentence = Sentence::Rerun { run: accepted.run_id.to_string() };
    Ok(envelope::controlled(manner.language, &accepted, &sentence))
}
