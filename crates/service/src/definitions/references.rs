//! Checks what definitions say about each other, within one call and with what is stored.

use super::node::Position;
use super::read::Parsed;
use super::report::{Path, Report};
use crate::requests::Defect;
use dayend_engine::codes::Code;
use dayend_engine::definition::{Batch, ConnectionTarget, Definition, Group, Kind, Work};
use std::collections::{BTreeSet, HashMap};

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Batch,
    BatchGroup,
    Connection(TargetKind),
}

/// The kind of system that a connection reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Sqlite,
    Postgres,
    Http,
}

impl Found {
    /// What a definition is.
    pub fn of(definition: &Definition) -> Self {
        match definition {
            Definition::Batch(_) => Self::Batch,
            Definition::BatchGroup(_) => Self::BatchGroup,
            Definition::Connection(connection) => Self::Connection(match connection.target {
                ConnectionTarget::Sqlite { .. } => TargetKind::Sqlite,
                ConnectionTarget::Postgres { .. } => TargetKind::Postgres,
                ConnectionTarget::Http { .. } => TargetKind::Http,
            }),
        }
    }
}

/// The definitions of one call, by kind and code.
type Together<'p> = HashMap<(Kind, &'p str), &'p Parsed>;

/// The connections that tasks name.
pub fn connections_named(parsed: &[Parsed]) -> BTreeSet<Code> {
    let mut named = BTreeSet::new();
    for one in parsed {
        let Definition::Batch(batch) = &one.definition else { continue };
        let tasks = one.positions.connections.iter();
        named.extend(tasks.filter_map(|(index, _)| connection(batch.tasks.spec(*index).work)));
    }
    named
}

fn connection(work: Work) -> Option<Code> {
    match work {
        Work::Http(http) => http.connection,
        Work::Sql(sql) => Some(sql.connection),
        Work::Noop | Work::Command(_) | Work::File(_) => None,
    }
}

/// Members that are no batches, connections that are missing or of the wrong type, and codes that are taken.
///
/// `stored` tells what the newest stored version of a code is; what is applied together wins over it.
pub fn check_references(
    parsed: &[Parsed],
    stored: &dyn Fn(Kind, &Code) -> Option<Found>,
) -> Vec<Defect> {
    let mut report = Report::default();
    let mut together = Together::new();
    for one in parsed {
        report.enter(&one.file);
        let code = one.definition.code();
        match together.get(&(one.definition.kind(), code.as_str())) {
            Some(earlier) => twice(one, earlier, &mut report),
            None => {
                together.insert((one.definition.kind(), code.as_str()), one);
            }
        }
    }
    let find = |kind: Kind, code: &Code| match together.get(&(kind, code.as_str())) {
        Some(parsed) => Some(Found::of(&parsed.definition)),
        None => stored(kind, code),
    };
    for one in parsed {
        report.enter(&one.file);
        match &one.definition {
            Definition::Batch(batch) => {
                check_code(one, Kind::BatchGroup, &together, stored, &mut report);
                check_connections(one, batch, &find, &mut report);
            }
            Definition::BatchGroup(group) => {
                check_code(one, Kind::Batch, &together, stored, &mut report);
                check_members(one, group, &find, &mut report);
            }
            Definition::Connection(_) => {}
        }
        if report.is_full() {
            break;
        }
    }
    report.into_defects()
}

fn twice(one: &Parsed, earlier: &Parsed, report: &mut Report) {
    let (kind, code) = (one.definition.kind().as_str(), one.definition.code());
    let place = place(earlier);
    let problem = format!("the {kind} `{code}` is also defined in {place}: remove one of the two");
    report.add(one.positions.code, &Path::DOCUMENT.field("code"), problem);
}

/// A batch and a group may not share a code. Of two that are applied together the later one is blamed.
fn check_code(
    one: &Parsed,
    other_kind: Kind,
    together: &Together<'_>,
    stored: &dyn Fn(Kind, &Code) -> Option<Found>,
    report: &mut Report,
) {
    let code = one.definition.code();
    let other = other_kind.as_str();
    let problem = match together.get(&(other_kind, code.as_str())) {
        Some(earlier) if other_kind < one.definition.kind() => {
            format!("`{code}` is the code of the {other} in {} too: rename one", place(earlier))
        }
        None if stored(other_kind, code).is_some() => {
            format!("`{code}` is the code of a stored {other}: choose another code")
        }
        Some(_) | None => return,
    };
    report.add(one.positions.code, &Path::DOCUMENT.field("code"), problem);
}

fn check_members(
    one: &Parsed,
    group: &Group,
    find: &dyn Fn(Kind, &Code) -> Option<Found>,
    report: &mut Report,
) {
    for (index, member) in group.members.iter().enumerate() {
        if find(Kind::Batch, &member.batch).is_some() {
            continue;
        }
        let code = &member.batch;
        let problem = if find(Kind::BatchGroup, code).is_some() {
            format!("`{code}` is a BatchGroup, but only batches can be members: name its batches")
        } else {
            format!("the batch `{code}` does not exist: correct the code, or apply the batch too")
        };
        let at = one.positions.nodes.get(index).copied().unwrap_or_default();
        report.add(at, &Path::DOCUMENT.field("members").index(index).field("batch"), problem);
    }
}

fn check_connections(
    one: &Parsed,
    batch: &Batch,
    find: &dyn Fn(Kind, &Code) -> Option<Found>,
    report: &mut Report,
) {
    let mut known: HashMap<Code, Option<Found>> = HashMap::new();
    for (index, at) in &one.positions.connections {
        let (work, code) = match batch.tasks.spec(*index).work {
            Work::Http(http) => ("http", http.connection),
            Work::Sql(sql) => ("sql", Some(sql.connection)),
            Work::Noop | Work::Command(_) | Work::File(_) => continue,
        };
        let Some(code) = code else { continue };
        let found = *known.entry(code.clone()).or_insert_with(|| find(Kind::Connection, &code));
        let problem = match (found, work) {
            (Some(Found::Connection(TargetKind::Http)), "http")
            | (Some(Found::Connection(TargetKind::Sqlite | TargetKind::Postgres)), "sql") => {
                continue;
            }
            (Some(Found::Connection(_)), "http") => format!(
                "`{code}` is a connection to a database, but an http task needs one with `http`"
            ),
            (Some(Found::Connection(_)), _) => format!(
                "`{code}` is an http connection, but an sql task needs one with `sqlite` or `postgres`"
            ),
            (Some(Found::Batch | Found::BatchGroup) | None, _) => {
                format!(
                    "the connection `{code}` does not exist: correct the code, or apply the connection too"
                )
            }
        };
        let path = Path::DOCUMENT.field("tasks");
        report.add(*at, &path.index(*index as usize).field(work).field("connection"), problem);
    }
}

fn place(parsed: &Parsed) -> String {
    let Position { line, .. } = parsed.positions.code;
    format!("{} line {line}", parsed.file)
}
