//! `docs/interface.md`: every sample of the page, in its order, against the real server.

use crate::outside::curl::shell;
use crate::stage::Stage;
use serde_json::Value;
use std::fmt::Write as _;

/// Stands between the outputs of two samples.
const SEPARATOR: &str = "---- the next sample ----";
const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/interface.md"));

/// A fenced block.
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) text: &'a str,
}

#[test]
fn the_samples_of_the_manual_print_what_it_says() {
    let stage = Stage::new();
    let blocks = blocks(PAGE);
    let yaml: Vec<&str> =
        blocks.iter().filter(|it| it.language == "yaml").map(|it| it.text).collect();
    assert_eq!(yaml.len(), 1, "the page has one block of definitions");
    stage.apply(yaml[0]);

    let mut script = exports(&stage);
    for sample in blocks.iter().filter(|it| it.language == "sh") {
        writeln!(script, "{}\necho '{SEPARATOR}'", sample.text).unwrap();
    }
    let printed = shell(&script);
    let printed: Vec<&str> = printed.split(&format!("{SEPARATOR}\n")).collect();
    let samples: Vec<usize> =
        (0..blocks.len()).filter(|index| blocks[*index].language == "sh").collect();
    assert_eq!(printed.len(), samples.len() + 1, "a sample ended the script");
    let mut compared = 0;
    for (sample, got) in samples.iter().zip(&printed) {
        let Some(want) = blocks.get(sample + 1) else { continue };
        if ["json", "text"].contains(&want.language) {
            assert_eq!(comparable(got), comparable(want.text), "{}", blocks[*sample].text);
            compared += 1;
        }
    }
    assert!(compared >= 14, "the page has lost its samples: {compared} are left");
}

fn exports(stage: &Stage) -> String {
    let headers = stage.headers();
    let mut script = String::new();
    for (name, value) in [
        ("BASE", &stage.server.base_url),
        ("CA", &stage.authority()),
        ("TENANT", &headers.tenant),
        ("SERVICE", &headers.service),
        ("WORKSPACE", &headers.workspace),
        ("REMOTE_USER", &headers.user),
        ("TOKEN", &headers.token),
        ("TMPDIR", &stage.scratch().display().to_string()),
    ] {
        writeln!(script, "export {name}='{value}'").unwrap();
    }
    script
}

/// JSON without its blanks, and run ids without the instant at which the run was made.
fn comparable(text: &str) -> String {
    let compact = serde_json::from_str::<Value>(text).map(|value| value.to_string());
    let text = compact.unwrap_or_else(|_| text.trim().to_owned());
    text.split_inclusive('_').map(|part| if is_stamp(part) { "STAMP_" } else { part }).collect()
}

fn is_stamp(part: &str) -> bool {
    let digits = part.strip_suffix('_').unwrap_or_default();
    digits.len() == 13 && digits.bytes().all(|letter| letter.is_ascii_digit())
}

pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let fences: Vec<&str> = page.split("\n```").skip(1).collect();
    let opening = fences.into_iter().step_by(2);
    opening
        .map(|fence| {
            let (language, text) = fence.split_once('\n').unwrap_or((fence, ""));
            Block { language, text }
        })
        .collect()
}
