//! What stands in the lines: the head as JSON, and then a task or member a line, so that no line needs another to be read.

use dayend_engine::codes::Code;
use dayend_engine::definition::{ConnectionTarget, On};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Head<'a> {
    Batch(Titles<'a>),
    BatchGroup(Titles<'a>),
    Connection(Titles<'a>, Cow<'a, ConnectionTarget>),
}

/// What a definition is called.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Titles<'a> {
    pub code: Cow<'a, Code>,
    /// None: it is called by its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub description: Cow<'a, str>,
    /// Only batches have some.
    #[serde(default, skip_serializing_if = "has_none")]
    pub params: Cow<'a, BTreeMap<String, String>>,
}

#[expect(clippy::ptr_arg, reason = "serde hands a reference to what it has")]
fn is_empty(text: &Cow<'_, str>) -> bool {
    text.is_empty()
}

#[expect(clippy::ptr_arg, reason = "serde hands a reference to what it has")]
fn has_none(map: &Cow<'_, BTreeMap<String, String>>) -> bool {
    map.is_empty()
}

impl<'a> Titles<'a> {
    /// The titles that these say.
    pub(super) fn new(code: &'a Code, name: &'a str, description: &'a str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            name: (name != code.as_str()).then_some(Cow::Borrowed(name)),
            description: Cow::Borrowed(description),
            params: Cow::Owned(BTreeMap::new()),
        }
    }

    /// The name that is meant.
    pub(super) fn full_name(&self) -> String {
        self.name.as_deref().unwrap_or_else(|| self.code.as_str()).to_owned()
    }
}

/// Stands between the fields of a line. No field holds one.
const FIELD: char = '\t';
/// Stands between edges.
const NEXT: char = ' ';
/// Stands before the code of an edge that only a failure meets. No code begins with it.
const FAILURE: char = '!';
/// Stands before the code of an edge that any end meets.
const END: char = '*';

/// A task or member: its code, what it comes after, and the JSON of what else it says.
pub(super) struct Line<'l> {
    pub code: &'l str,
    after: &'l str,
    pub spec: &'l str,
}

/// Writes a line, without its end.
pub(super) fn write<'e>(
    out: &mut String,
    code: &str,
    after: impl Iterator<Item = (&'e str, On)>,
    spec: &str,
) {
    out.push_str(code);
    let mut before = FIELD;
    for (code, on) in after {
        out.push(before);
        before = NEXT;
        match on {
            On::Success => {}
            On::Failure => out.push(FAILURE),
            On::End => out.push(END),
        }
        out.push_str(code);
    }
    if before == FIELD {
        out.push(FIELD);
    }
    out.push(FIELD);
    out.push_str(spec);
}

impl<'l> Line<'l> {
    /// The fields of what [`write`] wrote.
    pub(super) fn parse(line: &'l str) -> Option<Self> {
        let (code, rest) = line.split_once(FIELD)?;
        let (after, spec) = rest.split_once(FIELD)?;
        let first = code.starts_with(|first: char| first.is_ascii_alphabetic());
        first.then_some(Self { code, after, spec })
    }

    /// The edges, as they were written.
    pub(super) fn after(&self) -> impl Iterator<Item = (&'l str, On)> {
        self.after.split(NEXT).filter(|edge| !edge.is_empty()).map(|edge| {
            match (edge.strip_prefix(FAILURE), edge.strip_prefix(END)) {
                (Some(code), _) => (code, On::Failure),
                (None, Some(code)) => (code, On::End),
                (None, None) => (edge, On::Success),
            }
        })
    }
}
