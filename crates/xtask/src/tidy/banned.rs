//! Words of Rust that must not be committed, and waiting in tests.

use super::finding::{Finding, Rule};
use super::rust::Token;

/// Functions that let time pass.
const SLEEPS: &[&str] = &["sleep", "sleep_ms", "sleep_until", "nanosleep", "usleep"];

/// Checks each token with its neighbours.
pub(crate) fn check(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let is_test_file = is_test_file(path);
    let before = std::iter::once("").chain(tokens.iter().map(|token| token.text.as_str()));
    let after = tokens.iter().skip(1).map(|token| token.text.as_str()).chain([""]);
    let all = before.zip(tokens).zip(after);
    let finding = |((before, token), after): ((&str, &Token), &str)| {
        let place = (path, token.first_line);
        match token.text.as_str() {
            "ignore" if token.in_attribute && matches!(before, "[" | ",") => {
                let remedy = "make it pass, or delete it";
                Some(Finding::new(Rule::Banned, place, "a test is left out", remedy))
            }
            "allow" if token.in_attribute && matches!(before, "[" | ",") && after == "(" => {
                let remedy = "put the code right, or write `#[expect(…, reason = \"…\")]`";
                Some(Finding::new(Rule::Banned, place, "`allow` outlives its reason", remedy))
            }
            word @ ("todo" | "unimplemented") if after == "!" => {
                Some(Finding::new(Rule::Banned, place, format!("`{word}!`"), "write the code"))
            }
            word if SLEEPS.contains(&word) && (is_test_file || token.in_tests) => {
                let problem = format!("a test waits for time to pass (`{word}`)");
                let remedy = "wait for what must happen, or set the clock";
                Some(Finding::new(Rule::Sleep, place, problem, remedy))
            }
            _ => None,
        }
    };
    all.filter_map(finding).collect()
}

/// Files that only tests use.
fn is_test_file(path: &str) -> bool {
    path.starts_with("crates/testkit/") || path.contains("/tests/") || path.ends_with("tests.rs")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::rust::tokens;

    #[test]
    fn unfinished_and_silenced_code_is_found() {
        #[rustfmt::skip]
        let cases = [
            ("#[ignore] fn a() {}",                             1),
            ("#[ignore = \"slow\"] fn a() {}",                  1),
            ("#[cfg_attr(debug_assertions, ignore)] fn a() {}", 1),
            ("fn ignore() { ignore(1, ignore) }",               0),
            ("#[allow(dead_code)] fn a() {}",                   1),
            ("#![allow(dead_code)]",                            1),
            ("#[cfg_attr(test, allow(dead_code))] fn a() {}",   1),
            ("fn a() { allow(1) }",                             0),
            ("#[expect(dead_code, reason = \"b\")] fn a() {}",  0),
            ("fn a() { todo!() }",                              1),
            ("fn a() { std::unimplemented!(\"b\") }",           1),
            ("fn a() { let todo = \"todo!()\"; } // todo!()",   0),
        ];
        for (text, want) in cases {
            let found = check("crates/a/src/b.rs", &tokens(text).unwrap());
            assert_eq!(found.len(), want, "{text}");
        }
    }

    #[test]
    fn tests_do_not_sleep_and_others_may() {
        let text = "fn a() { std::thread::sleep(b) }";
        let unit_test = format!("#[cfg(test)] mod tests {{ {text} }}");
        let import = "use tokio::time::{sleep as pause, timeout};";
        let string = "fn a() { sh(\"sleep 1\") }";
        #[rustfmt::skip]
        let cases = [
            ("crates/a/src/b.rs",        text,       0),
            ("crates/a/src/b.rs",        &unit_test, 1),
            ("crates/a/src/b/tests.rs",  text,       1),
            ("crates/a/tests/b.rs",      text,       1),
            ("crates/a/tests/b.rs",      import,     1),
            ("crates/a/tests/b.rs",      string,     0),
            ("crates/testkit/src/b.rs",  text,       1),
        ];
        for (path, text, want) in cases {
            assert_eq!(check(path, &tokens(text).unwrap()).len(), want, "{path}: {text}");
        }
    }
}
