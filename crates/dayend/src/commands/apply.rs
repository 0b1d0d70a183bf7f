//! `dayend apply`: stores definitions, all or none.

use super::session::{Session, report};
use crate::client::{Failure, print, visible};
use clap::Args;
use dayend_wire::definitions::{ApiChange, ApplyAnswer, ApplyRequest, SourceFile};
use dayend_wire::exit::ExitCode;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The files of a directory that are definitions.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// More text than any server takes.
const TEXT_MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Stores the definitions of a file or directory, all or none
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// YAML or JSON files, directories of them, or - for stdin
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Only shows what would change
    #[arg(long)]
    dry_run: bool,
}

impl ApplyArgs {
    /// Runs the command.
    pub(crate) async fn run(&self, session: &Session) -> ExitCode {
        report(self.apply(session).await, session.json)
    }

    async fn apply(&self, session: &Session) -> Result<(), Failure> {
        let files = read_all(&self.paths)?;
        let answer =
            session.connection.apply(&ApplyRequest { files, dry_run: self.dry_run }).await?;
        for line in crate::client::warnings(&answer.warnings) {
            session.say(&line);
        }
        if session.json {
            let object =
                serde_json::to_string(&answer).expect("an answer that was JSON is JSON again");
            print(&format!("{object}\n"));
        } else {
            print(&visible(&shown(&answer)));
        }
        Ok(())
    }
}

fn shown(answer: &ApplyAnswer) -> String {
    let mut text: String =
        answer.changes.iter().map(|change| line(change, answer.dry_run)).collect();
    if answer.dry_run {
        text.push_str("nothing was stored, because of --dry-run\n");
    }
    text
}

fn line(change: &ApiChange, dry_run: bool) -> String {
    let ApiChange { kind, code, from_version, to_version, diff } = change;
    let what = match (from_version, to_version) {
        (from, to) if from == to => format!("unchanged (version {to})"),
        (0, to) => format!("created (version {to})"),
        (from, to) => format!("changed (version {from} to {to})"),
    };
    let diff = if dry_run { diff.as_str() } else { "" };
    format!("{kind} {code}: {what}\n{diff}")
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(SourceFile {
                name: "stdin".to_owned(),
                text: read(std::io::stdin().lock(), path)?,
            });
        } else if path.is_dir() {
            for file in definitions_in(path)? {
                files.push(read_file(&file)?);
            }
        } else {
            files.push(read_file(path)?);
        }
    }
    Ok(files)
}

fn definitions_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error| Failure::usage(format!("{} cannot be read: {error}", directory.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_definition =
            path.extension().is_some_and(|end| EXTENSIONS.iter().any(|known| end == *known));
        if is_definition && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "there are no .yaml, .yml or .json files in {}",
            directory.display()
        )));
    }
    Ok(files)
}

fn read_file(path: &Path) -> Result<SourceFile, Failure> {
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    Ok(SourceFile { name: path.display().to_string(), text: read(file, path)? })
}

fn read(source: impl std::io::Read, path: &Path) -> Result<String, Failure> {
    let unreadable = |problem: &dyn std::fmt::Display| {
        Failure::usage(format!("{} cannot be read: {problem}", path.display()))
    };
    let mut bytes = Vec::new();
    source.take(TEXT_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > TEXT_MAX_BYTES {
        return Err(unreadable(&"it is too large for definitions"));
    }
    String::from_utf8(bytes).map_err(|error| {
        unreadable(&format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_definitions_in_order_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "c.json", "README.md", "data.csv"] {
            std::fs::write(place.path().join(name), name).unwrap();
        }
        std::fs::create_dir(place.path().join("d.yaml")).unwrap();
        let files = read_all(&[place.path().to_owned()]).unwrap();
        assert_eq!(
            files.iter().map(|file| file.text.as_str()).collect::<Vec<_>>(),
            ["a.yml", "b.yaml", "c.json"]
        );
        assert!(
            read_all(&[place.path().join("d.yaml")])
                .unwrap_err()
                .sentence
                .starts_with("there are no .yaml")
        );
        assert!(
            read_all(&[place.path().join("nope")]).unwrap_err().sentence.contains("cannot be read")
        );
    }

    #[test]
    fn what_changed_is_told_and_the_difference_only_of_a_dry_run() {
        let change = |from_version, to_version| ApiChange {
            kind: "Batch".to_owned(),
            code: "A".to_owned(),
            from_version,
            to_version,
            diff: "+x\n".to_owned(),
        };
        assert_eq!(line(&change(0, 1), false), "Batch A: created (version 1)\n");
        assert_eq!(line(&change(2, 2), false), "Batch A: unchanged (version 2)\n");
        assert_eq!(line(&change(2, 3), true), "Batch A: changed (version 2 to 3)\n+x\n");
    }
}
