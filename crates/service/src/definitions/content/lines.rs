//! What stands in the lines: the head, and then a task or member a line, so that no line needs another to be read.

use dayend_engine::codes::Code;
use dayend_engine::definition::{ConnectionTarget, Edge, On, Spec};
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

/// A task: its code, what it says, and what it comes after.
pub(super) type TaskLine<'a> = (Cow<'a, Code>, Cow<'a, Spec>, Vec<Cow<'a, str>>);
/// A member: its batch, and what it comes after.
pub(super) type MemberLine<'a> = (Cow<'a, Code>, Vec<Cow<'a, str>>);

/// Stands before the code of an edge that only a failure meets. No code begins with it.
const FAILURE: char = '!';
/// Stands before the code of an edge that any end meets.
const END: char = '*';

/// An edge as a text.
pub(super) fn edge_text(edge: &Edge) -> Cow<'_, str> {
    let code = edge.task.as_str();
    match edge.on {
        On::Success => Cow::Borrowed(code),
        On::Failure => Cow::Owned(format!("{FAILURE}{code}")),
        On::End => Cow::Owned(format!("{END}{code}")),
    }
}

/// The edge that [`edge_text`] wrote.
pub(super) fn edge_of(text: &str) -> Result<Edge, String> {
    let (on, code) = match (text.strip_prefix(FAILURE), text.strip_prefix(END)) {
        (Some(code), _) => (On::Failure, code),
        (None, Some(code)) => (On::End, code),
        (None, None) => (On::Success, text),
    };
    let task = code.parse().map_err(|error| format!("{error}"))?;
    Ok(Edge { task, on })
}
