//! `dynamicParamList`: run-time parameters, as JSON or as a string that holds JSON.

use super::fault::Fault;
use super::fields::{self, wrong};
use crate::json::{self, Json, Object, Repair};
use crate::locale::{Sentence, Wanted};
use dayend_engine::codes::{Code, shortened};
use dayend_engine::params::RunParams;
use dayend_engine::time::MisDate;
use dayend_service::requests::{MemberParams, TriggerParams};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) const DYNAMIC_PARAM_LIST: &str = "dynamicParamList";
const BATCH_PARAMS: &str = "batchParams";
const TASK_PARAMS: &str = "taskRuntimeParams";
/// The longest name of a parameter.
const NAME_MAX_BYTES: usize = 255;

/// The parameters of a batch: an object.
pub(super) fn of_batch(body: &Object) -> Result<TriggerParams, Fault> {
    let given = given(body)?;
    let of_all = fields::mis_date(body, "")?;
    let (mis_date, params) = match given.as_deref() {
        None => (None, RunParams::default()),
        Some(Json::Object(object)) => run_params(object, DYNAMIC_PARAM_LIST, of_all)?,
        Some(Json::List(list)) if list.is_empty() => (None, RunParams::default()),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_)) => {
            return Err(wrong(DYNAMIC_PARAM_LIST, Wanted::BatchParams));
        }
    };
    Ok(TriggerParams::Batch { mis_date, params })
}

/// The parameters of the members of a group: an array of objects.
pub(super) fn of_group(body: &Object) -> Result<TriggerParams, Fault> {
    let given = given(body)?;
    let list = match given.as_deref() {
        None => &[][..],
        Some(Json::List(list)) => list,
        Some(Json::Object(object)) if object.is_empty() => &[],
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_)) => {
            return Err(wrong(DYNAMIC_PARAM_LIST, Wanted::GroupParams));
        }
    };
    let of_all = fields::mis_date(body, "")?;
    let mut members = BTreeMap::new();
    for (at, item) in list.iter().enumerate() {
        let (batch, params) = member(item, &format!("{DYNAMIC_PARAM_LIST}[{at}]"), of_all)?;
        if members.insert(batch.to_owned(), params).is_some() {
            return Err(Fault::arguments(Sentence::MemberRepeated { batch: shortened(batch) }));
        }
    }
    Ok(TriggerParams::Group(members))
}

/// The value itself; a string is read as JSON once.
fn given(body: &Object) -> Result<Option<Cow<'_, Json>>, Fault> {
    let Some(value) = fields::value(body, DYNAMIC_PARAM_LIST) else { return Ok(None) };
    let Json::Text(text) = value else { return Ok(Some(Cow::Borrowed(value))) };
    match json::read_text(text, Repair::TrailingComma) {
        Ok(Json::Null) => Ok(None),
        Ok(nested) => Ok(Some(Cow::Owned(nested))),
        Err(error) => Err(Fault::arguments(Sentence::NestedNotJson {
            key: DYNAMIC_PARAM_LIST.to_owned(),
            problem: error.problem.to_string(),
            line: error.line,
            column: error.column,
        })),
    }
}

fn member<'a>(
    item: &'a Json,
    path: &str,
    of_all: Option<MisDate>,
) -> Result<(&'a str, MemberParams), Fault> {
    let Json::Object(object) = item else { return Err(wrong(path, Wanted::Object)) };
    let key = format!("{path}.{}", fields::BATCH_NAME);
    let name = fields::text(object, fields::BATCH_NAME).map_err(|_| wrong(&key, Wanted::Text))?;
    let Some(name) = name else { return Err(Fault::arguments(Sentence::KeyMissing { key })) };
    let (mis_date, params) = run_params(object, path, of_all)?;
    Ok((name, MemberParams { mis_date, params }))
}

type Dated = (Option<MisDate>, RunParams);

