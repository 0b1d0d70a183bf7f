//! The manual's pages about tokens and keys: every sample, in its order, against the real server.

use crate::house::{ANNA, House, PASSWORD};
use crate::outside::curl::shell;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

const SEPARATOR: &str = "---- the next sample ----";

struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

#[test]
fn the_samples_of_moving_a_script_work_and_answer_in_the_shape_they_show() {
    let house = House::open();
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/identity/moving.md"));
    assert_eq!(shown(&house, page), 5);
}

#[test]
fn the_samples_of_the_call_of_unifier_work_and_answer_in_the_shape_they_show() {
    let house = House::open_with(&[("unifier_client", "\"web\"")]);
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/identity/unifier.md"));
    assert_eq!(shown(&house, page), 3);
}

#[test]
fn the_commands_of_the_page_about_keys_do_what_it_says() {
    let house = House::open();
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/identity/keys.md"));
    assert_eq!(shown(&house, page), 0);
}

/// Runs the samples of a page; the answer is how many of them showed an answer of the shape that follows them.
fn shown(house: &House, page: &str) -> usize {
    let blocks = blocks(page);
    let mut script = format!(
        "export BASE='{}' CA='{}' CLIENT_ID=web CLIENT_SECRET='{}' USER_NAME={ANNA} PASSWORD='{PASSWORD}' DAYEND_DATA='{}'\n\
         export MASTER='{}' PATH='{}':\"$PATH\"\n",
        house.server.base_url,
        house.home.get("ca_file"),
        house.web().secret,
        house.home.text(),
        house.home.data().with_file_name("master").display(),
        Path::new(env!("CARGO_BIN_EXE_dayend")).parent().unwrap().display(),
    );
    let samples: Vec<usize> = (0..blocks.len()).filter(|at| blocks[*at].language == "sh").collect();
    for at in &samples {
        writeln!(script, "{}\nprintf '\\n{SEPARATOR}\\n'", blocks[*at].text).unwrap();
    }
    let printed = shell(&script);
    let printed: Vec<&str> = printed.split(&format!("\n{SEPARATOR}\n")).collect();
    assert_eq!(printed.len(), samples.len() + 1, "a sample ended the script");
    let mut compared = 0;
    for (at, got) in samples.iter().zip(&printed) {
        let Some(want) = blocks.get(at + 1).filter(|next| next.language == "json") else {
            continue;
        };
        assert_eq!(shape(got), shape(want.text), "{}\n{got}", blocks[*at].text);
        compared += 1;
    }
    compared
}

/// The answer with every token replaced.
fn shape(text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    without_tokens(value)
}

fn without_tokens(value: Value) -> Value {
    match value {
        Value::Object(pairs) => {
            pairs.into_iter().map(|(name, value)| (name, without_tokens(value))).collect()
        }
        Value::String(text) if text.starts_with("eyJ") => "a signed token".into(),
        Value::String(text) if text.starts_with("AgAg") => "a refresh token".into(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    for fenced in page.split("\n```").skip(1).step_by(2) {
        let (language, text) = fenced.split_once('\n').unwrap();
        blocks.push(Block { language, text });
    }
    blocks
}
