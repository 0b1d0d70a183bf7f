//! Single values: texts, codes, durations, numbers.

use super::limits::{DESCRIPTION_MAX_CHARS, DURATION_MAX_MS, NAME_MAX_CHARS, TEXT_VALUE_MAX_BYTES};
use super::node::{Meaning, Node, Position, Scalar, Value};
use super::report::{Path, Report};
use dayend_engine::codes::{Code, shortened};

/// A text. A number, boolean or nothing is refused: it has to be quoted to be a text.
pub(super) fn string(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let (at, described) = (node.at, node.described());
    match scalar(node, path, report)? {
        scalar if scalar.meaning() == Meaning::Text => bounded(scalar.text, at, path, report),
        scalar if scalar.text.is_empty() || scalar.meaning() == Meaning::Nothing => {
            report.add(at, path, "there is no value: write a text, or remove the field");
            None
        }
        scalar => {
            let text = shortened(&scalar.text);
            report.add(
                at,
                path,
                format!("`{text}` is {described}, but a text is needed: write \"{text}\""),
            );
            None
        }
    }
}

/// A text that is not empty.
pub(super) fn filled(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let text = string(node, path, report)?;
    if text.is_empty() {
        report.add(at, path, "the text is empty: write a value");
        return None;
    }
    Some(text)
}

/// A text, number or boolean, kept exactly as written.
pub(super) fn as_written(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let scalar = scalar(node, path, report)?;
    if scalar.meaning() == Meaning::Nothing {
        report.add(at, path, "there is no value: write one, or \"\" for an empty text");
        return None;
    }
    bounded(scalar.text, at, path, report)
}

/// The code of a batch, group, task or connection.
pub(super) fn code(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Code> {
    let at = node.at;
    let text = string(node, path, report)?;
    match text.parse() {
        Ok(code) => Some(code),
        Err(refused) => {
            let foreign =
                text.chars().find(|letter| !letter.is_ascii() || letter.is_ascii_control());
            let hint = foreign.map_or_else(String::new, |letter| {
                format!(" (it holds U+{:04X})", u32::from(letter))
            });
            report.add(at, path, format!("{refused}{hint}"));
            None
        }
    }
}

/// A name: one line of visible text.
pub(super) fn name(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let text = filled(node, path, report)?;
    visible(text, NAME_MAX_CHARS, is_hidden, at, path, report)
}

/// A description: visible text, lines allowed.
pub(super) fn description(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let text = string(node, path, report)?;
    visible(
        text,
        DESCRIPTION_MAX_CHARS,
        |letter| letter != '\n' && is_hidden(letter),
        at,
        path,
        report,
    )
}

/// A whole number from 0 to `max`.
pub(super) fn whole_number(
    node: Node,
    max: u64,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<u64> {
    let at = node.at;
    let scalar = scalar(node, path, report)?;
    let digits = scalar.plain
        && !scalar.text.is_empty()
        && scalar.text.bytes().all(|byte| byte.is_ascii_digit());
    let number = scalar.text.parse().ok().filter(|number| digits && *number <= max);
    if number.is_none() {
        let text = shortened(&scalar.text);
        report.add(
            at,
            path,
            format!("`{text}` is not a whole number from 0 to {max} (without quotes)"),
        );
    }
    number
}

/// `true` or `false`.
pub(super) fn switch(node: Node, path: &Path<'_>, report: &mut Report) -> Option<bool> {
    let at = node.at;
    let scalar = scalar(node, path, report)?;
    match scalar.meaning() {
        Meaning::Boolean(value) => Some(value),
        Meaning::Nothing | Meaning::Number | Meaning::Text => {
            let text = shortened(&scalar.text);
            report.add(at, path, format!("`{text}` is neither true nor false (without quotes)"));
            None
        }
    }
}

/// A duration such as `1h30m`, in milliseconds.
pub(super) fn duration_ms(node: Node, path: &Path<'_>, report: &mut Report) -> Option<u64> {
    let at = node.at;
    let scalar = scalar(node, path, report)?;
    let duration = parse_duration_ms(&scalar.text).filter(|duration| *duration <= DURATION_MAX_MS);
    if duration.is_none() {
        let text = shortened(&scalar.text);
        let problem = format!(
            "`{text}` is not a duration: write hours, minutes, seconds, milliseconds, as in 1h30m, 10s or 500ms, at most 8784h"
        );
        report.add(at, path, problem);
    }
    duration
}

/// Whether a character is not to be seen, or changes how others are seen.
pub(super) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn scalar(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Scalar> {
    let described = node.described();
    match node.value {
        Value::Scalar(scalar) => Some(scalar),
        Value::List(_) | Value::Map(_) => {
            report.add(node.at, path, format!("a single value is needed, but this is {described}"));
            None
        }
    }
}

fn bounded(text: String, at: Position, path: &Path<'_>, report: &mut Report) -> Option<String> {
    if text.len() > TEXT_VALUE_MAX_BYTES {
        report.add(
            at,
            path,
            format!(
                "the text has {} bytes, at most {TEXT_VALUE_MAX_BYTES} are allowed",
                text.len()
            ),
        );
        return None;
    }
    if text.contains('\0') {
        report.add(at, path, "the text holds a NUL character: remove it");
        return None;
    }
    Some(text)
}

fn visible(
    text: String,
    max_chars: usize,
    is_bad: fn(char) -> bool,
    at: Position,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<String> {
    let count = text.chars().count();
    if count > max_chars {
        report.add(
            at,
            path,
            format!("the text has {count} characters, at most {max_chars} are allowed"),
        );
        return None;
    }
    if let Some(bad) = text.chars().find(|letter| is_bad(*letter)) {
        let number = u32::from(bad);
        report.add(
            at,
            path,
            format!("the text holds U+{number:04X}, a control or invisible character: remove it"),
        );
        return None;
    }
    Some(text)
}

/// Numbers with units, each unit at most once and the larger first.
fn parse_duration_ms(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    for (unit, unit_ms) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        let digits =
            rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        // `m` must not take the beginning of `ms`.
        let Some(after) = after.strip_prefix(unit).filter(|after| !after.starts_with('s')) else {
            continue;
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit_ms)?)?;
        rest = after;
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units_the_larger_first() {
        let cases = [
            ("30m", Some(1_800_000)),
            ("10s", Some(10_000)),
            ("1h30m", Some(5_400_000)),
            ("500ms", Some(500)),
            ("1h1m1s1ms", Some(3_661_001)),
            ("2m5ms", Some(120_005)),
            ("90m", Some(5_400_000)),
            ("0s", Some(0)),
            ("007s", Some(7000)),
            ("", None),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("1.5h", None),
            ("1m1h", None),
            ("1s1s", None),
            ("1h 30m", None),
            ("1H", None),
            ("１s", None),
            ("99999999999999999999h", None),
            ("9999999999999999h", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_duration_ms(text), want, "{text}");
        }
    }
}
