//! Reads definition files, document after document.

use super::check;
use super::document::{Next, next_definition};
use super::limits::TEXT_MAX_BYTES;
use super::node::Position;
use super::report::{Path, Report};
use super::source::SourceText;
use super::splices::splices;
use super::yaml::{Problem, Stream};
use crate::requests::{Defect, SourceFile};
use dayend_engine::definition::Definition;
use std::io::Read as _;

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
    let total =
        files.iter().fold(0_u64, |total, file| total.saturating_add(file.text.size_bytes()));
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
    let refused = match forbidden_character(&file.text) {
        Ok(refused) => refused,
        Err(error) => {
            let text = format!("the file cannot be read: {error}");
            Some(Problem { at: Position::default(), text })
        }
    };
    if let Some(problem) = refused {
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
fn forbidden_character(text: &SourceText) -> std::io::Result<Option<Problem>> {
    let is_forbidden = |byte: &u8| matches!(*byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    let mut found = None;
    let mut before = 0;
    each_piece(text, u64::MAX, |piece| {
        let at = piece.iter().position(is_forbidden);
        found = at.and_then(|at| piece.get(at)).copied();
        before += at.unwrap_or(piece.len());
        found.is_none()
    })?;
    let Some(byte) = found else { return Ok(None) };
    let at = place_of(text, u64::try_from(before).unwrap_or(u64::MAX))?;
    let text = format!(
        "the file holds the control character U+{byte:04X}: remove it (it may be no text file)"
    );
    Ok(Some(Problem { at, text }))
}

/// The place of the byte that has so many before it.
fn place_of(text: &SourceText, before: u64) -> std::io::Result<Position> {
    let mut at = Position { line: 1, column: 1 };
    each_piece(text, before, |piece| {
        for byte in piece {
            match byte {
                b'\n' => at = Position { line: at.line.saturating_add(1), column: 1 },
                b'\r' => at.column = 1,
                // The bytes of a letter behind its first one begin with the bits 10.
                0x80..=0xbf => {}
                _ => at.column = at.column.saturating_add(1),
            }
        }
        true
    })?;
    Ok(at)
}

/// So much of a text is looked at at once.
const PIECE_BYTES: usize = 64 << 10;

/// Hands on the first bytes of a text piece by piece, as long as `go_on` says so.
fn each_piece(
    text: &SourceText,
    most: u64,
    mut go_on: impl FnMut(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut source = text.open().take(most);
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 || !go_on(buffer.get(..count).unwrap_or_default()) {
            return Ok(());
        }
    }
}