/// `batchParams` and `taskRuntimeParams`; the date is taken out of the former. `of_all` is the date at the top of the body.
fn run_params(object: &Object, path: &str, of_all: Option<MisDate>) -> Result<Dated, Fault> {
    fields::log_unknown(object, &[fields::BATCH_NAME, BATCH_PARAMS, TASK_PARAMS]);
    let mut params = RunParams::default();
    let mut mis_date = None;
    if let Some(batch) = inner(object, BATCH_PARAMS, path)? {
        let path = format!("{path}.{BATCH_PARAMS}.");
        mis_date = fields::mis_date(batch, &path)?;
        params.batch = values(batch, &path)?;
    }
    if let Some(tasks) = inner(object, TASK_PARAMS, path)? {
        for task in tasks.keys() {
            let key = format!("{path}.{TASK_PARAMS}");
            let code: Code = task.parse().map_err(|_| {
                Fault::arguments(Sentence::UnknownTask { key: key.clone(), task: shortened(task) })
            })?;
            let of_task = match inner(tasks, task, &key)? {
                Some(object) => {
                    let path = format!("{key}.{task}.");
                    same_date(object, &path, mis_date.or(of_all))?;
                    values(object, &path)?
                }
                None => BTreeMap::new(),
            };
            params.tasks.insert(code, of_task);
        }
    }
    Ok((mis_date, params))
}

/// A task has the date of its batch: another one would silently have no effect.
fn same_date(object: &Object, path: &str, of_batch: Option<MisDate>) -> Result<(), Fault> {
    match fields::mis_date(object, path)? {
        Some(date) if of_batch != Some(date) => Err(Fault::arguments(Sentence::DateOfTask {
            key: path.trim_end_matches('.').to_owned(),
        })),
        Some(_) | None => Ok(()),
    }
}

/// The object in `key`, if it says anything.
fn inner<'a>(object: &'a Object, key: &str, path: &str) -> Result<Option<&'a Object>, Fault> {
    match fields::value(object, key) {
        None => Ok(None),
        Some(Json::Object(inner)) => Ok(Some(inner)),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_)) => {
            Err(wrong(&format!("{path}.{}", shortened(key)), Wanted::Object))
        }
    }
}

