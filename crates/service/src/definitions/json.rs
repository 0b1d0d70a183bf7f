//! The extra keys of an HTTP task's body: JSON values, each kept exactly or refused.

use super::fields::free_entries;
use super::limits::ENTRIES_MAX;
use super::node::{Meaning, Node, Scalar, Value};
use super::report::{Path, Report};
use super::scalars;
use dayend_engine::codes::shortened;
use serde_json::{Map, Number, Value as Json};

/// Keys that the task contract fills.
const CONTRACT_KEYS: [&str; 5] = ["batchRunId", "taskCode", "misDate", "attempt", "params"];
/// Decimal digits that a JSON number keeps in every reader.
const EXACT_DIGITS: usize = 15;
/// Powers of ten that a binary number holds exactly.
const EXACT_POWER: i32 = 22;

/// The map of extra keys.
pub(super) fn body(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Map<String, Json>> {
    let before = report.len();
    let mut map = Map::new();
    for entry in free_entries(node, "`body`", path, report)? {
        let path = path.field(&entry.key);
        if CONTRACT_KEYS.contains(&entry.key.as_str()) {
            report.add(
                entry.at,
                &path,
                format!("Dayend sends `{}` itself: choose another key", entry.key),
            );
        } else if let Some(value) = value(entry.node, &path, report) {
            map.insert(entry.key, value);
        }
    }
    (report.len() == before).then_some(map)
}

/// One value; recursion is bounded by the reader's depth limit.
fn value(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Json> {
    match node.value {
        Value::Map(_) => {
            let mut map = Map::new();
            for entry in free_entries(node, "this", path, report)? {
                let value = value(entry.node, &path.field(&entry.key), report);
                map.insert(entry.key, value.unwrap_or_default());
            }
            Some(Json::Object(map))
        }
        Value::List(items) if items.len() > ENTRIES_MAX => {
            report.add(
                node.at,
                path,
                format!("the list has {} items, at most {ENTRIES_MAX} are allowed", items.len()),
            );
            None
        }
        Value::List(items) => {
            let values = items
                .into_iter()
                .enumerate()
                .map(|(at, item)| value(item, &path.index(at), report));
            Some(Json::Array(values.map(Option::unwrap_or_default).collect()))
        }
        Value::Scalar(ref scalar) => match scalar.meaning() {
            Meaning::Nothing => Some(Json::Null),
            Meaning::Boolean(boolean) => Some(Json::Bool(boolean)),
            Meaning::Text => scalars::as_written(node, path, report).map(Json::String),
            Meaning::Number => {
                let number = exact_number(scalar);
                if number.is_none() {
                    let text = shortened(&scalar.text);
                    let problem = format!(
                        "the number `{text}` cannot be kept exactly as JSON: write it in quotes, or as a plain decimal number of at most {EXACT_DIGITS} digits"
                    );
                    report.add(node.at, path, problem);
                }
                number.map(Json::Number)
            }
        },
    }
}

/// The number, if JSON writes it like this and every reader gets the same value out of it.
fn exact_number(scalar: &Scalar) -> Option<Number> {
    let text = scalar.text.as_str();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let leading_zero =
        unsigned.starts_with('0') && unsigned.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if leading_zero || !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) && text != "-0" {
        return text
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| text.parse::<u64>().map(Number::from))
            .ok();
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if fraction.is_empty() {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    let dropped_zeros = digits.len() - digits.trim_end_matches('0').len();
    let power = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = power.checked_add(i32::try_from(dropped_zeros).ok()?)?;
    let exact = significant.is_empty()
        || (significant.len() <= EXACT_DIGITS
            && power.unsigned_abs() <= EXACT_POWER.unsigned_abs());
    if exact { Number::from_f64(text.parse().ok()?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_exactly_or_refused() {
        let cases = [
            ("0", Some("0")),
            ("-7", Some("-7")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("-9223372036854775809", None),
            ("0.1", Some("0.1")),
            ("1.50", Some("1.5")),
            ("-0", Some("-0.0")),
            ("0.0", Some("0.0")),
            ("123456789012.345", Some("123456789012.345")),
            ("0.1234567890123456", None),
            ("1e3", Some("1000.0")),
            ("1E+22", Some("1e+22")),
            ("1e23", None),
            ("1e400", None),
            ("007", None),
            ("+1", None),
            (".5", None),
            ("1.", None),
            ("0x1F", None),
            (".inf", None),
            (".nan", None),
        ];
        for (text, want) in cases {
            let number = exact_number(&Scalar { text: text.to_owned(), plain: true });
            assert_eq!(number.map(|number| number.to_string()).as_deref(), want, "{text}");
        }
    }
}
