//! A test that the page on robustness names exists: a promise whose proof is gone must be noticed.

use super::Tree;
use super::finding::{Finding, Rule};
use std::collections::BTreeSet;

/// The page that says which test shows what.
const PAGE: &str = "docs/robustness.md";
/// A name with fewer underlines than this is not taken for a test's.
const UNDERLINES_MIN: usize = 3;

/// Checks the names between backticks on the page.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.text(PAGE) else { return Vec::new() };
    let sources = tree.texts_ending(".rs").chain(tree.texts_ending(".py"));
    let known: BTreeSet<&str> = sources.flat_map(|(_, text)| functions(text)).collect();
    let lines = (1..).zip(page.lines());
    let named = lines.flat_map(|(line, text)| names(text).map(move |name| (line, name)));
    let missing = named.filter(|(_, name)| !known.contains(name));
    missing
        .map(|(line, name)| {
            let problem = format!("there is no test `{name}`");
            Finding::new(Rule::NamedTests, (PAGE, line), problem, "name the test that shows it")
        })
        .collect()
}

fn names(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|name| {
        let is_plain =
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        is_plain && name.matches('_').count() >= UNDERLINES_MIN
    })
}

/// Whatever may be the name of a test: macros make tests too.
fn functions(source: &str) -> impl Iterator<Item = &str> {
    let words = source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.matches('_').count() >= UNDERLINES_MIN)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    #[test]
    fn a_test_that_is_named_but_does_not_exist_is_found() {
        let page = "| P1 | `what_is_answered_is_kept`, `what_was_never_written` |\n`--flag` `a_b` `x.rs`\n";
        let tree = Tree::of(&[
            ("docs/robustness.md", page),
            ("crates/a/tests/a.rs", "fn what_is_answered_is_kept() {}\n"),
        ]);
        let problems: Vec<String> =
            check(&tree).iter().map(|f| format!("{}: {}", f.line, f.problem)).collect();
        assert_eq!(problems, ["1: there is no test `what_was_never_written`"]);
    }
}