/// Names without their `$` signs, and values as texts; the date is left out, and so is `null`.
fn values(object: &Object, path: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut values = BTreeMap::new();
    for (spelling, value) in object.iter().filter(|(key, _)| !fields::is_mis_date(key)) {
        let name =
            spelling.strip_prefix('$').and_then(|rest| rest.strip_suffix('$')).unwrap_or(spelling);
        let key = || format!("{path}{}", shortened(spelling));
        if name.trim().is_empty()
            || name.len() > NAME_MAX_BYTES
            || name.chars().any(char::is_control)
        {
            return Err(Fault::arguments(Sentence::NotAName { key: key() }));
        }
        let text = match value {
            Json::Null => continue,
            Json::Bool(bool) => bool.to_string(),
            Json::Number(literal) => literal.to_string(),
            Json::Text(text) => text.clone(),
            Json::List(_) | Json::Object(_) => return Err(wrong(&key(), Wanted::Value)),
        };
        if values.insert(name.to_owned(), text.clone()).is_some_and(|other| other != text) {
            // A name has two spellings.
            let other = if spelling == name { format!("${name}$") } else { name.to_owned() };
            return Err(fields::contradiction(path, &other, spelling));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::call::object;
    use super::*;

    fn batch(list: &str) -> Result<TriggerParams, Sentence> {
        of_batch(&object(format!(r#"{{"dynamicParamList":{list}}}"#).as_bytes()).expect(list))
            .map_err(|fault| fault.sentence)
    }

    fn group(list: &str) -> Result<TriggerParams, Sentence> {
        of_group(&object(format!(r#"{{"dynamicParamList":{list}}}"#).as_bytes()).expect(list))
            .map_err(|fault| fault.sentence)
    }

    fn as_string(json: &str) -> String {
        serde_json::to_string(json).unwrap()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn json_and_a_string_that_holds_it_mean_the_same() {
        let list = r#"{ "batchParams": { "$FICMISDATE$": "2026-10-30", "$RATE$": "ecb", "MAX": 1.10, "DRY": true, "NONE": null, "": null },
            "taskRuntimeParams": { "T1": { "A": "" }, "T2": {}, "T3": null, }, }"#;
        let list = list.replace(r#", "": null"#, "");
        let want = TriggerParams::Batch {
            mis_date: Some("2026-10-30".parse().unwrap()),
            params: RunParams {
                batch: map(&[("RATE", "ecb"), ("MAX", "1.10"), ("DRY", "true")]),
                tasks: [("T1", map(&[("A", "")])), ("T2", map(&[])), ("T3", map(&[]))]
                    .map(|(task, params)| (task.parse().unwrap(), params))
                    .into(),
            },
        };
        assert_eq!(batch(&list), Ok(want.clone()));
        assert_eq!(batch(&as_string(&list)), Ok(want));
    }

    #[test]
    fn nothing_is_said_in_many_ways() {
        let nothing = Ok(TriggerParams::Batch { mis_date: None, params: RunParams::default() });
        for list in [
            "null",
            r#""""#,
            r#"" ""#,
            r#""null""#,
            "{}",
            r#""{}""#,
            "[]",
            r#"{"batchParams":{}}"#,
            r#"{"batchParams":null,"taskRuntimeParams":""}"#,
        ] {
            assert_eq!(batch(list), nothing, "{list}");
        }
        for list in ["null", r#""""#, "[]", r#""[]""#, "{}"] {
            assert_eq!(group(list), Ok(TriggerParams::Group(BTreeMap::new())), "{list}");
        }
    }

    #[test]
    fn members_have_dates_and_parameters_of_their_own() {
        let list = r#"[{"batchName":"B1","batchParams":{"FICMISDATE$":"2026-10-30"},"taskRuntimeParams":{"T1":{"X":1}}},{"batchName":"B2"},]"#;
        for list in [list.to_owned(), as_string(list)] {
            let Ok(TriggerParams::Group(members)) = group(&list) else { panic!("{list}") };
            let [(first, dated), (second, bare)] = members.iter().collect::<Vec<_>>()[..] else {
                panic!("{list}")
            };
            assert_eq!((first.as_str(), second.as_str()), ("B1", "B2"));
            assert_eq!(dated.mis_date.map(|date| date.to_string()).as_deref(), Some("2026-10-30"));
            assert_eq!(dated.params.tasks.get("T1"), Some(&map(&[("X", "1")])));
            assert_eq!(*bare, MemberParams::default());
        }
    }

    #[test]
    fn what_is_wrong_for_a_batch_is_named() {
        let key = |text: &str| text.to_owned();
        let cases = [
            (
                "[{}]",
                Sentence::KeyWrong { key: key("dynamicParamList"), wanted: Wanted::BatchParams },
            ),
            ("7", Sentence::KeyWrong { key: key("dynamicParamList"), wanted: Wanted::BatchParams }),
            (
                r#""\"{}\"""#,
                Sentence::KeyWrong { key: key("dynamicParamList"), wanted: Wanted::BatchParams },
            ),
            (
                r#"{"batchParams":[]}"#,
                Sentence::KeyWrong {
                    key: key("dynamicParamList.batchParams"),
                    wanted: Wanted::Object,
                },
            ),
            (
                r#"{"batchParams":{"A":{}}}"#,
                Sentence::KeyWrong {
                    key: key("dynamicParamList.batchParams.A"),
                    wanted: Wanted::Value,
                },
            ),
            (
                r#"{"batchParams":{"$$":"x"}}"#,
                Sentence::NotAName { key: key("dynamicParamList.batchParams.$$") },
            ),
            (
                r#"{"batchParams":{"$A$":"x","A":"y"}}"#,
                Sentence::KeysContradict {
                    key: key("dynamicParamList.batchParams.$A$"),
                    other: key("dynamicParamList.batchParams.A"),
                },
            ),
            (
                r#"{"batchParams":{"$FICMISDATE$":"soon"}}"#,
                Sentence::NotADate {
                    key: key("dynamicParamList.batchParams.$FICMISDATE$"),
                    value: key("soon"),
                },
            ),
            (
                r#"{"taskRuntimeParams":{"T 1":{}}}"#,
                Sentence::UnknownTask {
                    key: key("dynamicParamList.taskRuntimeParams"),
                    task: key("T 1"),
                },
            ),
            (
                r#"{"taskRuntimeParams":{"T1":"x"}}"#,
                Sentence::KeyWrong {
                    key: key("dynamicParamList.taskRuntimeParams.T1"),
                    wanted: Wanted::Object,
                },
            ),
            (
                r#"{"taskRuntimeParams":{"T1":{"T2":{}}}}"#,
                Sentence::KeyWrong {
                    key: key("dynamicParamList.taskRuntimeParams.T1.T2"),
                    wanted: Wanted::Value,
                },
            ),
        ];
        for (list, want) in cases {
            assert_eq!(batch(list), Err(want), "{list}");
        }
    }

    #[test]
    fn a_date_that_is_none_or_not_the_batchs_is_named() {
        let key = |text: &str| text.to_owned();
        let cases = [
            (
                r#"{"batchParams":{"FICMISDATE":"2026-10-30","$FICMISDATE$":"2026-10-31"}}"#,
                Sentence::KeysContradict {
                    key: key("dynamicParamList.batchParams.$FICMISDATE$"),
                    other: key("dynamicParamList.batchParams.FICMISDATE"),
                },
            ),
            (
                r#"{"taskRuntimeParams":{"T1":{"FICMISDATE":"soon"}}}"#,
                Sentence::NotADate {
                    key: key("dynamicParamList.taskRuntimeParams.T1.FICMISDATE"),
                    value: key("soon"),
                },
            ),
            (
                r#"{"taskRuntimeParams":{"T1":{"FICMISDATE":"2026-10-30"}}}"#,
                Sentence::DateOfTask { key: key("dynamicParamList.taskRuntimeParams.T1") },
            ),
            (
                r#"{"batchParams":{"FICMISDATE":"2026-10-30"},"taskRuntimeParams":{"T1":{"FICMISDATE":"2026-10-31"}}}"#,
                Sentence::DateOfTask { key: key("dynamicParamList.taskRuntimeParams.T1") },
            ),
        ];
        for (list, want) in cases {
            assert_eq!(batch(list), Err(want), "{list}");
        }
    }

    #[test]
    fn a_task_may_repeat_the_date_of_its_batch() {
        let repeated = r#"{"batchParams":{"FICMISDATE":"2026-10-30"},"taskRuntimeParams":{"T1":{"$FICMISDATE$":"2026-10-30"}}}"#;
        let TriggerParams::Batch { params, .. } = batch(repeated).unwrap() else { panic!() };
        assert_eq!(params.tasks.get("T1"), Some(&map(&[])));
        for list in [
            r#"{"taskRuntimeParams":{"T1":{"$FICMISDATE$":"2026-10-30"}}}"#,
            r#""{\"taskRuntimeParams\":{\"T1\":{\"$FICMISDATE$\":\"2026-10-30\"}}}""#,
        ] {
            let body = format!(r#"{{"$FICMISDATE$":"2026-10-30","dynamicParamList":{list}}}"#);
            let body = object(body.as_bytes()).unwrap();
            assert!(of_batch(&body).is_ok(), "{list}");
        }
        let member =
            r#"[{"batchName":"B","taskRuntimeParams":{"T1":{"$FICMISDATE$":"2026-10-30"}}}]"#;
        let body = format!(r#"{{"$FICMISDATE$":"2026-10-30","dynamicParamList":{member}}}"#);
        assert!(of_group(&object(body.as_bytes()).unwrap()).is_ok());
        assert_eq!(
            group(member),
            Err(Sentence::DateOfTask {
                key: "dynamicParamList[0].taskRuntimeParams.T1".to_owned()
            })
        );
    }

    #[test]
    fn what_is_wrong_for_a_group_is_named() {
        let key = |text: &str| text.to_owned();
        let cases = [
            (
                r#"{"batchParams":{}}"#,
                Sentence::KeyWrong { key: key("dynamicParamList"), wanted: Wanted::GroupParams },
            ),
            ("[7]", Sentence::KeyWrong { key: key("dynamicParamList[0]"), wanted: Wanted::Object }),
            ("[{}]", Sentence::KeyMissing { key: key("dynamicParamList[0].batchName") }),
            (
                r#"[{"batchName":"B"},{"batchName":"B"}]"#,
                Sentence::MemberRepeated { batch: key("B") },
            ),
            (
                r#"[{"batchName":"B","batchParams":{"FICMISDATE":1}}]"#,
                Sentence::KeyWrong {
                    key: key("dynamicParamList[0].batchParams.FICMISDATE"),
                    wanted: Wanted::Text,
                },
            ),
        ];
        for (list, want) in cases {
            assert_eq!(group(list), Err(want), "{list}");
        }
    }

    #[test]
    fn the_string_is_read_as_strictly_as_the_body_and_only_once() {
        #[rustfmt::skip]
        let cases = [
            (r#"{"batchParams":{"A":"1","A":"2"}}"#, "the key stands in this object twice", 1, 25),
            ("{\n\"batchParams\":{\n", "the text ends too early", 3, 1),
            (r#"{"batchParams":{"A":1e400}}"#, "the number cannot be kept without rounding; send it as a string", 1, 21),
            ("{} {}", "something stands behind the end of the value", 1, 4),
        ];
        for (nested, problem, line, column) in cases {
            let want = Sentence::NestedNotJson {
                key: DYNAMIC_PARAM_LIST.to_owned(),
                problem: problem.to_owned(),
                line,
                column,
            };
            assert_eq!(batch(&as_string(nested)), Err(want), "{nested}");
        }
        assert!(batch(&as_string(&as_string("{}"))).is_err());
    }
}
