//! Files in definitions: what a task waits for, and what a command reads and leaves.

use super::fields::Fields;
use super::limits::FILE_BYTES_MAX;
use super::node::{Node, Position, Value};
use super::report::{Path, Report};
use super::scalars;
use dayend_engine::codes::shortened;
use dayend_engine::definition::{COMMAND_FILES_MAX, CommandFiles, FileWork, InputFile, OutputFile};
use dayend_engine::file_names::local_path;
use dayend_engine::params::{Piece, pieces};
use dayend_engine::time::TimeOfDay;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

pub(super) const FILE_FIELDS: [&str; 7] =
    ["name", "by", "zone", "within", "marker", "min_bytes", "stable"];
pub(super) const FILES_FIELDS: [&str; 2] = ["in", "out"];
pub(super) const INPUT_FIELDS: [&str; 3] = ["name", "as", "optional"];
pub(super) const OUTPUT_FIELDS: [&str; 3] = ["path", "name", "optional"];
/// Characters that mean something else on some system; no name of a file has them.
const RESERVED: [char; 7] = ['\\', ':', '"', '<', '>', '|', '%'];

/// What a `file` task waits for.
pub(super) fn file(node: Node, path: &Path<'_>, report: &mut Report) -> Option<FileWork> {
    let before = report.len();
    let mut fields = Fields::open(node, "`file`", &FILE_FIELDS, path, report)?;
    let name = fields.require("name", path, report);
    let name = name.and_then(|node| pattern(node, &path.field("name"), report));
    let by = fields.take("by").map(|node| time_of_day(node, &path.field("by"), report));
    let zone =
        fields.take("zone").map(|node| zone(node, by.is_some(), &path.field("zone"), report));
    let within = fields.take("within").map(|node| duration(node, &path.field("within"), report));
    let marker = fields.take("marker").map(|node| marker(node, &path.field("marker"), report));
    let min_bytes = fields
        .take("min_bytes")
        .map(|node| scalars::whole_number(node, FILE_BYTES_MAX, &path.field("min_bytes"), report));
    let stable =
        fields.take("stable").map(|node| scalars::duration_ms(node, &path.field("stable"), report));
    if by.is_none() && within.is_none() {
        let problem = "the wait has no end: add `by`, a time of the day, or `within`, a duration";
        report.add(fields.at, path, problem);
    }
    (report.len() == before).then_some(FileWork {
        name: name?,
        by: by.flatten(),
        zone: zone.flatten(),
        within_ms: within.flatten(),
        marker: marker.flatten(),
        min_bytes: min_bytes.flatten().unwrap_or_default(),
        stable_ms: stable.flatten().unwrap_or_default(),
    })
}

/// What a command reads and leaves.
pub(super) fn of_command(node: Node, path: &Path<'_>, report: &mut Report) -> Option<CommandFiles> {
    let before = report.len();
    let mut fields = Fields::open(node, "`files`", &FILES_FIELDS, path, report)?;
    let inputs = fields.take("in").map(|node| {
        let path = path.field("in");
        let inputs = each(node, &path, report, input);
        // What is called by its own name is not known before.
        let places = inputs.iter().map(|(at, file)| (*at, file.place.clone()));
        only_once(places, "two files would be put in the same place", &path, report);
        inputs
    });
    let outputs = fields.take("out").map(|node| {
        let path = path.field("out");
        let outputs = each(node, &path, report, output);
        let names = outputs
            .iter()
            .map(|(at, file)| (*at, Some(file.name.clone().unwrap_or_else(|| file.path.clone()))));
        only_once(names, "two files would have the same name", &path, report);
        outputs
    });
    let files = |(_, file)| file;
    (report.len() == before).then(|| CommandFiles {
        inputs: inputs.unwrap_or_default().into_iter().map(files).collect(),
        outputs: outputs.unwrap_or_default().into_iter().map(|(_, file)| file).collect(),
    })
}

fn input(node: Node, path: &Path<'_>, report: &mut Report) -> Option<InputFile> {
    let mut fields = Fields::open(node, "a file", &INPUT_FIELDS, path, report)?;
    let name = fields.require("name", path, report);
    let name = name.and_then(|node| pattern(node, &path.field("name"), report));
    let place = match fields.take("as") {
        Some(node) => Some(plain_path(node, &path.field("as"), report)?),
        None => None,
    };
    let optional = optional(&mut fields, path, report)?;
    Some(InputFile { name: name?, place, optional })
}

