//! `POST /api/v1/runs`: starts a batch or a group.

use super::control::answer;
use crate::api::gate::Permitted;
use crate::api::idempotency::key;
use crate::api::input::{json_bytes, parse};
use crate::app::App;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use dayend_engine::codes::{Code, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::params::{RunParams, is_built_in, is_name};
use dayend_engine::time::MisDate;
use dayend_service::requests::{IdempotencyKey, MemberParams, TriggerParams, TriggerRequest};
use dayend_wire::runs::{TriggerMember, TriggerRun};
use std::collections::BTreeMap;

/// Values by name.
type Values = BTreeMap<String, String>;

/// Answers 201 with the run id once the run is on disk.
pub(in crate::api) async fn trigger(
    State(app): State<App>,
    permitted: Permitted,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, bytes) =
        json_bytes(&app.room, request, app.settings.body_limit_bytes, false).await?;
    let key = key(&parts, &permitted, &bytes)?;
    let question = question(parse(&bytes)?, permitted.scope, key)?;
    let accepted = app.service.trigger(&permitted.caller, question).await?;
    Ok(answer(StatusCode::CREATED, &app, accepted))
}

fn question(
    asked: TriggerRun,
    scope: Scope,
    key: Option<IdempotencyKey>,
) -> Result<TriggerRequest, Problem> {
    let TriggerRun { code, kind, mis_date, excluded, held, included, params, task_params, members } =
        asked;
    let kind = match kind.as_str() {
        "Batch" => Kind::Batch,
        "BatchGroup" => Kind::BatchGroup,
        _ => return Err(Problem::invalid("kind", "must be `Batch` or `BatchGroup`")),
    };
    let params = if kind == Kind::Batch {
        if !members.is_empty() {
            return Err(Problem::invalid("members", "a batch has no members"));
        }
        TriggerParams::Batch { mis_date: None, params: run_params(params, task_params)? }
    } else {
        if !(params.is_empty() && task_params.is_empty()) {
            return Err(Problem::invalid(
                "params",
                "a group takes parameters for its members, in `members`",
            ));
        }
        TriggerParams::Group(members.into_iter().map(member).collect::<Result<_, _>>()?)
    };
    Ok(TriggerRequest {
        scope,
        code,
        kind,
        excluded,
        held,
        included,
        mis_date: date(mis_date)?,
        params,
        key,
    })
}

fn member((code, asked): (String, TriggerMember)) -> Result<(String, MemberParams), Problem> {
    let params = run_params(asked.params, asked.task_params)?;
    Ok((code, MemberParams { mis_date: date(asked.mis_date)?, params }))
}

fn date(text: Option<String>) -> Result<Option<MisDate>, Problem> {
    text.map(|text| text.parse().map_err(|error| Problem::invalid("misDate", error))).transpose()
}

fn run_params(batch: Values, tasks: BTreeMap<String, Values>) -> Result<RunParams, Problem> {
    let tasks = tasks.into_iter().map(|(code, values)| {
        let code: Code = code.parse().map_err(|error| Problem::invalid("taskParams", error))?;
        Ok((code, named("taskParams", values)?))
    });
    Ok(RunParams { batch: named("params", batch)?, tasks: tasks.collect::<Result<_, Problem>>()? })
}

/// The values, if their names could stand between two `$` and are the caller's to set.
fn named(key: &str, values: Values) -> Result<Values, Problem> {
    let bad = values.keys().find(|name| !is_name(name) || is_built_in(name));
    match bad.map(|name| dayend_engine::codes::shortened(name)) {
        Some(name) => Err(Problem::invalid(
            key,
            format_args!("`{name}` is not a parameter's name, or is set by the server"),
        )),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Result<TriggerRequest, String> {
        let scope = Scope {
            tenant: "T".to_owned(),
            service: "S".to_owned(),
            workspace: "WS001".to_owned(),
        };
        parse(body.as_bytes())
            .and_then(|asked| question(asked, scope, None))
            .map_err(|problem| problem.body.detail)
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_batch_gets_its_choices_and_parameters() {
        let request = asked(
            r#"{"code":"EOD_FX","kind":"Batch","misDate":"2026-10-30","excluded":["A"],"held":["B"],"included":["C"],
                "params":{"SRC":"ecb"},"taskParams":{"LOAD":{"N":"1"}}}"#,
        )
        .unwrap();
        assert_eq!((request.code.as_str(), request.kind), ("EOD_FX", Kind::Batch));
        assert_eq!(
            (request.excluded, request.held, request.included),
            (vec!["A".to_owned()], vec!["B".to_owned()], vec!["C".to_owned()])
        );
        assert_eq!(request.mis_date, Some("2026-10-30".parse().unwrap()));
        let params = RunParams {
            batch: values(&[("SRC", "ecb")]),
            tasks: [("LOAD".parse().unwrap(), values(&[("N", "1")]))].into(),
        };
        assert_eq!(request.params, TriggerParams::Batch { mis_date: None, params });
    }

    #[test]
    fn a_group_gets_parameters_by_member() {
        let request = asked(r#"{"code":"EOD","kind":"BatchGroup","members":{"EOD_FX":{"misDate":"2026-10-29","params":{"SRC":"ecb"}}}}"#).unwrap();
        let params = RunParams { batch: values(&[("SRC", "ecb")]), tasks: BTreeMap::new() };
        let member = MemberParams { mis_date: Some("2026-10-29".parse().unwrap()), params };
        assert_eq!(request.params, TriggerParams::Group([("EOD_FX".to_owned(), member)].into()));
    }

    #[test]
    fn a_trigger_that_makes_no_sense_is_refused() {
        let cases = [
            (r#"{"code":"A","kind":"Connection"}"#, "`kind`: must be `Batch` or `BatchGroup`"),
            (
                r#"{"code":"A","kind":"Batch","misDate":"30.10.2026"}"#,
                "`misDate`: `30.10.2026` is not a date of the form yyyy-mm-dd",
            ),
            (
                r#"{"code":"A","kind":"Batch","members":{"B":{}}}"#,
                "`members`: a batch has no members",
            ),
            (
                r#"{"code":"A","kind":"BatchGroup","params":{"B":"1"}}"#,
                "`params`: a group takes parameters for its members, in `members`",
            ),
            (
                r#"{"code":"A","kind":"Batch","params":{"$B$":"1"}}"#,
                "`params`: `$B$` is not a parameter's name, or is set by the server",
            ),
            (
                r#"{"code":"A","kind":"Batch","params":{"FICMISDATE":"x"}}"#,
                "`params`: `FICMISDATE` is not a parameter's name, or is set by the server",
            ),
        ];
        for (body, want) in cases {
            assert_eq!(asked(body).unwrap_err(), want, "{body}");
        }
        assert!(
            asked(r#"{"code":"A","kind":"Batch","taskParams":{"1":{}}}"#)
                .unwrap_err()
                .starts_with("`taskParams`: `1` is not a code")
        );
    }
}
