//! Files stay short enough to be read at one go.

use super::finding::{Finding, Rule};
use super::rust::Token;
use std::collections::BTreeSet;

/// Lines with code in them, unit tests not counted.
const CODE_LINES_MAX: usize = 500;

/// Counts the lines of a file that hold code outside of `#[cfg(test)]` items.
pub(crate) fn check(path: &str, tokens: &[Token]) -> Option<Finding> {
    let code = tokens.iter().filter(|token| !token.in_tests);
    let lines: BTreeSet<usize> =
        code.flat_map(|token| token.first_line..=token.last_line).collect();
    let first_over = lines.iter().nth(CODE_LINES_MAX)?;
    let problem = format!("{} code lines, {CODE_LINES_MAX} are allowed", lines.len());
    let remedy = "split it by what its parts are for";
    Some(Finding::new(Rule::Length, (path, *first_over), problem, remedy))
}

#[cfg(test)]
mod tests {
    use super::{CODE_LINES_MAX, check};
    use crate::tidy::rust::tokens;

    #[test]
    fn only_lines_of_shipped_code_count() {
        let code = "const A: u8 = 1;\n\n// why\n/// What.\n".repeat(CODE_LINES_MAX);
        let tests = format!("#[cfg(test)] mod tests {{\n{}}}", "const A: u8 = 1;\n".repeat(600));
        let long = |text: &str| check("a.rs", &tokens(text).unwrap());
        assert_eq!(long(&code), None);
        let finding = long(&format!("{code}{tests}")).expect("the line of the attribute counts");
        assert!(finding.problem.starts_with("502 code lines"), "{finding}");
        let one_more = long(&format!("{code}const B: u8 = 1;\n")).unwrap();
        assert_eq!((one_more.line, one_more.rule), (2001, crate::tidy::finding::Rule::Length));
    }
}
