//! One document: the fields that all kinds share, and the lists that may be too large to hold twice.

use super::connections::{TARGETS, target};
use super::fields::Fields;
use super::groups::member;
use super::limits::seed;
use super::maps;
use super::node::{Entry, Node, Position, Value};
use super::read::Positions;
use super::report::{Path, Report};
use super::scalars;
use super::tasks::{Written, task};
use super::yaml::{Opened, Problem, Stream};
use dayend_engine::codes::{Code, shortened};
use dayend_engine::definition::{
    Batch, Connection, Definition, EDGES_MAX, Edge, Group, Kind, Member, NODES_MAX, Tasks,
};

/// What `apiVersion` must say.
pub(super) const API_VERSION: &str = "dayend/v1";
const TITLE_FIELDS: [&str; 5] = ["apiVersion", "kind", "code", "name", "description"];

/// What came next in a file.
pub(super) enum Next {
    End,
    /// A document with nothing in it.
    Empty,
    /// A document whose defects are reported.
    Refused,
    Read(Box<Definition>, Positions),
}

/// A document before its kind is known: the small fields, and the lists that may be large.
#[derive(Default)]
struct Draft {
    at: Position,
    head: Vec<Entry>,
    tasks: Option<(Position, Tasks)>,
    members: Option<(Position, Vec<Member>)>,
    positions: Positions,
}

/// Reads the next document, tasks one at a time.
pub(super) fn next_definition(
    stream: &mut Stream<'_>,
    report: &mut Report,
) -> Result<Next, Problem> {
    if !stream.next_document()? {
        return Ok(Next::End);
    }
    let before = report.len();
    let mut draft = Draft::default();
    match stream.open(0)? {
        Opened::Map(at) => draft.at = at,
        Opened::Whole(node) if node.is_nothing() => return Ok(Next::Empty),
        Opened::Whole(Node { at, .. }) | Opened::List(at) => return Err(not_a_document(at)),
    }
    while let Some((key, at)) = stream.key()? {
        match key.as_str() {
            "tasks" if draft.tasks.is_none() => {
                let mut tasks = Tasks::new(seed());
                listed(stream, ("tasks", at), &mut draft.positions, report, |one| {
                    if let Some(Written { code, spec, after }) =
                        task(one.node, &one.path, one.positions, one.report)
                    {
                        tasks.push(code.as_str(), &spec, after.iter().map(Edge::parts));
                    }
                })?;
                tasks.shrink();
                draft.tasks = Some((at, tasks));
            }
            "members" if draft.members.is_none() => {
                let mut members = Vec::new();
                listed(stream, ("members", at), &mut draft.positions, report, |one| {
                    members.extend(member(one.node, &one.path, one.positions, one.report));
                })?;
                draft.members = Some((at, members));
            }
            _ => draft.head.push(Entry { key, at, node: stream.node(1)? }),
        }
        if report.is_full() {
            return Ok(Next::Refused);
        }
    }
    let (definition, positions) = finish(draft, report);
    match definition {
        Some(definition) if report.len() == before => {
            Ok(Next::Read(Box::new(definition), positions))
        }
        Some(_) | None => Ok(Next::Refused),
    }
}

/// An item of a list, and where what it says is noted.
struct Item<'i> {
    node: Node,
    path: Path<'i>,
    positions: &'i mut Positions,
    report: &'i mut Report,
}

/// Hands on the list in the field `name` item by item, so that only one is held as it was written.
fn listed(
    stream: &mut Stream<'_>,
    (name, at): (&str, Position),
    positions: &mut Positions,
    report: &mut Report,
    mut take: impl FnMut(Item<'_>),
) -> Result<(), Problem> {
    let path = Path::DOCUMENT.field(name);
    let mut whole = match stream.open(1)? {
        Opened::List(_) => None,
        Opened::Whole(Node { value: Value::List(items), .. }) => Some(items.into_iter()),
        Opened::Whole(Node { at, .. }) | Opened::Map(at) => {
            return Err(Problem { at, text: format!("`{name}` must be a list") });
        }
    };
    let mut index = 0;
    loop {
        let item = match &mut whole {
            Some(items) => items.next(),
            None => stream.item(2)?,
        };
        let Some(item) = item else { break };
        let at = item.at;
        if index == NODES_MAX {
            return Err(Problem { at, text: format!("`{name}` has more than {NODES_MAX} items") });
        }
        take(Item { node: item, path: path.index(index), positions, report });
        if positions.edges.len() > EDGES_MAX {
            return Err(Problem {
                at,
                text: format!("`{name}` have more than {EDGES_MAX} edges in all"),
            });
        }
        if report.is_full() {
            break;
        }
        index += 1;
    }
    if index == 0 && !report.is_full() {
        report.add(at, &path, format!("`{name}` is empty: add at least one"));
    }
    Ok(())
}

/// Makes the definition of a draft, as far as its fields allow.
fn finish(mut draft: Draft, report: &mut Report) -> (Option<Definition>, Positions) {
    let mut positions = std::mem::take(&mut draft.positions);
    let definition = match kind_of(&draft, report) {
        Some(Kind::Batch) => batch(draft, &mut positions, report),
        Some(Kind::BatchGroup) => group(draft, &mut positions, report),
        Some(Kind::Connection) => connection(draft, &mut positions, report),
        None => None,
    };
    (definition, positions)
}

fn kind_of(draft: &Draft, report: &mut Report) -> Option<Kind> {
    let path = Path::DOCUMENT.field("kind");
    let Some(entry) = draft.head.iter().find(|entry| entry.key == "kind") else {
        report.add(
            draft.at,
            &path,
            "`kind` is missing: add `kind: Batch`, `kind: BatchGroup` or `kind: Connection`",
        );
        return None;
    };
    match scalars::string(entry.node.clone(), &path, report)?.as_str() {
        "Batch" => Some(Kind::Batch),
        "BatchGroup" => Some(Kind::BatchGroup),
        "Connection" => Some(Kind::Connection),
        other => {
            report.add(
                entry.node.at,
                &path,
                format!("`{}` is none of Batch, BatchGroup, Connection", shortened(other)),
            );
            None
        }
    }
}

/// The fields that a document of `kind` may have, except the lists that are read one item at a time.
pub(super) fn head_fields(kind: Kind) -> Vec<&'static str> {
    let own: &[&'static str] = match kind {
        Kind::Batch => &["params", "tasks"],
        Kind::BatchGroup => &["members"],
        Kind::Connection => &TARGETS,
    };
    TITLE_FIELDS.iter().chain(own).copied().collect()
}

