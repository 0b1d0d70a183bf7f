//! Where the files of a night are, and how they are written: whole or not at all.

use anyhow::{Context as _, Result};
use dayend_engine::time::MisDate;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The files of one business date, below the server's work directory.
#[derive(Debug)]
pub(super) struct Night {
    work: PathBuf,
    pub(super) mis_date: MisDate,
}

/// The two files that a night takes in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    Rates,
    Positions,
}

impl Input {
    fn file_name(self) -> &'static str {
        match self {
            Self::Rates => "ecb-rates.csv",
            Self::Positions => "positions.csv",
        }
    }
}

impl Night {
    /// The night of `mis_date`; its directory need not exist yet.
    pub(super) fn new(work: &Path, mis_date: MisDate) -> Self {
        Self { work: work.to_owned(), mis_date }
    }

    /// The server's work directory.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// The directory that all dates share.
    pub(super) fn shared(&self) -> PathBuf {
        self.work.join("night")
    }

    /// A file of this date.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.shared().join(self.mis_date.to_string()).join(name)
    }

    /// The text of an input that was delivered into the directory.
    pub(super) fn input(directory: &Path, input: Input) -> Result<String> {
        read(&directory.join(input.file_name()))
    }

    /// The text of a file of this date, written by an earlier task.
    pub(super) fn read(&self, name: &str) -> Result<String> {
        read(&self.file(name))
    }

    /// Writes a file of this date: a reader sees the old text or the new one, never a part.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.file(name);
        let place = path.parent().unwrap_or(&self.work);
        let written = || -> std::io::Result<()> {
            std::fs::create_dir_all(place)?;
            let mut draft = tempfile::NamedTempFile::new_in(place)?;
            draft.write_all(text.as_bytes())?;
            draft.as_file().sync_all()?;
            draft.persist(&path)?;
            Ok(())
        };
        written().with_context(|| format!("{} could not be written", path.display()))?;
        Ok(path)
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))
}

/// The lines of a CSV text with their numbers from 1; a byte order mark, empty lines and Windows line ends are no matter.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
}
