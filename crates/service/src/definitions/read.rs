//! Reads definition files, document after document.

use super::check;
use super::document::{Next, next_definition};
use super::limits::TEXT_MAX_BYTES;
use super::node::Position;
use super::report::{Path, Report};
use super::splices::splices;
use super::yaml::{Problem, Stream};
use crate::requests::{Defect, SourceFile};
use dayend_engine::definition::Definition;

/// A definition that was read, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub definition: Definition,
    /// The name of its file as sent.
    pub file: String,
    pub positions: Positions,
}

/// Where the parts of a definition were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// The code of the definition.
    pub code: Position,
    /// The code of each task, or of each member's batch.
    pub nodes: Vec<Position>,
    /// The items of all `after` lists, one list after the other.
    pub edges: Vec<Position>,
    /// The connections that tasks name: index of the task, and where.
    pub connections: Vec<(u32, Position)>,
}

/// Reads all documents of all files and checks each by itself; what is wrong comes back as defects, at most 100.
pub fn read(files: &[SourceFile]) -> Result<Vec<Parsed>, Vec<Defect>> {
    let mut report = Report::default();
    let total = files.iter().fold(0_usize, |total, file| total.saturating_add(file.text.len()));
    if total > TEXT_MAX_BYTES {
        report.enter(files.first().map_or("", |file| &file.name));
        let problem = format!(
            "the files have {total} bytes, at most {TEXT_MAX_BYTES} are allowed: apply fewer at once"
        );
        report.add(Position::default(), &Path::DOCUMENT, problem);
        return Err(report.into_defects());
    }
    let mut parsed = Vec::new();
    for file in files {
        if !report.is_full() {
            read_file(file, &mut parsed, &mut report);
        }
    }
    if report.len() == 0 { Ok(parsed) } else { Err(report.into_defects()) }
}

fn read_file(file: &SourceFile, parsed: &mut Vec<Parsed>, report: &mut Report) {
    report.enter(&file.name);
    if let Some(problem) = forbidden_character(&file.text) {
        report.add(problem.at, &Path::DOCUMENT, problem.text);
        return;
    }
    let mut stream = Stream::new(&file.text);
    let mut documents = 0_usize;
    while !report.is_full() {
        match next_definition(&mut stream, report) {
            Ok(Next::End) => break,
            Ok(Next::Empty) => {}
            Ok(Next::Refused) => documents += 1,
            Ok(Next::Read(definition, positions)) => {
                documents += 1;
                report.extend(check::graph(&definition, &positions, &file.name));
                report.extend(splices(&definition, &positions, &file.name));
                parsed.push(Parsed { definition: *definition, file: file.name.clone(), positions });
            }
            Err(problem) => {
                documents += 1;
                report.add(problem.at, &Path::DOCUMENT, problem.text);
                if !stream.skip_document() {
                    break;
                }
            }
        }
    }
    if documents == 0 {
        report.add(
            Position::default(),
            &Path::DOCUMENT,
            "the file holds no definition: write one, or remove the file",
        );
    }
}

/// The first character that no YAML or JSON text may hold.
fn forbidden_character(text: &str) -> Option<Problem> {
    let is_forbidden = |byte: u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    let at = text.bytes().position(is_forbidden)?;
    let before = text.get(..at)?;
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let line = number(before.bytes().filter(|byte| *byte == b'\n').count() + 1);
    let column = number(before.get(line_start..)?.chars().count() + 1);
    let byte = text.as_bytes().get(at)?;
    let text = format!(
        "the file holds the control character U+{byte:04X}: remove it (it may be no text file)"
    );
    Some(Problem { at: Position { line, column }, text })
}