/// The small fields of a draft, with `apiVersion` and `kind` checked and taken.
fn head(draft: &mut Draft, kind: Kind, report: &mut Report) -> Option<Fields> {
    let entries = std::mem::take(&mut draft.head);
    for entry in entries.iter().filter(|entry| matches!(entry.key.as_str(), "tasks" | "members")) {
        report.add(
            entry.at,
            &Path::DOCUMENT.field(&entry.key),
            format!("`{}` is there twice: remove one", entry.key),
        );
    }
    let lists = [
        ("tasks", draft.tasks.as_ref().map(|list| list.0)),
        ("members", draft.members.as_ref().map(|list| list.0)),
    ];
    let known = head_fields(kind);
    for (name, at) in lists {
        if let Some(at) = at.filter(|_| !known.contains(&name)) {
            let path = Path::DOCUMENT.field(name);
            report.add(
                at,
                &path,
                format!(
                    "`{name}` is not a field of a {}: remove it, or correct `kind`",
                    kind.as_str()
                ),
            );
        }
    }
    let node = Node { at: draft.at, value: Value::Map(entries) };
    let mut fields =
        Fields::open(node, &format!("a {}", kind.as_str()), &known, &Path::DOCUMENT, report)?;
    fields.take("kind");
    let path = Path::DOCUMENT.field("apiVersion");
    if let Some(node) = fields.require("apiVersion", &Path::DOCUMENT, report) {
        let at = node.at;
        match scalars::string(node, &path, report) {
            Some(version) if version != API_VERSION => {
                report.add(
                    at,
                    &path,
                    format!("`{}` is not known here: write `{API_VERSION}`", shortened(&version)),
                );
            }
            Some(_) | None => {}
        }
    }
    Some(fields)
}

fn batch(mut draft: Draft, positions: &mut Positions, report: &mut Report) -> Option<Definition> {
    let mut fields = head(&mut draft, Kind::Batch, report)?;
    let code = code(&mut fields, positions, report);
    let params = fields
        .take("params")
        .map(|node| maps::params(node, &Path::DOCUMENT.field("params"), report));
    let tasks = required("tasks", draft.tasks, draft.at, report);
    let code = code?;
    let (name, description) = fields.titles(&code, &Path::DOCUMENT, report)?;
    let params = params.flatten().unwrap_or_default();
    Some(Definition::Batch(Batch { code, name, description, params, tasks: tasks? }))
}

fn group(mut draft: Draft, positions: &mut Positions, report: &mut Report) -> Option<Definition> {
    let mut fields = head(&mut draft, Kind::BatchGroup, report)?;
    let code = code(&mut fields, positions, report);
    let members = required("members", draft.members, draft.at, report);
    let code = code?;
    let (name, description) = fields.titles(&code, &Path::DOCUMENT, report)?;
    Some(Definition::BatchGroup(Group { code, name, description, members: members? }))
}

fn connection(
    mut draft: Draft,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Definition> {
    let mut fields = head(&mut draft, Kind::Connection, report)?;
    let code = code(&mut fields, positions, report);
    let target = target(&mut fields, &Path::DOCUMENT, report);
    let code = code?;
    let (name, description) = fields.titles(&code, &Path::DOCUMENT, report)?;
    Some(Definition::Connection(Connection { code, name, description, target: target? }))
}

fn code(fields: &mut Fields, positions: &mut Positions, report: &mut Report) -> Option<Code> {
    let node = fields.require("code", &Path::DOCUMENT, report)?;
    positions.code = node.at;
    scalars::code(node, &Path::DOCUMENT.field("code"), report)
}

fn required<T>(
    name: &str,
    list: Option<(Position, T)>,
    document: Position,
    report: &mut Report,
) -> Option<T> {
    if list.is_none() {
        report.add(document, &Path::DOCUMENT.field(name), format!("`{name}` is missing: add it"));
    }
    list.map(|(_, items)| items)
}

fn not_a_document(at: Position) -> Problem {
    let text = "a document is a map that begins with `apiVersion: dayend/v1` and `kind`".to_owned();
    Problem { at, text }
}
