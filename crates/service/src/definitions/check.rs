//! Checks the graph of a batch or group and points at the lines; never recursive, one pass over nodes and edges.

use super::limits::seed;
use super::read::Positions;
use super::report::{Path, Report};
use crate::requests::Defect;
use dayend_engine::definition::{Definition, Edge, Spec, Tasks};

/// The most codes of a cycle that a message spells out.
const CYCLE_CODES_MAX: usize = 10;

/// The nodes of a definition, whatever they are called there.
struct Graph<'d> {
    /// `tasks` or `members`.
    list: &'static str,
    /// The field that holds a node's code.
    field: &'static str,
    nodes: &'d Tasks,
}

/// The edges of a graph as indices.
struct Predecessors {
    /// Where the edges of each node begin in `edges`, and where the last ones end.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

/// Duplicate codes, edges to nowhere, to the node itself or there twice; and if there are none, one cycle.
pub(super) fn graph(definition: &Definition, positions: &Positions, file: &str) -> Vec<Defect> {
    match definition {
        Definition::Batch(batch) => {
            checked(&Graph { list: "tasks", field: "code", nodes: &batch.tasks }, positions, file)
        }
        Definition::BatchGroup(group) => {
            let mut nodes = Tasks::new(seed());
            for member in &group.members {
                let after = member.after.iter().map(Edge::parts);
                nodes.push(member.batch.as_str(), &Spec::default(), after);
            }
            checked(&Graph { list: "members", field: "batch", nodes: &nodes }, positions, file)
        }
        Definition::Connection(_) => Vec::new(),
    }
}

fn checked(graph: &Graph<'_>, positions: &Positions, file: &str) -> Vec<Defect> {
    let mut report = Report::default();
    report.enter(file);
    let node_of = nodes_by_number(graph, positions, &mut report);
    let predecessors = resolve(graph, &node_of, positions, &mut report);
    drop(node_of);
    if report.len() == 0
        && let Some(cycle) = find_cycle(&predecessors)
    {
        report_cycle(graph, &predecessors, &cycle, positions, &mut report);
    }
    report.into_defects()
}

/// No node has this number.
const NOWHERE: u32 = u32::MAX;

/// The node of each code, by the number of the code.
fn nodes_by_number(graph: &Graph<'_>, positions: &Positions, report: &mut Report) -> Vec<u32> {
    let mut nodes = vec![NOWHERE; graph.nodes.name_count()];
    for (node, index) in (0_u32..).zip(0..graph.nodes.len()) {
        let slot = graph.nodes.code_number(node).and_then(|code| nodes.get_mut(code as usize));
        let earlier = std::mem::replace(slot.expect("every code has a number"), node);
        if earlier == NOWHERE {
            continue;
        }
        let place = |index: u32| positions.nodes.get(index as usize).copied().unwrap_or_default();
        let (code, first) = (graph.nodes.code(node).unwrap_or_default(), place(earlier));
        let problem =
            format!("`{code}` is there twice, first in line {}: rename or remove one", first.line);
        let list = Path::DOCUMENT.field(graph.list);
        report.add(place(node), &list.index(index).field(graph.field), problem);
        if report.is_full() {
            break;
        }
    }
    nodes
}

fn resolve(
    graph: &Graph<'_>,
    node_of: &[u32],
    positions: &Positions,
    report: &mut Report,
) -> Predecessors {
    let mut starts = Vec::with_capacity(graph.nodes.len() + 1);
    let mut edges = Vec::with_capacity(graph.nodes.edge_count());
    // The node that named a code last: finds duplicates in one step an edge.
    let mut named_by = vec![NOWHERE; graph.nodes.name_count()];
    let mut edge_count = 0;
    for (node, index) in (0_u32..).zip(0..graph.nodes.len()) {
        starts.push(u32::try_from(edges.len()).unwrap_or(u32::MAX));
        for (edge_index, (number, _)) in graph.nodes.after_numbers(node).enumerate() {
            let predecessor = node_of.get(number as usize).copied().unwrap_or(NOWHERE);
            let slot = named_by.get_mut(number as usize).expect("every code has a number");
            let twice = std::mem::replace(slot, node) == node;
            let problem = match predecessor {
                NOWHERE => Some(Trouble::Missing),
                _ if graph.nodes.code_number(node) == Some(number) => Some(Trouble::Itself),
                _ => twice.then_some(Trouble::Twice),
            };
            match problem {
                None | Some(Trouble::Twice) => edges.push(predecessor),
                Some(Trouble::Missing | Trouble::Itself) => {}
            }
            if let Some(problem) = problem {
                let at = positions.edges.get(edge_count).copied().unwrap_or_default();
                let list = Path::DOCUMENT.field(graph.list);
                let path = list.index(index);
                let path = path.field("after");
                let sentence = problem.sentence(graph, node, number);
                report.add(at, &path.index(edge_index), sentence);
            }
            edge_count += 1;
        }
        if report.is_full() {
            break;
        }
    }
    starts.push(u32::try_from(edges.len()).unwrap_or(u32::MAX));
    Predecessors { starts, edges }
}

/// What is wrong with an edge.
#[derive(Clone, Copy)]
enum Trouble {
    Missing,
    Itself,
    Twice,
}

impl Trouble {
    fn sentence(self, graph: &Graph<'_>, node: u32, number: u32) -> String {
        let (code, before) = (graph.nodes.code(node).unwrap_or_default(), graph.nodes.name(number));
        match self {
            Self::Missing => {
                format!("`{before}` is not in `{}`: correct the code, or add it", graph.list)
            }
            Self::Itself => format!("`{code}` waits for itself: remove this edge"),
            Self::Twice => format!("`{code}` waits for `{before}` twice: remove one edge"),
        }
    }
}

/// The edges that close one cycle, as positions in `edges`: each leads from a node to the one it waits for.
///
/// A depth-first search whose stack is a list: every edge is followed once.
fn find_cycle(graph: &Predecessors) -> Option<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let count = graph.starts.len().saturating_sub(1);
    let start = |node: u32| graph.starts.get(node as usize).copied().unwrap_or_default();
    let mut state = vec![NEW; count];
    // Each open node with its next edge.
    let mut open: Vec<(u32, u32)> = Vec::new();
    for root in 0..u32::try_from(count).unwrap_or(u32::MAX) {
        if state.get(root as usize) != Some(&NEW) {
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
            let predecessor = graph.edges.get(edge as usize).copied().unwrap_or_default();
            match state.get(predecessor as usize).copied() {
                Some(NEW) => {
                    set(&mut state, predecessor, OPEN);
                    open.push((predecessor, start(predecessor)));
                }
                Some(OPEN) => {
                    let from =
                        open.iter().position(|(node, _)| *node == predecessor).unwrap_or_default();
                    let cycle = open.iter().skip(from).map(|(_, next)| *next as usize - 1);
                    return Some(cycle.collect());
                }
                Some(_) | None => {}
            }
        }
    }
    None
}

fn set(state: &mut [u8], node: u32, value: u8) {
    if let Some(slot) = state.get_mut(node as usize) {
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
        graph.nodes.code(node).unwrap_or_default()
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
    let node = edges.starts.partition_point(|start| *start as usize <= closing).saturating_sub(1);
    let edge = closing - edges.starts.get(node).copied().unwrap_or_default() as usize;
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
