//! A definition version compiled for running: dense indices, and the edges in compressed sparse rows.

use crate::codes::Code;
use crate::definition::{Batch, EDGES_MAX, Edge, Group, NODES_MAX, On, OnLost, Spec, Tasks};
use std::collections::BTreeMap;

/// What the engine needs of a definition. Immutable, shared by all runs of the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The out-edges of node `i` stand at `out_starts[i]..out_starts[i + 1]`.
    out_starts: Box<[u32]>,
    out_edges: Box<[OutEdge]>,
    in_counts: Box<[u32]>,
    /// Indices into `policies`.
    policy_of: Box<[u32]>,
    policies: Box<[Policy]>,
    /// Node indices in the order of their codes.
    by_code: Box<[u32]>,
    is_group: bool,
}

/// One edge, seen from the node that comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutEdge {
    pub to: u32,
    pub on: On,
}

/// How the attempts of a task are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    pub max_retries: u32,
    pub backoff_ms: u64,
    pub max_backoff_ms: u64,
    pub timeout_ms: Option<u64>,
    pub retry_if_lost: bool,
}

/// The longest delay before a retry, whatever the definition says: a day.
pub const BACKOFF_MAX_MS: u64 = 86_400_000;

impl Policy {
    fn of(task: &Spec) -> Self {
        Self {
            max_retries: task.retries.max,
            backoff_ms: task.retries.backoff_ms,
            max_backoff_ms: task
                .retries
                .max_backoff_ms
                .unwrap_or(BACKOFF_MAX_MS)
                .min(BACKOFF_MAX_MS),
            timeout_ms: task.timeout_ms,
            retry_if_lost: task.on_lost == OnLost::Retry,
        }
    }

    /// The delay before the retry that follows attempt `attempt` (from 1): doubles each time, up to the maximum.
    pub fn delay_ms(self, attempt: u32) -> u64 {
        let factor = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
        self.backoff_ms.saturating_mul(factor).min(self.max_backoff_ms)
    }
}

/// Why a definition cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("it has nothing to run")]
    Empty,
    #[error("it has more than {NODES_MAX} tasks or {EDGES_MAX} dependencies")]
    TooLarge,
    #[error("`{0}` is there twice")]
    Duplicate(Code),
    #[error("`{0}` comes after itself")]
    SelfEdge(Code),
    #[error("`{from}` comes after `{missing}`, which does not exist")]
    Dangling { from: Code, missing: Code },
    #[error("these wait for each other: {}", .0.iter().map(Code::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle(Vec<Code>),
}

impl Plan {
    /// Compiles a batch.
    pub fn of_batch(batch: &Batch) -> Result<Self, PlanError> {
        Self::compile(&batch.tasks, false)
    }

    /// Compiles a group; its nodes are the member runs.
    pub fn of_group(group: &Group) -> Result<Self, PlanError> {
        let mut members = Tasks::default();
        for member in &group.members {
            let after = member.after.iter().map(Edge::parts);
            members.push(member.batch.as_str(), &Spec::default(), after);
        }
        Self::compile(&members, true)
    }

    fn compile(nodes: &Tasks, is_group: bool) -> Result<Self, PlanError> {
        if nodes.is_empty() {
            return Err(PlanError::Empty);
        }
        if nodes.len() > NODES_MAX || nodes.edge_count() > EDGES_MAX {
            return Err(PlanError::TooLarge);
        }
        let edges = resolve_edges(nodes, &nodes_by_number(nodes)?)?;
        let (policy_of, policies) = intern_policies(nodes);
        let plan = Self {
            out_starts: edges.starts.into(),
            out_edges: edges.out.into(),
            in_counts: edges.in_counts.into(),
            policy_of: policy_of.into(),
            policies: policies.into(),
            by_code: sorted_by_code(nodes).into(),
            is_group,
        };
        match plan.cycle() {
            Some(indices) => Err(PlanError::Cycle(
                indices.into_iter().filter_map(|node| code_at(nodes, node)).collect(),
            )),
            None => Ok(plan),
        }
    }

