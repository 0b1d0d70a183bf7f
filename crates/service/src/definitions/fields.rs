//! Takes the known fields out of a map; every other field is a defect.

use super::limits::{ENTRIES_MAX, KEY_MAX_CHARS};
use super::node::{Entry, Node, Position, Value};
use super::report::{Path, Report};
use super::scalars;
use dayend_engine::codes::{Code, shortened};
use std::collections::HashSet;

/// The fields of a map that are not taken yet.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) at: Position,
    entries: Vec<Entry>,
}

impl Fields {
    /// Opens the map `node`, which is `what` ("a task"), and reports the fields that are unknown or there twice.
    pub(super) fn open(
        node: Node,
        what: &str,
        known: &[&str],
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<Self> {
        let at = node.at;
        let Value::Map(entries) = node.value else {
            let fields = if known.is_empty() {
                ", `{}`".to_owned()
            } else {
                format!(" of {}", known.join(", "))
            };
            report.add(
                at,
                path,
                format!("{what} must be a map{fields}, but this is {}", node.described()),
            );
            return None;
        };
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len().min(known.len()));
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                report.add(entry.at, &path.field(&entry.key), unknown(&entry.key, what, known));
            } else if kept.iter().any(|earlier| earlier.key == entry.key) {
                report.add(
                    entry.at,
                    &path.field(&entry.key),
                    format!("`{}` is there twice: remove one", entry.key),
                );
            } else {
                kept.push(entry);
            }
            if report.is_full() {
                break;
            }
        }
        Some(Self { at, entries: kept })
    }

    /// The value of the field `name`, if it is there and was not taken before.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == name)?;
        Some(self.entries.swap_remove(index).node)
    }

    /// The one field of these that is there, and its value; `none` and `several` begin the sentences about the other cases.
    pub(super) fn one_of<'n>(
        &mut self,
        names: &'n [&'n str],
        (none, several): (&str, &str),
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<(&'n str, Node)> {
        let mut given = names.iter().filter_map(|name| self.take(name).map(|node| (*name, node)));
        let (first, second) = (given.next(), given.next());
        drop(given);
        let Some(one) = first else {
            report.add(self.at, path, format!("{none}: add one of {}", names.join(", ")));
            return None;
        };
        if let Some((other, node)) = second {
            let sentence = format!("{several}: remove `{other}` or `{}`", one.0);
            report.add(node.at, &path.field(other), sentence);
            return None;
        }
        Some(one)
    }

    /// The value of a field that must be there.
    pub(super) fn require(
        &mut self,
        name: &str,
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<Node> {
        let node = self.take(name);
        if node.is_none() {
            report.add(self.at, &path.field(name), format!("`{name}` is missing: add it"));
        }
        node
    }

    /// The field `name` as a text, which must be there and not be empty.
    pub(super) fn text(
        &mut self,
        name: &str,
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<String> {
        let node = self.require(name, path, report)?;
        scalars::filled(node, &path.field(name), report)
    }

    /// `name` and `description`; a missing name is the code, a missing description is empty.
    pub(super) fn titles(
        &mut self,
        code: &Code,
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<(String, String)> {
        let (name, description) = self.own_titles(path, report)?;
        Some((name.unwrap_or_else(|| code.as_str().to_owned()), description))
    }

    /// `name`, if it is given, and `description`; a missing one is empty.
    pub(super) fn own_titles(
        &mut self,
        path: &Path<'_>,
        report: &mut Report,
    ) -> Option<(Option<String>, String)> {
        let name = match self.take("name") {
            Some(node) => scalars::name(node, &path.field("name"), report).map(Some),
            None => Some(None),
        };
        let description = match self.take("description") {
            Some(node) => scalars::description(node, &path.field("description"), report),
            None => Some(String::new()),
        };
        name.zip(description)
    }
}

/// The entries of a map with free keys; reports keys that are there twice, too long or hold hidden characters.
pub(super) fn free_entries(
    node: Node,
    what: &str,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<Vec<Entry>> {
    let at = node.at;
    let Value::Map(entries) = node.value else {
        report.add(
            at,
            path,
            format!("{what} must be a map, `{{}}` if empty, but this is {}", node.described()),
        );
        return None;
    };
    if entries.len() > ENTRIES_MAX {
        report.add(
            at,
            path,
            format!("{what} has {} entries, at most {ENTRIES_MAX} are allowed", entries.len()),
        );
        return None;
    }
    let before = report.len();
    let mut keys = HashSet::with_capacity(entries.len());
    for entry in &entries {
        let path = path.field(&entry.key);
        if entry.key.chars().count() > KEY_MAX_CHARS {
            report.add(
                entry.at,
                &path,
                format!("this key is longer than {KEY_MAX_CHARS} characters"),
            );
        } else if entry.key.chars().any(scalars::is_hidden) {
            report.add(
                entry.at,
                &path,
                "this key holds control or invisible characters: remove them",
            );
        } else if !keys.insert(entry.key.as_str()) {
            report.add(
                entry.at,
                &path,
                format!("`{}` is there twice: remove one", shortened(&entry.key)),
            );
        }
    }
    drop(keys);
    (report.len() == before).then_some(entries)
}

fn unknown(key: &str, what: &str, known: &[&str]) -> String {
    let key = shortened(key);
    if key == "<<" {
        return format!("{what} cannot merge another map with `<<`: repeat its fields");
    }
    if known.is_empty() {
        return format!("`{key}` is not a field of {what}, which has none: write `{{}}`");
    }
    match similar::get_close_matches(key.as_str(), known, 1, 0.6).first() {
        Some(near) => format!("`{key}` is not a field of {what}: did you mean `{near}`?"),
        None => format!("`{key}` is not a field of {what}: the fields are {}", known.join(", ")),
    }
}
