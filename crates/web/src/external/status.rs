//! `POST …/external/status`: the state of a run and of its tasks or members, never cut into pages.

use super::call::{Call, Entrance, Manner, enter};
use super::fault::Fault;
use super::{fields, status_answer};
use crate::app::App;
use crate::json::Object;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use dayend_engine::codes::Scope;
use dayend_identity::caller::Function;
use dayend_service::requests::RunRequest;

const TASKS: &str = "tasks";

pub(super) async fn handle(app: &App, request: (Entrance, &HeaderMap, Body)) -> Response {
    let mut manner = Manner::of(request.1);
    let result = status(app, &mut manner, request).await;
    manner.answer(result)
}

async fn status(
    app: &App,
    manner: &mut Manner,
    request: (Entrance, &HeaderMap, Body),
) -> Result<Response, Fault> {
    let Call { caller, scope, key: _, body } =
        enter(app, manner, request, &[Function::View, Function::Exec]).await?;
    manner.run_id = fields::named_run(&body);
    let (request, tasks) = parse(scope, &body)?;
    let run = app.service.look(&caller, request, tasks).await?;
    Ok(status_answer::answer(manner.language, run))
}

/// An empty list of tasks asks for all of them.
fn parse(scope: Scope, body: &Object) -> Result<(RunRequest, Option<Vec<String>>), Fault> {
    let [run_id, other_run_id] = fields::RUN_ID;
    fields::log_unknown(body, &[run_id, other_run_id, TASKS]);
    let run_id = fields::run_id(body)?.to_owned();
    let tasks = Some(fields::codes(body, TASKS)?).filter(|tasks| !tasks.is_empty());
    Ok((RunRequest { scope, run_id, code: None, key: None }, tasks))
}

#[cfg(test)]
mod tests {
    use super::super::call::object;
    use super::*;

    fn parsed(body: &str) -> (String, Option<Vec<String>>) {
        let scope = Scope {
            tenant: "T".to_owned(),
            service: "S".to_owned(),
            workspace: "WS001".to_owned(),
        };
        let (request, tasks) = parse(scope, &object(body.as_bytes()).expect(body)).expect(body);
        assert_eq!((request.code, request.key), (None, None), "{body}");
        (request.run_id, tasks)
    }

    #[test]
    fn the_samples_of_the_guide_ask_for_all_tasks() {
        let batch = "{\n  \"batchRunId\": \"<Batchrun_ID>\",\n}";
        let group = "{\n  \"batchRunId\": \"<Batchrun_ID>\"\n}";
        for sample in [batch, group] {
            assert_eq!(parsed(sample), ("<Batchrun_ID>".to_owned(), None));
        }
    }

    #[test]
    fn tasks_come_as_an_array_or_as_a_comma_separated_string() {
        let some = Some(vec!["t1".to_owned(), "t2".to_owned()]);
        assert_eq!(parsed(r#"{"batchRunId":"R","tasks":["t1","t2"]}"#).1, some);
        assert_eq!(parsed(r#"{"batchRunID":"R","tasks":"t1, t2"}"#).1, some);
        for none in ["[]", r#""""#, "null", r#"[""]"#] {
            assert_eq!(
                parsed(&format!(r#"{{"batchRunId":"R","tasks":{none}}}"#)).1,
                None,
                "{none}"
            );
        }
    }
}
