//! Checks the graph of a batch or group and points at the lines; never recursive, one pass over nodes and edges.

use super::read::Positions;
use super::report::{Path, Report};
use crate::requests::Defect;
use dayend_engine::codes::Code;
use dayend_engine::definition::{Definition, Edge};
use std::collections::HashMap;

/// The most codes of a cycle that a message spells out.
const CYCLE_CODES_MAX: usize = 10;

/// The nodes of a definition, whatever they are called there.
struct Graph<'d> {
    /// `tasks` or `members`.
    list: &'static str,
    /// The field that holds a node's code.
    field: &'static str,
    nodes: Vec<(&'d Code, &'d [Edge])>,
}

/// The edges of a graph as indices.
struct Predecessors {
    /// Where the edges of each node begin in `edges`, and where the last ones end.
    starts: Vec<usize>,
    edges: Vec<u32>,
}

/// Duplicate codes, edges to nowhere, to the node itself or there twice; and if there are none, one cycle.
pub(super) fn graph(definition: &Definition, positions: &Positions, file: &str) -> Vec<Defect> {
    let graph = match definition {
        Definition::Batch(batch) => {
            let nodes =
                batch.tasks.iter().map(|task| (&task.code, task.after.as_slice())).collect();
            Graph { list: "tasks", field: "code", nodes }
        }
        Definition::BatchGroup(group) => {
            let nodes = group
                .members
                .iter()
                .map(|member| (&member.batch, member.after.as_slice()))
                .collect();
            Graph { list: "members", field: "batch", nodes }
        }
        Definition::Connection(_) => return Vec::new(),
    };
    let mut report = Report::default();
    report.enter(file);
    let indices = indices(&graph, positions, &mut report);
    let predecessors = resolve(&graph, &indices, positions, &mut report);
    drop(indices);
    if report.len() == 0
        && let Some(cycle) = find_cycle(&predecessors)
    {
        report_cycle(&graph, &predecessors, &cycle, positions, &mut report);
    }
    report.into_defects()
}

fn indices<'d>(
    graph: &Graph<'d>,
    positions: &Positions,
    report: &mut Report,
) -> HashMap<&'d str, u32> {
    let mut indices = HashMap::with_capacity(graph.nodes.len());
    for (index, (code, _)) in (0_u32..).zip(&graph.nodes) {
        let Some(earlier) = indices.insert(code.as_str(), index) else { continue };
        let place = |index: u32| positions.nodes.get(index as usize).copied().unwrap_or_default();
        let (list, first) = (graph.list, place(earlier));
        let problem =
            format!("`{code}` is there twice, first in line {}: rename or remove one", first.line);
        report.add(
            place(index),
            &Path::DOCUMENT.field(list).index(index as usize).field(graph.field),
            problem,
        );
    }
    indices
}

fn resolve(
    graph: &Graph<'_>,
    indices: &HashMap<&str, u32>,
    positions: &Positions,
    report: &mut Report,
) -> Predecessors {
    let mut starts = Vec::with_capacity(graph.nodes.len() + 1);
    let mut edges = Vec::with_capacity(positions.edges.len());
    // The node that named a predecessor last: finds duplicates in one step an edge.
    let mut named_by = vec![u32::MAX; graph.nodes.len()];
    let mut edge_count = 0;
    for (index, (code, after)) in (0_u32..).zip(&graph.nodes) {
        starts.push(edges.len());
        for (edge_index, edge) in after.iter().enumerate() {
            let problem = match indices.get(edge.task.as_str()) {
                None => Some(format!(
                    "`{}` is not in `{}`: correct the code, or add it",
                    edge.task, graph.list
                )),
                Some(_) if edge.task == **code => {
                    Some(format!("`{code}` waits for itself: remove this edge"))
                }
                Some(predecessor) => {
                    edges.push(*predecessor);
                    let slot = named_by.get_mut(*predecessor as usize).expect("an index of a node");
                    let twice = std::mem::replace(slot, index) == index;
                    twice.then(|| {
                        format!("`{code}` waits for `{}` twice: remove one edge", edge.task)
                    })
                }
            };
            if let Some(problem) = problem {
                let at = positions.edges.get(edge_count).copied().unwrap_or_default();
                let node = Path::DOCUMENT.field(graph.list);
                report.add(
                    at,
                    &node.index(index as usize).field("after").index(edge_index),
                    problem,
                );
            }
            edge_count += 1;
        }
    }
    starts.push(edges.len());
    Predecessors { starts, edges }
}

/// The edges that close one cycle, as positions in `edges`: each leads from a node to the one it waits for.
///
/// A depth-first search whose stack is a list: every edge is followed once.
fn find_cycle(graph: &Predecessors) -> Option<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let count = graph.starts.len().saturating_sub(1);
    let start = |node: usize| graph.starts.get(node).copied().unwrap_or_default();
    let mut state = vec![NEW; count];
    // Each open node with its next edge.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        if state.get(root) != Some(&NEW) {
            continue;
        }
        open.push((root, start(root)));
        set(&mut state, root, OPEN);
        while let Some((node, next)) = open.last_mut() {
            let edge = *next;
            if edge == start(*node + 1) {
                set(&mut state, *node, DONE);
                open.pop();
                continue;
            }
            *next += 1;
            let predecessor = graph.edges.get(edge).copied().unwrap_or_default() as usize;
            match state.get(predecessor).copied() {
                Some(NEW) => {
                    set(&mut state, predecessor, OPEN);
                    open.push((predecessor, start(predecessor)));
                }
                Some(OPEN) => {
                    let from =
                        open.iter().position(|(node, _)| *node == predecessor).unwrap_or_default();
                    return Some(open.iter().skip(from).map(|(_, next)| next - 1).collect());
                }
                Some(_) | None => {}
            }
        }
    }
    None
}

fn set(state: &mut [u8], node: usize, value: u8) {
    if let Some(slot) = state.get_mut(node) {
        *slot = value;
    }
}

fn report_cycle(
    graph: &Graph<'_>,
    edges: &Predecessors,
    cycle: &[usize],
    positions: &Positions,
    report: &mut Report,
) {
    let code_at = |edge: &usize| {
        let node = edges.edges.get(*edge).copied().unwrap_or_default();
        graph.nodes.get(node as usize).map_or("", |(code, _)| code.as_str())
    };
    // Following the edges leads backwards in time, so the last one comes first.
    let mut codes: Vec<&str> = cycle.iter().rev().take(CYCLE_CODES_MAX).map(code_at).collect();
    let more = cycle.len().saturating_sub(CYCLE_CODES_MAX);
    let tail = if more > 0 { format!(" → … ({} in all)", cycle.len()) } else { String::new() };
    if more == 0 {
        codes.extend(cycle.last().map(code_at));
    }
    let Some(closing) = cycle.last().copied() else { return };
    // Every edge up to here was resolved, so edges and their positions are numbered alike.
    let node = edges.starts.partition_point(|start| *start <= closing).saturating_sub(1);
    let edge = closing - edges.starts.get(node).copied().unwrap_or_default();
    let at = positions.edges.get(closing).copied().unwrap_or_default();
    let problem = format!(
        "these wait for each other in a circle: {}{tail}: remove one of the edges",
        codes.join(" → ")
    );
    report.add(
        at,
        &Path::DOCUMENT.field(graph.list).index(node).field("after").index(edge),
        problem,
    );
}
