//! Running the commands of a page, and holding their answers against what the page says.

use crate::manual::blocks;
use crate::outside::curl::shell;
use serde_json::Value;
use std::fmt::Write as _;

/// Stands between the outputs of two samples.
const SEPARATOR: &str = "---- the next sample ----";

/// The commands for the variables that a page needs.
pub(crate) fn exports(variables: &[(&str, &str)]) -> String {
    let mut script = String::new();
    for (name, value) in variables {
        writeln!(script, "export {name}='{value}'").unwrap();
    }
    script
}

/// Runs every command of a page, in its order, in one shell that begins with `script`. Where an answer stands behind a
/// command, the last one that was printed must be like it. Gives how many were held against each other.
pub(crate) fn run_page(name: &str, page: &str, script: &str) -> usize {
    let mut script = script.to_owned();
    let blocks = blocks(page);
    for sample in blocks.iter().filter(|block| block.language == "sh") {
        writeln!(script, "{}\necho '{SEPARATOR}'", sample.text).unwrap();
    }
    let printed = shell(&script);
    let mut answers = printed.split(SEPARATOR);
    let mut compared = 0;
    for (at, sample) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        let answer = answers.next().unwrap().trim();
        let Some(want) = blocks.get(at + 1).filter(|block| block.language == "json") else {
            continue;
        };
        let last = answer.lines().last().unwrap_or_default();
        assert_eq!(shape(last), shape(want.text), "{name}: {}\n{answer}", sample.text);
        compared += 1;
    }
    compared
}

/// The names in the last object of a line, and the numbers and switches that are not about an instant.
pub(crate) fn shape(json: &str) -> Vec<String> {
    let values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    let values: Vec<Value> =
        values.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {json}"));
    match values.last() {
        Some(Value::Object(fields)) => {
            fields.iter().map(|(name, value)| told(name, value)).collect()
        }
        Some(other) => vec![other.to_string()],
        None => Vec::new(),
    }
}

fn told(name: &str, value: &Value) -> String {
    match (name, value) {
        ("expires_in", Value::Number(seconds)) if seconds.as_u64().is_some_and(is_round) => {
            format!("{name}={seconds}")
        }
        ("active" | "token_type" | "error" | "status" | "kid" | "message", value) => {
            format!("{name}={value}")
        }
        (name, _) => name.to_owned(),
    }
}

/// A lifetime that rests on another one is some seconds shorter.
fn is_round(seconds: u64) -> bool {
    seconds.is_multiple_of(300)
}
