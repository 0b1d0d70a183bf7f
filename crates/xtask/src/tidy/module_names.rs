//! A module is named for what a user would call the thing.

use super::finding::{Finding, Rule};
use super::rust::{Token, words};

/// Names that say where code was put, not what it is.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "managers", "core", "models"];

/// Checks the name of a Rust file and of the modules within it.
pub(crate) fn check(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let own_name = match parts.as_slice() {
        [.., directory, "mod" | "main"] => Some(*directory),
        [.., file] => Some(*file),
        [] => None,
    };
    let own = own_name.map(|name| (name, 1));
    let words = words(tokens);
    let inline = words.windows(3).filter_map(|three| match three {
        [("mod", line), (name, _), ("{", _)] => Some((*name, *line)),
        _ => None,
    });
    let empty = own.into_iter().chain(inline).filter(|(name, _)| EMPTY_NAMES.contains(name));
    empty.map(|(name, line)| finding(path, name, line)).collect()
}

fn finding(path: &str, name: &str, line: usize) -> Finding {
    let problem = format!("`{name}` says nothing about what is in it");
    let remedy = "name the module for what a user would call the thing";
    Finding::new(Rule::ModuleNames, (path, line), problem, remedy)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::rust::tokens;

    #[test]
    fn a_module_name_says_what_is_in_it() {
        #[rustfmt::skip]
        let cases = [
            ("crates/a/src/runs.rs",          "", 0),
            ("crates/a/src/utils.rs",         "", 1),
            ("crates/a/src/common/mod.rs",    "", 1),
            ("crates/a/tests/helpers/mod.rs", "", 1),
            ("crates/a/src/core/runs.rs",     "", 0),
            ("crates/a/src/runs/mod.rs",      "", 0),
            ("crates/a/src/runs.rs",          "mod manager { }", 1),
            ("crates/a/src/runs.rs",          "use core::fmt; mod tests { }", 0),
        ];
        for (path, text, want) in cases {
            assert_eq!(check(path, &tokens(text).unwrap()).len(), want, "{path} {text}");
        }
    }
}
