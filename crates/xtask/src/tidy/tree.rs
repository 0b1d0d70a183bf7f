//! The repository's files: what is committed, and what would be.

use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Paths from the root of the repository, each with its text unless it is not UTF-8.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads all files that git does not ignore.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let mut git = Command::new("git");
        // A clone that belongs to another user is as good to read.
        git.args(["-c", "safe.directory=*", "-C"]).arg(root);
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let output = git.output().context("cannot run git, which tells what the files are")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git cannot list the files: {complaint}");
        let paths = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
        let mut files = BTreeMap::new();
        for path in paths.split_terminator('\0') {
            let file = root.join(path);
            // What was deleted but not committed is still listed.
            if file.is_file() {
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {path}"))?;
                files.insert(path.to_owned(), String::from_utf8(bytes).ok());
            }
        }
        Ok(Self { files })
    }

    /// Each text file: its path and what it says.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text files whose name ends so.
    pub(crate) fn texts_ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.ends_with(end))
    }

    /// What a file says, if there is such a text file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is a file or a directory of this name.
    pub(crate) fn has(&self, path: &str) -> bool {
        let within = format!("{path}/");
        let directory = || {
            let mut after = self.files.range(within.clone()..);
            after.next().is_some_and(|(first, _)| first.starts_with(&within))
        };
        path.is_empty() || self.files.contains_key(path) || directory()
    }

    /// A repository of these files.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self { files: files.iter().map(owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn directories_are_there_if_they_hold_a_file() {
        let tree = Tree::of(&[("docs/errors/busy.md", ""), ("docs.md", "")]);
        let cases = [
            ("", true),
            ("docs", true),
            ("docs/errors", true),
            ("docs/errors/busy.md", true),
            ("docs/err", false),
            ("doc", false),
        ];
        for (path, want) in cases {
            assert_eq!(tree.has(path), want, "{path}");
        }
    }
}
