//! The detail of a run's history record: all that changed in one commit, so that replaying the records gives the run again.

use crate::nodes;
use crate::port::{NodeRow, RunState};
use crate::runs::state_cells;
use crate::values::Value;
use dayend_engine::codes::RunKey;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt::{self, Write as _};

/// What one commit changed in one run. As JSON:
/// `{"command":…,"state":[gate,interrupted,generation,status,ended,started,ended at],
/// "nodes":[[node,state,generation,attempt,epoch,wake,started,ended,handle,message,files],…],"note":…}`,
/// where absent keys, empty `nodes` and nulls at the end of an array are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDetail {
    /// The verb that a caller asked for; none for a step that followed by itself.
    pub command: Option<String>,
    /// The run's state after the step.
    pub state: RunState,
    /// The nodes that changed, as they are after the step.
    pub nodes: Vec<NodeRow>,
    /// Anything a reader of the history should know beyond that.
    pub note: Option<serde_json::Value>,
}

/// A text that is not the detail of a step.
#[derive(Debug, thiserror::Error)]
#[error("not the detail of a step: {0}")]
pub struct NotAStepDetail(#[from] serde_json::Error);

impl StepDetail {
    /// The compact JSON text.
    pub fn to_json(&self) -> String {
        let mut text = String::with_capacity(64 + 48 * self.nodes.len());
        text.push('{');
        if let Some(command) = &self.command {
            text.push_str("\"command\":");
            push_text(&mut text, command);
            text.push(',');
        }
        text.push_str("\"state\":");
        push_array(&mut text, &state_cells(&self.state));
        if !self.nodes.is_empty() {
            text.push_str(",\"nodes\":[");
            for (index, node) in self.nodes.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                push_array(&mut text, &nodes::cells(node));
            }
            text.push(']');
        }
        if let Some(note) = &self.note {
            write!(text, ",\"note\":{note}").expect("writing to a string cannot fail");
        }
        text.push('}');
        text
    }

    /// Reads the text back; `run` is the run of the record, which the text does not repeat.
    pub fn from_json(run: RunKey, json: &str) -> Result<Self, NotAStepDetail> {
        let read: Read = serde_json::from_str(json)?;
        let nodes = read.nodes.into_iter().map(|NodeCells(node)| NodeRow { run, ..node }).collect();
        Ok(Self { command: read.command, state: read.state.0, nodes, note: read.note })
    }
}

fn push_array(text: &mut String, cells: &[Value<'_>]) {
    let used = cells.iter().rposition(|cell| !cell.is_null()).map_or(0, |last| last + 1);
    text.push('[');
    for (index, cell) in cells.iter().take(used).enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        match cell {
            Value::Int(Some(number)) => {
                write!(text, "{number}").expect("writing to a string cannot fail");
            }
            Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Value::Text(Some(words)) => push_text(text, words),
            Value::Int(None) | Value::Text(None) | Value::Bytes(_) => text.push_str("null"),
        }
    }
    text.push(']');
}

fn push_text(text: &mut String, words: &str) {
    text.push_str(&serde_json::to_string(words).expect("a string is always valid JSON"));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(default)]
    command: Option<String>,
    state: StateCells,
    #[serde(default)]
    nodes: Vec<NodeCells>,
    /// A note that is `null` differs from no note.
    #[serde(default, deserialize_with = "present")]
    note: Option<serde_json::Value>,
}

fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

struct StateCells(RunState);

impl<'de> Deserialize<'de> for StateCells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(StateVisitor)
    }
}

struct StateVisitor;

impl<'de> Visitor<'de> for StateVisitor {
    type Value = StateCells;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the array of a run's state")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<StateCells, A::Error> {
        Ok(StateCells(RunState {
            gate: required(&mut cells)?,
            interrupted: required(&mut cells)?,
            generation: required(&mut cells)?,
            status: Status::from_number(required(&mut cells)?)
                .ok_or_else(|| A::Error::custom("no such status"))?,
            ended: required(&mut cells)?,
            started_at: optional::<i64, A>(&mut cells)?.map(Timestamp),
            ended_at: optional::<i64, A>(&mut cells)?.map(Timestamp),
        }))
    }
}

/// A node whose run is not known yet.
struct NodeCells(NodeRow);

impl<'de> Deserialize<'de> for NodeCells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeCells;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the array of a node's state")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<NodeCells, A::Error> {
        Ok(NodeCells(NodeRow {
            run: RunKey(0),
            node: required(&mut cells)?,
            state: required(&mut cells)?,
            generation: required(&mut cells)?,
            attempt: required(&mut cells)?,
            epoch: required(&mut cells)?,
            wake_at: optional::<i64, A>(&mut cells)?.map(Timestamp),
            started_at: optional::<i64, A>(&mut cells)?.map(Timestamp),
            ended_at: optional::<i64, A>(&mut cells)?.map(Timestamp),
            handle: optional(&mut cells)?,
            message: optional(&mut cells)?,
            files: optional(&mut cells)?,
        }))
    }
}

fn required<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(cells: &mut A) -> Result<T, A::Error> {
    cells.next_element()?.ok_or_else(|| A::Error::custom("the array is too short"))
}

fn optional<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    cells: &mut A,
) -> Result<Option<T>, A::Error> {
    Ok(cells.next_element::<Option<T>>()?.flatten())
}