    /// How many tasks or members there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.in_counts.len()).unwrap_or(u32::MAX)
    }

    /// The memory that it takes.
    pub fn size_bytes(&self) -> usize {
        let numbers = [&self.out_starts, &self.in_counts, &self.policy_of, &self.by_code];
        numbers.iter().map(|column| column.len() * size_of::<u32>()).sum::<usize>()
            + size_of_val::<[OutEdge]>(&self.out_edges)
            + size_of_val::<[Policy]>(&self.policies)
    }

    /// A plan has at least one node.
    pub fn is_empty(&self) -> bool {
        self.in_counts.is_empty()
    }

    /// Whether the nodes are member runs.
    pub fn is_group(&self) -> bool {
        self.is_group
    }

    /// The edges that leave a node.
    pub fn out_edges(&self, node: u32) -> &[OutEdge] {
        let at = node as usize;
        let (from, to) = (self.out_starts.get(at), self.out_starts.get(at + 1));
        let range = from.zip(to).map(|(from, to)| *from as usize..*to as usize);
        range.and_then(|range| self.out_edges.get(range)).unwrap_or_default()
    }

    /// How many edges enter a node.
    pub fn in_count(&self, node: u32) -> u32 {
        self.in_counts.get(node as usize).copied().unwrap_or_default()
    }

    /// How the attempts of a node are made.
    pub fn policy(&self, node: u32) -> Policy {
        let policy =
            self.policy_of.get(node as usize).and_then(|index| self.policies.get(*index as usize));
        policy.copied().unwrap_or_default()
    }

    /// The node whose code is `wanted`; `code_of` reads the definition that was compiled.
    pub fn find<'a>(&self, wanted: &str, code_of: impl Fn(u32) -> &'a str) -> Option<u32> {
        let found = self.by_code.binary_search_by(|node| code_of(*node).cmp(wanted));
        found.ok().and_then(|at| self.by_code.get(at)).copied()
    }

    /// Some cycle, if there is one (Kahn's algorithm, then a walk among what is left).
    fn cycle(&self) -> Option<Vec<u32>> {
        let mut unmet = self.in_counts.to_vec();
        let mut ready: Vec<u32> =
            (0..self.len()).filter(|node| self.in_count(*node) == 0).collect();
        let mut left = unmet.len();
        while let Some(node) = ready.pop() {
            left -= 1;
            for edge in self.out_edges(node) {
                if let Some(count) = unmet.get_mut(edge.to as usize) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(edge.to);
                    }
                }
            }
        }
        if left == 0 { None } else { Some(self.walk_cycle(&unmet)) }
    }

    /// Walks backwards among the nodes that never became ready until one repeats.
    fn walk_cycle(&self, unmet: &[u32]) -> Vec<u32> {
        let stuck = |node: u32| unmet.get(node as usize).is_some_and(|count| *count > 0);
        let mut before = vec![u32::MAX; unmet.len()];
        for node in (0..self.len()).filter(|node| stuck(*node)) {
            for edge in self.out_edges(node).iter().filter(|edge| stuck(edge.to)) {
                if let Some(slot) = before.get_mut(edge.to as usize) {
                    *slot = node;
                }
            }
        }
        let step_back = |node: u32| before.get(node as usize).copied().unwrap_or(u32::MAX);
        let mut node = (0..self.len()).find(|node| stuck(*node)).unwrap_or_default();
        for _ in 0..unmet.len() {
            node = step_back(node);
        }
        let mut members = vec![node];
        let mut at = step_back(node);
        while at != node && members.len() < CYCLE_SHOWN_MAX {
            members.push(at);
            at = step_back(at);
        }
        members.reverse();
        members
    }
}

/// A refused cycle names at most this many of its members.
const CYCLE_SHOWN_MAX: usize = 10;

fn code_at(nodes: &Tasks, node: u32) -> Option<Code> {
    nodes.code(node)?.parse().ok()
}

fn numbers(nodes: &Tasks) -> std::ops::Range<u32> {
    0..u32::try_from(nodes.len()).unwrap_or(u32::MAX)
}

fn sorted_by_code(nodes: &Tasks) -> Vec<u32> {
    let mut by_code: Vec<u32> = numbers(nodes).collect();
    by_code.sort_unstable_by(|a, b| nodes.code(*a).cmp(&nodes.code(*b)));
    by_code
}

/// No node has this number.
const NOWHERE: u32 = u32::MAX;

/// The node of each code, by the number of the code.
fn nodes_by_number(nodes: &Tasks) -> Result<Vec<u32>, PlanError> {
    let mut found = vec![NOWHERE; nodes.name_count()];
    for node in numbers(nodes) {
        let slot = nodes.code_number(node).and_then(|number| found.get_mut(number as usize));
        let slot = slot.expect("every code has a number");
        if *slot != NOWHERE {
            return Err(code_at(nodes, node).map_or(PlanError::Empty, PlanError::Duplicate));
        }
        *slot = node;
    }
    Ok(found)
}

struct Edges {
    starts: Vec<u32>,
    out: Vec<OutEdge>,
    in_counts: Vec<u32>,
}

/// The edges by the node that comes first. Counts first, so that each edge is written once, where it stays.
fn resolve_edges(nodes: &Tasks, node_of: &[u32]) -> Result<Edges, PlanError> {
    let first_of = |number: u32| node_of.get(number as usize).copied().unwrap_or(NOWHERE);
    let mut in_counts = Vec::with_capacity(nodes.len());
    // Ends, until the edges are written backwards: starts then.
    let mut starts = vec![0_u32; nodes.len() + 1];
    for to in numbers(nodes) {
        let mut in_count = 0;
        for (number, _) in nodes.after_numbers(to) {
            let from = first_of(number);
            let Some(count) = starts.get_mut(from as usize).filter(|_| from != to) else {
                return Err(bad_edge(nodes, to, number));
            };
            *count += 1;
            in_count += 1;
        }
        in_counts.push(in_count);
    }
    let mut total = 0;
    for end in &mut starts {
        total += *end;
        *end = total;
    }
    let mut out = vec![OutEdge { to: NOWHERE, on: On::Success }; nodes.edge_count()];
    for to in numbers(nodes).rev() {
        for (number, on) in nodes.after_numbers(to).rev() {
            let start = starts.get_mut(first_of(number) as usize).expect("it was counted");
            *start -= 1;
            *out.get_mut(*start as usize).expect("it was counted") = OutEdge { to, on };
        }
    }
    Ok(Edges { starts, out, in_counts })
}

fn bad_edge(nodes: &Tasks, to: u32, number: u32) -> PlanError {
    let Some(from) = code_at(nodes, to) else { return PlanError::Empty };
    match nodes.name(number).parse() {
        Ok(missing) if from != missing => PlanError::Dangling { from, missing },
        Ok(_) | Err(_) => PlanError::SelfEdge(from),
    }
}

fn intern_policies(nodes: &Tasks) -> (Vec<u32>, Vec<Policy>) {
    let mut known: BTreeMap<Policy, u32> = BTreeMap::new();
    let mut policies = Vec::new();
    let of_specs: Vec<u32> = nodes
        .specs()
        .map(|spec| {
            let policy = Policy::of(&spec);
            *known.entry(policy).or_insert_with(|| {
                policies.push(policy);
                u32::try_from(policies.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    let policy_of = numbers(nodes)
        .map(|node| of_specs.get(nodes.spec_number(node)).copied().unwrap_or_default())
        .collect();
    (policy_of, policies)
}