fn output(node: Node, path: &Path<'_>, report: &mut Report) -> Option<OutputFile> {
    let mut fields = Fields::open(node, "a file", &OUTPUT_FIELDS, path, report)?;
    let from = fields.require("path", path, report);
    let from = from.and_then(|node| plain_path(node, &path.field("path"), report));
    let name = match fields.take("name") {
        Some(node) => Some(exact_name(node, &path.field("name"), report)?),
        None => None,
    };
    let optional = optional(&mut fields, path, report)?;
    Some(OutputFile { path: from?, name, optional })
}

fn optional(fields: &mut Fields, path: &Path<'_>, report: &mut Report) -> Option<bool> {
    match fields.take("optional") {
        Some(node) => scalars::switch(node, &path.field("optional"), report),
        None => Some(false),
    }
}

/// The items of a list of maps, with their places.
fn each<T>(
    node: Node,
    path: &Path<'_>,
    report: &mut Report,
    read: fn(Node, &Path<'_>, &mut Report) -> Option<T>,
) -> Vec<(Position, T)> {
    let (at, described) = (node.at, node.described());
    let Value::List(items) = node.value else {
        report.add(at, path, format!("a list of files is needed, but this is {described}"));
        return Vec::new();
    };
    if items.len() > COMMAND_FILES_MAX {
        let problem =
            format!("there are {} files, at most {COMMAND_FILES_MAX} are allowed", items.len());
        report.add(at, path, problem);
        return Vec::new();
    }
    let read = |(index, item): (usize, Node)| {
        let at = item.at;
        read(item, &path.index(index), report).map(|file| (at, file))
    };
    items.into_iter().enumerate().filter_map(read).collect()
}

fn only_once(
    texts: impl Iterator<Item = (Position, Option<String>)>,
    problem: &str,
    path: &Path<'_>,
    report: &mut Report,
) {
    let mut seen = BTreeSet::new();
    for (index, (at, text)) in texts.enumerate() {
        if let Some(text) = text
            && !seen.insert(text.clone())
        {
            let problem = format!("{problem}, `{}`: change one", shortened(&text));
            report.add(at, &path.index(index), problem);
        }
    }
}

/// A name with wildcards.
fn pattern(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    checked(node, path, report, |text| {
        problem_of_name(&without_placeholders(text).replace(['*', '?'], "x"))
    })
}

/// A name without wildcards.
fn exact_name(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    checked(node, path, report, |text| {
        if text.contains(['*', '?']) {
            return Some("a wildcard has no meaning here: write the whole name".to_owned());
        }
        problem_of_name(&without_placeholders(text))
    })
}

fn marker(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    exact_name(node, path, report)
}

/// A path below the attempt's directory.
fn plain_path(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    checked(node, path, report, |text| {
        local_path(&without_placeholders(text)).err().map(|problem| problem.to_string())
    })
}

fn checked(
    node: Node,
    path: &Path<'_>,
    report: &mut Report,
    problem: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let at = node.at;
    let text = scalars::filled(node, path, report)?;
    match problem(&text) {
        Some(problem) => {
            report.add(at, path, problem);
            None
        }
        None => Some(text),
    }
}

/// What a name may be whatever its parameters hold, which is looked at when they are known.
fn problem_of_name(text: &str) -> Option<String> {
    if let Err(problem) = local_path(text) {
        return Some(problem.to_string());
    }
    let odd = text.chars().find(|letter| RESERVED.contains(letter) || scalars::is_hidden(*letter));
    odd.map(|letter| format!("no file has a name with {letter:?}: remove it"))
}

fn without_placeholders(text: &str) -> String {
    let piece = |piece| match piece {
        Piece::Literal(literal) => literal,
        Piece::Name(_) => "x",
    };
    pieces(text, |_| true).into_iter().map(piece).collect()
}

fn time_of_day(node: Node, path: &Path<'_>, report: &mut Report) -> Option<TimeOfDay> {
    let at = node.at;
    let text = scalars::as_written(node, path, report)?;
    let parsed = text.parse::<TimeOfDay>();
    parsed.map_err(|refused| report.add(at, path, refused.to_string())).ok()
}

fn zone(node: Node, has_time: bool, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let name = scalars::filled(node, path, report)?;
    if !has_time {
        report.add(at, path, "a zone says where the time in `by` is meant: add `by`, or remove it");
        return None;
    }
    if TimeZone::get(&name).is_err() {
        let problem = format!(
            "`{}` is not a time zone: write one such as Europe/Zurich or UTC",
            shortened(&name)
        );
        report.add(at, path, problem);
        return None;
    }
    Some(name)
}

fn duration(node: Node, path: &Path<'_>, report: &mut Report) -> Option<u64> {
    let at = node.at;
    let duration = scalars::duration_ms(node, path, report)?;
    if duration == 0 {
        report.add(at, path, "the wait must be longer than zero");
        return None;
    }
    Some(duration)
}
