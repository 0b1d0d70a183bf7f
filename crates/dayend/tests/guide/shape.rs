//! Comparing answers with printed ones: keys, their order, types.

use serde_json::Value;

/// Keys in their order and types of the values, without the values; an array is as its first element is.
pub(crate) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", shape(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// Every object in the answer has the shape that the printed one has.
pub(crate) fn assert_same_shape(answer: &Value, printed: &Value) {
    assert_eq!(shape(answer), shape(printed));
    for (key, list) in answer.as_object().unwrap() {
        for item in list.as_array().into_iter().flatten() {
            assert_eq!(shape(item), shape(&printed[key][0]), "in {key} of {answer}");
        }
    }
}

/// The answer is the printed one, word for word, about another run.
pub(crate) fn assert_as_printed(answer: &Value, printed: &Value) {
    let (run, theirs) = (answer["batchRunId"].as_str(), printed["batchRunId"].as_str().unwrap());
    let printed = printed.to_string().replace(theirs, run.unwrap_or("nothing"));
    assert_eq!(answer.to_string(), printed);
}

/// `<code>_<date>_<milliseconds>_1`
pub(crate) fn assert_run_id(run: &str, code: &str, date: &str) {
    let rest = run.strip_prefix(&format!("{code}_{date}_"));
    let stamp = rest.and_then(|rest| rest.strip_suffix("_1"));
    let is_stamp = |stamp: &str| stamp.len() == 13 && stamp.bytes().all(|c| c.is_ascii_digit());
    assert!(stamp.is_some_and(is_stamp), "`{run}` is not a run of {code} on {date}");
}
