//! Reading keys of the body. Absent, `null` and `""` are the same everywhere.

use super::fault::Fault;
use super::headers::is_key;
use crate::json::{ITEMS_MAX, Json, Object};
use crate::locale::{Sentence, Wanted};
use dayend_engine::codes::{RunId, shortened};
use dayend_engine::params::MIS_DATE;
use dayend_engine::time::MisDate;

pub(super) const BATCH_NAME: &str = "batchName";
pub(super) const BATCH_TYPE: &str = "batchType";
/// The guide's samples write the first, its lists of attributes the second.
pub(super) const RUN_ID: [&str; 2] = ["batchRunId", "batchRunID"];
pub(super) const EXTERNAL_RUN_ID: &str = "externalRunId";
/// The most unknown keys that are named in the log.
const UNKNOWN_LOGGED_MAX: usize = 20;

/// The refusal of a key that holds something else than `wanted`.
pub(super) fn wrong(key: &str, wanted: Wanted) -> Fault {
    Fault::arguments(Sentence::KeyWrong { key: key.to_owned(), wanted })
}

/// The value of `key`, unless it says nothing.
pub(super) fn value<'a>(object: &'a Object, key: &str) -> Option<&'a Json> {
    object.get(key).filter(|value| match value {
        Json::Null => false,
        Json::Text(text) => !text.trim().is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => true,
    })
}

/// The string in `key`, as written.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> Result<Option<&'a str>, Fault> {
    match value(object, key) {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text)),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Object(_)) => {
            Err(wrong(key, Wanted::Text))
        }
    }
}

/// The string in `key`, which must be there.
pub(super) fn required<'a>(object: &'a Object, key: &str) -> Result<&'a str, Fault> {
    text(object, key)?.ok_or_else(|| Fault::arguments(Sentence::KeyMissing { key: key.to_owned() }))
}

/// The run id under either of its two names.
pub(super) fn run_id(object: &Object) -> Result<&str, Fault> {
    let [name, other] = RUN_ID;
    match (text(object, name)?, text(object, other)?) {
        (Some(first), Some(second)) if first != second => Err(contradiction("", name, other)),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => Err(Fault::arguments(Sentence::KeyMissing { key: name.to_owned() })),
    }
}

/// The run that the body names, if what it names can be one: errors repeat it.
pub(super) fn named_run(object: &Object) -> Option<RunId> {
    run_id(object).ok().and_then(|id| id.parse().ok())
}

/// The codes in `key`: a comma-separated string, or an array of strings.
pub(super) fn codes(object: &Object, key: &str) -> Result<Vec<String>, Fault> {
    let codes: Vec<String> = match value(object, key) {
        None => Vec::new(),
        Some(Json::Text(list)) => list
            .split(',')
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
        Some(Json::List(list)) => {
            list.iter().filter_map(|item| code(item, key).transpose()).collect::<Result<_, _>>()?
        }
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) => {
            return Err(wrong(key, Wanted::Codes));
        }
    };
    if codes.len() > ITEMS_MAX {
        return Err(Fault::arguments(Sentence::TooManyCodes {
            key: key.to_owned(),
            limit: ITEMS_MAX,
        }));
    }
    Ok(codes)
}

