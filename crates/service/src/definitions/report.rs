//! Collects defects, and names the fields they are about.

use super::limits::DEFECTS_MAX;
use super::node::Position;
use crate::requests::Defect;
use dayend_engine::codes::shortened;
use std::fmt;

/// The defects found so far, at most [`DEFECTS_MAX`].
#[derive(Debug, Default)]
pub(super) struct Report {
    file: String,
    defects: Vec<Defect>,
}

impl Report {
    /// Says which file the next defects are in.
    pub(super) fn enter(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    /// Notes what is wrong with the field at `path`.
    pub(super) fn add(&mut self, at: Position, path: &Path<'_>, problem: impl Into<String>) {
        if !self.is_full() {
            let (file, field) = (self.file.clone(), path.to_string());
            self.defects.push(Defect {
                file,
                line: at.line,
                column: at.column,
                field,
                problem: problem.into(),
            });
        }
    }

    /// Takes over defects that already name their file.
    pub(super) fn extend(&mut self, defects: Vec<Defect>) {
        let room = DEFECTS_MAX - self.defects.len();
        self.defects.extend(defects.into_iter().take(room));
    }

    pub(super) fn len(&self) -> usize {
        self.defects.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.defects.len() >= DEFECTS_MAX
    }

    pub(super) fn into_defects(self) -> Vec<Defect> {
        self.defects
    }
}

/// Where a value stands in its document, such as `tasks[3].after[0]`; spelled out only if a defect needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Document,
    Field(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The whole document.
    pub(super) const DOCUMENT: Path<'static> = Path { parent: None, part: Part::Document };

    /// The field `name` of this map.
    pub(super) fn field(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), part: Part::Field(name) }
    }

    /// The item `index` of this list.
    pub(super) fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), part: Part::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(out, "{parent}")?;
        }
        match self.part {
            Part::Document => Ok(()),
            Part::Index(index) => write!(out, "[{index}]"),
            Part::Field(name) => {
                let first = self.parent.is_none_or(|parent| matches!(parent.part, Part::Document));
                write!(out, "{}{}", if first { "" } else { "." }, shortened(name))
            }
        }
    }
}
