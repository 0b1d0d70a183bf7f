//! What is committed speaks of the product, not of the place and the tools that it was made with.

use super::finding::{Finding, Rule};

/// What gives away how the project is made, in lower case, and what to do about it.
#[rustfmt::skip]
const GIVEAWAYS: &[(&str, &str)] = &[
    ("/work/",                   "name a path that every reader has"),
    ("shared/",                  "say it here instead of pointing there"),
    ("issue #",                  "say what the matter is, not where it was discussed"),
    ("crates.io",                "name the package, not the host it comes from"),
    ("pypi.org",                 "name the package, not the host it comes from"),
    ("pythonhosted.org",         "name the package, not the host it comes from"),
    ("npmjs.org",                "name the package, not the host it comes from"),
    ("npmjs.com",                "name the package, not the host it comes from"),
    ("proxy.golang.org",         "name the package, not the host it comes from"),
    ("deb.debian.org",           "name the package, not the host it comes from"),
];

/// Checks every line of a text.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (giveaway, remedy) in GIVEAWAYS {
            if lower.match_indices(giveaway).any(|(at, _)| stands_alone(&lower, at)) {
                let problem = format!("`{giveaway}` tells how the project is made");
                findings.push(Finding::new(Rule::Text, (path, index + 1), problem, *remedy));
            }
        }
    }
    findings
}

/// Whether nothing before it makes it the middle of another name or path, such as `dir/work/`.
fn stands_alone(line: &str, at: usize) -> bool {
    let before = line.get(..at).and_then(|before| before.chars().next_back());
    let is_absolute_path = line.get(at..).is_some_and(|rest| rest.starts_with('/'));
    let goes_on = |letter: char| {
        letter.is_alphanumeric()
            || matches!(letter, '_' | '-')
            || (is_absolute_path && matches!(letter, '.' | '}' | ')' | '>' | '*'))
    };
    !before.is_some_and(goes_on)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_text_that_tells_how_the_project_is_made_is_found() {
        #[rustfmt::skip]
        let cases = [
            ("see /work/main/a.rs",            1),
            ("`/work/`",                       1),
            ("cat DIR/work/night/report.txt",  0),
            ("\"dir/work/../dayend.db\"",      0),
            ("${DIR}/work/x",                  0),
            ("../shared/design.md",            1),
            ("/usr/shared/x",                  1),
            ("unshared/x",                     0),
            ("Fixes Issue #12",                1),
            ("https://index.crates.io/a",      1),
            ("an ordinary line",               0),
        ];
        for (text, want) in cases {
            assert_eq!(check("a.md", text).len(), want, "{text}");
        }
        assert_eq!(check("a.md", "a\n\n/work/").first().map(|finding| finding.line), Some(3));
    }
}