fn code(item: &Json, key: &str) -> Result<Option<String>, Fault> {
    match item {
        Json::Text(code) => {
            Ok(Some(code.trim()).filter(|code| !code.is_empty()).map(str::to_owned))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => {
            Err(wrong(key, Wanted::Codes))
        }
    }
}

/// Whether `key` is one of the spellings of `$FICMISDATE$`; the guide drops now one `$`, now both.
pub(super) fn is_mis_date(key: &str) -> bool {
    let bare = key.strip_prefix('$').unwrap_or(key);
    bare.strip_suffix('$').unwrap_or(bare) == MIS_DATE
}

/// The business date among the keys of `object`; `path` stands before the key in an error.
pub(super) fn mis_date(object: &Object, path: &str) -> Result<Option<MisDate>, Fault> {
    let mut found: Option<(&str, MisDate)> = None;
    for spelling in object.keys().filter(|key| is_mis_date(key)) {
        let key = format!("{path}{spelling}");
        let Some(written) = text(object, spelling).map_err(|_| wrong(&key, Wanted::Text))? else {
            continue;
        };
        let date = written.trim().parse::<MisDate>();
        let date = date
            .map_err(|_| Fault::arguments(Sentence::NotADate { key, value: shortened(written) }))?;
        match found {
            Some((other, earlier)) if earlier != date => {
                return Err(contradiction(path, other, spelling));
            }
            Some(_) => {}
            None => found = Some((spelling, date)),
        }
    }
    Ok(found.map(|(_, date)| date))
}

/// The key of a repeatable request: the header's, or `externalRunId`, which must not contradict it.
pub(super) fn idempotency_key(
    header: Option<String>,
    object: &Object,
) -> Result<Option<String>, Fault> {
    let Some(external) = text(object, EXTERNAL_RUN_ID)? else { return Ok(header) };
    if !is_key(external) {
        return Err(Fault::arguments(Sentence::ExternalIdInvalid));
    }
    match header {
        Some(header) if header != external => {
            Err(contradiction("", "Idempotency-Key", EXTERNAL_RUN_ID))
        }
        Some(_) | None => Ok(Some(external.to_owned())),
    }
}

/// Names the keys that are ignored, so that a slip in an integration can be found.
pub(super) fn log_unknown(object: &Object, known: &[&str]) {
    let is_unknown = |key: &&String| !known.contains(&key.as_str()) && !is_mis_date(key);
    let unknown: Vec<String> = object
        .keys()
        .filter(is_unknown)
        .take(UNKNOWN_LOGGED_MAX)
        .map(|key| shortened(key))
        .collect();
    if !unknown.is_empty() {
        tracing::debug!(keys = ?unknown, "keys of a request are ignored");
    }
}

/// The refusal of two keys, both behind `path`, that say different things.
pub(super) fn contradiction(path: &str, key: &str, other: &str) -> Fault {
    let named = |key: &str| format!("{path}{}", shortened(key));
    Fault::arguments(Sentence::KeysContradict { key: named(key), other: named(other) })
}

#[cfg(test)]
mod tests {
    use super::super::call::object;
    use super::*;

    fn of(text: &str) -> Object {
        object(text.as_bytes()).expect(text)
    }

    #[test]
    fn nothing_is_said_in_three_ways() {
        for text_of in [r"{}", r#"{"k":null}"#, r#"{"k":""}"#, r#"{"k":" "}"#] {
            assert_eq!(value(&of(text_of), "k"), None, "{text_of}");
            assert_eq!(codes(&of(text_of), "k").unwrap(), Vec::<String>::new(), "{text_of}");
            let missing = required(&of(text_of), "k").unwrap_err();
            assert_eq!(missing.sentence, Sentence::KeyMissing { key: "k".to_owned() }, "{text_of}");
        }
        assert_eq!(
            text(&of(r#"{"k":0}"#), "k").unwrap_err().sentence,
            wrong("k", Wanted::Text).sentence
        );
    }

    #[test]
    fn codes_come_as_a_comma_separated_string_or_as_an_array() {
        let cases: [(&str, Option<&[&str]>); 9] = [
            (r#""T1""#, Some(&["T1"])),
            (r#""T1,T2 , T3""#, Some(&["T1", "T2", "T3"])),
            (r#"",T1,,""#, Some(&["T1"])),
            (r#"["T1"," T2 ",""]"#, Some(&["T1", "T2"])),
            (r"[]", Some(&[])),
            (r#"["T1",2]"#, None),
            (r#"[["T1"]]"#, None),
            (r#"{"T1":1}"#, None),
            (r"true", None),
        ];
        for (list, want) in cases {
            let got = codes(&of(&format!(r#"{{"k":{list}}}"#)), "k").ok();
            assert_eq!(
                got,
                want.map(|codes| codes.iter().map(|code| (*code).to_owned()).collect()),
                "{list}"
            );
        }
        let many = format!(r#"{{"k":"{}"}}"#, "T,".repeat(ITEMS_MAX + 1));
        assert_eq!(
            codes(&of(&many), "k").unwrap_err().sentence,
            Sentence::TooManyCodes { key: "k".to_owned(), limit: ITEMS_MAX }
        );
    }

    #[test]
    fn the_run_id_has_two_names_that_must_agree() {
        assert_eq!(run_id(&of(r#"{"batchRunId":"R"}"#)).unwrap(), "R");
        assert_eq!(run_id(&of(r#"{"batchRunID":"R"}"#)).unwrap(), "R");
        assert_eq!(run_id(&of(r#"{"batchRunID":"R","batchRunId":"R"}"#)).unwrap(), "R");
        assert_eq!(run_id(&of(r#"{"batchRunID":"R","batchRunId":""}"#)).unwrap(), "R");
        assert!(run_id(&of(r#"{"batchRunID":"R","batchRunId":"Q"}"#)).is_err());
        assert!(run_id(&of(r#"{"BATCHRUNID":"R"}"#)).is_err());
    }

    #[test]
    fn an_error_repeats_only_what_can_be_a_run_id() {
        let id = "B2001_2022-05-30_1653233511394_1";
        assert_eq!(named_run(&of(&format!(r#"{{"batchRunID":"{id}"}}"#))).unwrap().as_str(), id);
        assert_eq!(named_run(&of(r#"{"batchRunId":"<script>"}"#)), None);
        assert_eq!(named_run(&of("{}")), None);
    }

    #[test]
    fn the_date_is_found_under_every_spelling_of_its_name() {
        for spelling in ["$FICMISDATE$", "FICMISDATE$", "$FICMISDATE", "FICMISDATE"] {
            let date = mis_date(&of(&format!(r#"{{"{spelling}":" 2026-10-30 "}}"#)), "").unwrap();
            assert_eq!(date.unwrap().to_string(), "2026-10-30", "{spelling}");
        }
        for other in ["$$FICMISDATE$$", "ficmisdate", "FICMISDATE1", "$$"] {
            assert!(!is_mis_date(other), "{other}");
        }
        let same = of(r#"{"$FICMISDATE$":"2026-10-30","FICMISDATE":"2026-10-30"}"#);
        assert!(mis_date(&same, "").unwrap().is_some());
        let two = of(r#"{"$FICMISDATE$":"2026-10-30","FICMISDATE":"2026-10-31"}"#);
        let want = contradiction("", "$FICMISDATE$", "FICMISDATE");
        assert_eq!(mis_date(&two, "").unwrap_err(), want);
        assert_eq!(mis_date(&of(r#"{"$FICMISDATE$":""}"#), "").unwrap(), None);
    }

    #[test]
    fn only_real_dates_of_the_one_form_are_dates() {
        for bad in [
            "30.10.2026",
            "2026-13-01",
            "2026-02-30",
            "20261030",
            "2026-10-30T00:00:00Z",
            "today",
            "2026-1-2",
        ] {
            let fault = mis_date(&of(&format!(r#"{{"$FICMISDATE$":"{bad}"}}"#)), "p.").unwrap_err();
            let want =
                Sentence::NotADate { key: "p.$FICMISDATE$".to_owned(), value: bad.to_owned() };
            assert_eq!(fault.sentence, want);
        }
        assert!(mis_date(&of(r#"{"$FICMISDATE$":20261030}"#), "").is_err());
    }

    #[test]
    fn the_key_of_a_repeatable_request_comes_from_the_header_or_the_body() {
        let key = |header: Option<&str>, body: &str| {
            idempotency_key(header.map(str::to_owned), &of(body)).map_err(|fault| fault.sentence)
        };
        assert_eq!(key(None, "{}"), Ok(None));
        assert_eq!(key(Some("a"), "{}"), Ok(Some("a".to_owned())));
        assert_eq!(key(None, r#"{"externalRunId":"b"}"#), Ok(Some("b".to_owned())));
        assert_eq!(key(Some("b"), r#"{"externalRunId":"b"}"#), Ok(Some("b".to_owned())));
        assert_eq!(key(Some("a"), r#"{"externalRunId":""}"#), Ok(Some("a".to_owned())));
        let both = key(Some("a"), r#"{"externalRunId":"b"}"#);
        assert_eq!(both, Err(contradiction("", "Idempotency-Key", "externalRunId").sentence));
        assert_eq!(key(None, r#"{"externalRunId":"a b"}"#), Err(Sentence::ExternalIdInvalid));
        assert_eq!(
            key(None, r#"{"externalRunId":7}"#),
            Err(wrong("externalRunId", Wanted::Text).sentence)
        );
    }
}
