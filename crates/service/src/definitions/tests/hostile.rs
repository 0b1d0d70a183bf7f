//! Input that means harm, or that no one meant.

use super::{defects_of, read_one};
use std::fmt::Write;

const HEAD: &str = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n";

#[test]
fn hostile_text_is_refused_with_a_place() {
    let long = "A".repeat(1_000_000);
    let cases = vec![
        ("an empty file", String::new(), "0:0 : the file holds no definition"),
        (
            "only comments",
            "# nothing\n---\n# here\n".to_owned(),
            "0:0 : the file holds no definition",
        ),
        (
            "a NUL",
            format!("{HEAD}  - {{code: \"A\0\"}}\n"),
            "5:14 : the file holds the control character U+0000",
        ),
        (
            "an escape sequence",
            format!("{HEAD}  - {{code: A, name: \"\u{1b}[2J\"}}\n"),
            "5:22 : the file holds the control character U+001B",
        ),
        (
            "text from right to left",
            format!("{HEAD}  - {{code: A, name: \"\u{202e}x\", noop: {{}}}}\n"),
            "5:21 tasks[0].name: the text holds U+202E",
        ),
        (
            "a Cyrillic letter in a code",
            format!("{HEAD}  - {{code: \u{410}, noop: {{}}}}\n"),
            "5:12 tasks[0].code: `\u{410}` is not a code",
        ),
        (
            "a very long code",
            format!("{HEAD}  - code: {long}\n    noop: {{}}\n"),
            "5:11 tasks[0].code: `AAAA",
        ),
        (
            "an invalid number",
            format!("{HEAD}  - {{code: A, noop: {{}}, retries: {{max: 1e9}}}}\n"),
            "5:40 tasks[0].retries.max: `1e9`",
        ),
    ];
    assert_one_defect(cases);
}

#[test]
fn yaml_that_is_none_of_ours_is_refused_with_a_place() {
    let cases = vec![
        (
            "an unclosed quote",
            format!("{HEAD}  - {{code: \"A\n"),
            "5:12 : this is not valid YAML or JSON: unclosed quote",
        ),
        (
            "a half surrogate",
            format!("{HEAD}  - {{code: A, name: \"\\ud83d\", noop: {{}}}}\n"),
            "5:21 : this is not valid YAML or JSON: ",
        ),
        (
            "a merge key",
            format!(
                "{HEAD}  - &a {{code: A, noop: {{}}}}\n  - <<: *a\n    code: C\n    noop: {{}}\n"
            ),
            "6:5 tasks[1].<<: a task cannot merge another map",
        ),
        (
            "a tag",
            format!("{HEAD}  - {{code: !!binary QQ==, noop: {{}}}}\n"),
            "5:21 : the tag `!!binary` has no meaning here",
        ),
        (
            "an unknown alias",
            format!("{HEAD}  - {{code: *nope, noop: {{}}}}\n"),
            "5:12 : this is not valid YAML or JSON: ",
        ),
        (
            "an alias inside of its anchor",
            format!("{HEAD}  - {{code: A, noop: {{}}, params: &p {{A: *p}}}}\n"),
            "5:40 : the alias stands inside the value it names",
        ),
        (
            "a map as a key",
            format!("{HEAD}  - {{[a]: b}}\n"),
            "5:6 : a field name must be a simple text",
        ),
        ("a list as a document", "- a\n- b\n".to_owned(), "1:1 : a document is a map"),
    ];
    assert_one_defect(cases);
}

#[test]
fn deep_nesting_is_refused_in_every_notation() {
    let depth = 100_000;
    let block = (0..2000).fold(String::new(), |mut text, level| {
        writeln!(text, "{}a:", " ".repeat(level)).unwrap();
        text
    });
    let cases = [
        format!("a: {}", "[".repeat(depth)),
        "{\"a\":".repeat(depth),
        format!(
            "{HEAD}  - {{code: A, http: {{url: \"https://h/\", body: {{a: {}1{}}}}}}}\n",
            "[".repeat(depth),
            "]".repeat(depth)
        ),
        format!("a:\n  {}", "- ".repeat(depth)),
        block,
    ];
    for text in cases {
        let defects = defects_of(&text);
        assert!(defects[0].ends_with("nested more than 64 deep"), "{:?}", defects[0]);
    }
}

#[test]
fn nesting_by_aliases_counts_too() {
    let mut text = format!("{HEAD}  - {{code: A, http: {{url: \"https://h/\", body: {{a0: &a0 [x]");
    for level in 1..80 {
        write!(text, ", a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    text.push_str("}}}\n");
    assert!(defects_of(&text)[0].ends_with("nested more than 64 deep"));
}

#[test]
fn an_alias_bomb_is_refused_before_it_goes_off() {
    let mut text =
        format!("{HEAD}  - {{code: A, http: {{url: \"https://h/\", body: {{a0: &a0 [lol]");
    for level in 1..30 {
        let refs = vec![format!("*a{}", level - 1); 10].join(",");
        write!(text, ", a{level}: &a{level} [{refs}]").unwrap();
    }
    text.push_str("}}}\n");
    assert!(
        defects_of(&text)[0].contains("expand to more than 16777216 bytes"),
        "{:?}",
        defects_of(&text)
    );
}

#[test]
fn honest_aliases_work() {
    let text = format!(
        "{HEAD}  - {{code: A, noop: {{}}, params: &p {{X: 1}}, timeout: &t 5s}}\n  - {{code: C, noop: {{}}, params: *p, timeout: *t}}\n"
    );
    let parsed = read_one(&text).unwrap();
    assert_eq!(parsed.len(), 1);
}

#[test]
fn line_ends_and_marks_of_other_systems_are_accepted() {
    let text = format!("\u{feff}{HEAD}  - code: A\n    noop: {{}}\n...\n").replace('\n', "\r\n");
    assert_eq!(read_one(&text).unwrap().len(), 1);
}

/// Each named text is refused with one defect that begins as wanted and is short.
fn assert_one_defect(cases: Vec<(&str, String, &str)>) {
    for (name, text, want) in cases {
        let defects = defects_of(&text);
        assert_eq!(defects.len(), 1, "{name}: {defects:?}");
        assert!(defects[0].starts_with(want), "{name}: {}", defects[0]);
        assert!(defects[0].len() < 500, "{name}: {}", defects[0]);
    }
}
