//! Every manual can be found from the front page, and every link leads somewhere.

use super::Tree;
use super::finding::{Finding, Rule};
use super::markdown::{Link, anchors, links};
use std::collections::BTreeSet;
use std::path::Path;

/// Where readers begin.
const FRONT_PAGES: &[&str] = &["README.md", "docs/README.md"];

/// Checks all Markdown of the repository.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending(".md") {
        let broken = links(text).into_iter().filter_map(|link| broken(tree, path, &link));
        findings.extend(broken);
    }
    findings.extend(lost_manuals(tree));
    findings
}

fn broken(tree: &Tree, path: &str, link: &Link) -> Option<Finding> {
    let Link { target, line } = link;
    let finding = |problem: String, remedy: &str| {
        Some(Finding::new(Rule::Links, (path, *line), problem, remedy))
    };
    if is_elsewhere(target) {
        return None;
    }
    let (file, anchor) = target
        .split_once('#')
        .map_or((target.as_str(), None), |(file, anchor)| (file, Some(anchor)));
    let Some(file) = resolved(path, file).filter(|file| tree.has(file)) else {
        return finding(format!("`{target}` leads nowhere"), "correct the path, or drop the link");
    };
    let anchor = anchor?;
    let known = tree.text(&file).is_some_and(|text| anchors(text).contains(anchor));
    if known {
        return None;
    }
    finding(format!("`{file}` has no heading `#{anchor}`"), "link to one that it has")
}

/// Manuals that nobody finds: those right in `docs/` without a link on a front page, others without any way to them.
fn lost_manuals(tree: &Tree) -> Vec<Finding> {
    let (front, reached) = reached(tree);
    let manuals = tree.texts_ending(".md").filter(|(path, _)| path.starts_with("docs/"));
    let lost = manuals.filter(|(path, _)| {
        let is_at_the_top = path.matches('/').count() == 1;
        let found = if is_at_the_top { &front } else { &reached };
        !FRONT_PAGES.contains(path) && !found.contains(*path)
    });
    let finding = |(path, _): (&str, &str)| {
        let remedy = "link to it from README.md or docs/README.md";
        Finding::new(Rule::Links, (path, 1), "nothing leads to this page", remedy)
    };
    lost.map(finding).collect()
}

/// What the front pages link to, and what can be reached from there.
fn reached(tree: &Tree) -> (BTreeSet<String>, BTreeSet<String>) {
    let front: BTreeSet<String> =
        FRONT_PAGES.iter().flat_map(|page| linked_files(tree, page)).collect();
    let mut reached = front.clone();
    let mut to_read: Vec<String> = front.iter().cloned().collect();
    while let Some(page) = to_read.pop() {
        for file in linked_files(tree, &page) {
            if reached.insert(file.clone()) {
                to_read.push(file);
            }
        }
    }
    (front, reached)
}

fn linked_files(tree: &Tree, page: &str) -> Vec<String> {
    let text = tree.text(page).filter(|_| is_markdown(page)).unwrap_or_default();
    let file = |link: Link| {
        let file = link.target.split('#').next()?;
        if is_elsewhere(&link.target) { None } else { resolved(page, file) }
    };
    links(text).into_iter().filter_map(file).collect()
}

fn is_markdown(page: &str) -> bool {
    Path::new(page).extension().is_some_and(|extension| extension == "md")
}

/// Whether a target is an address, not a file of the repository.
fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// The file that a link in a page means; none if it is outside of the repository.
fn resolved(page: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(page.to_owned());
    }
    let directory = page.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;

    const README: &str = "# Dayend\n[manual](docs/manual.md#first-steps) [start](#dayend)\n\
        [code](crates/) [peer](https://example.org/x.md)\n";
    const MANUAL: &str = "# Manual\n## First steps\n[error](errors/busy.md) [home](../README.md)\n";

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let findings = check(&Tree::of(files));
        findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.problem)).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        let files = [
            ("README.md", README),
            ("docs/manual.md", MANUAL),
            ("docs/errors/busy.md", "# Busy\n"),
            ("crates/a/src/lib.rs", ""),
        ];
        assert_eq!(problems(&files), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let readme =
            "[a](gone.md)\n[b](docs/manual.md#gone)\n[c](../outside.md)\n[d](/etc/passwd)\n";
        let manual = "# Manual\n[e](#gone) [e](errors/gone.md)\n";
        let want = [
            "README.md:1: `gone.md` leads nowhere",
            "README.md:2: `docs/manual.md` has no heading `#gone`",
            "README.md:3: `../outside.md` leads nowhere",
            "README.md:4: `/etc/passwd` leads nowhere",
            "docs/manual.md:2: `docs/manual.md` has no heading `#gone`",
            "docs/manual.md:2: `errors/gone.md` leads nowhere",
        ];
        assert_eq!(problems(&[("README.md", readme), ("docs/manual.md", manual)]), want);
    }

    #[test]
    fn a_manual_that_no_front_page_names_is_lost() {
        let files = [
            ("README.md", "[a](docs/a.md)\n"),
            ("docs/a.md", "[b](b.md) [c](deep/c.md)\n"),
            ("docs/b.md", ""),
            ("docs/deep/c.md", ""),
            ("docs/deep/d.md", ""),
        ];
        let want = [
            "docs/b.md:1: nothing leads to this page",
            "docs/deep/d.md:1: nothing leads to this page",
        ];
        assert_eq!(problems(&files), want);
    }
}
