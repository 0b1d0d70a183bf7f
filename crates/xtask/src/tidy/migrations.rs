//! Every migration is built into the binary, in order, under its own number and name.

use super::Tree;
use super::finding::{Finding, Rule};
use super::rust::{tokens, words};
use std::collections::BTreeMap;

const DIRECTORY: &str = "crates/store/migrations/";
const LIST: &str = "crates/store/src/migrations.rs";

/// Compares the directory of migrations with the list that is built in.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let listed = tree.text(LIST).map(steps).unwrap_or_default();
    let files = tree
        .texts_ending(".sql")
        .filter_map(|(path, _)| Some((path, path.strip_prefix(DIRECTORY)?.strip_suffix(".sql")?)));
    let mut findings = Vec::new();
    for (next, (path, file)) in (1..).zip(files) {
        let mut finding = |place: (&str, usize), problem: String, remedy: String| {
            findings.push(Finding::new(Rule::Migrations, place, problem, remedy));
        };
        match listed.get(file) {
            None => {
                let remedy = format!("add it to STEPS in {LIST}");
                finding((path, 1), "this migration is not built in".to_owned(), remedy);
            }
            Some(step) if step.file_name() != file => {
                let problem = format!("step {} `{}` takes `{file}.sql`", step.number, step.name);
                let remedy = "give the step its file's number and name".to_owned();
                finding((LIST, step.line), problem, remedy);
            }
            Some(_) => {}
        }
        if !file.starts_with(&format!("{next:04}_")) {
            let remedy = "number the migrations without a gap".to_owned();
            finding((path, 1), format!("the next migration is {next:04}"), remedy);
        }
    }
    findings
}

/// A tuple `(1, "first", include_str!("../migrations/0001_first.sql"))`.
struct Step {
    number: usize,
    name: String,
    line: usize,
}

impl Step {
    fn file_name(&self) -> String {
        format!("{:04}_{}", self.number, self.name)
    }
}

/// The steps that are built in, by the name of their file.
fn steps(list: &str) -> BTreeMap<String, Step> {
    let tokens = tokens(list).unwrap_or_default();
    let words = words(&tokens);
    let step = |window: &[(&str, usize)]| match window {
        [
            (number, line),
            (",", _),
            (name, _),
            (",", _),
            ("include_str", _),
            ("!", _),
            ("(", _),
            (file, _),
        ] => {
            let file = unquoted(file).strip_prefix("../migrations/")?.strip_suffix(".sql")?;
            let (number, name) = (number.parse().ok()?, unquoted(name).to_owned());
            Some((file.to_owned(), Step { number, name, line: *line }))
        }
        _ => None,
    };
    words.windows(8).filter_map(step).collect()
}

fn unquoted(literal: &str) -> &str {
    literal.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::{LIST, check};
    use crate::tidy::Tree;

    const FIRST: &str = "crates/store/migrations/0001_first.sql";
    const STEPS: &str = "const STEPS: &[(i64, &str, &str)] = &[\n\
        (1, \"first\", include_str!(\"../migrations/0001_first.sql\")),\n];\n";

    fn problems(list: &str, files: &[&str]) -> Vec<String> {
        let mut tree = vec![(LIST, list)];
        tree.extend(files.iter().map(|file| (*file, "")));
        let findings = check(&Tree::of(&tree));
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.problem)).collect()
    }

    #[test]
    fn a_migration_is_built_in_under_its_number_and_name() {
        let second = "crates/store/migrations/0002_second.sql";
        let third = "crates/store/migrations/0003_third.sql";
        assert_eq!(problems(STEPS, &[FIRST]), Vec::<String>::new());
        assert_eq!(
            problems(STEPS, &[FIRST, second]),
            ["crates/store/migrations/0002_second.sql:1: this migration is not built in"]
        );
        assert_eq!(
            problems(&STEPS.replace("(1, \"first\"", "(2, \"other\""), &[FIRST]),
            ["crates/store/src/migrations.rs:2: step 2 `other` takes `0001_first.sql`"]
        );
        let with_third =
            STEPS.replace("];", "(3, \"third\", include_str!(\"../migrations/0003_third.sql\"))];");
        assert_eq!(
            problems(&with_third, &[FIRST, third]),
            ["crates/store/migrations/0003_third.sql:1: the next migration is 0002"]
        );
    }
}
