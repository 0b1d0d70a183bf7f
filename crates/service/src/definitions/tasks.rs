//! Tasks of a batch, and the edges of tasks and members.

use super::fields::Fields;
use super::limits::RETRIES_MAX;
use super::maps;
use super::node::{Node, Value};
use super::read::Positions;
use super::report::{Path, Report};
use super::scalars;
use super::work::work;
use dayend_engine::codes::{Code, shortened};
use dayend_engine::definition::{Edge, On, OnLost, Retries, Spec};

/// The fields of a task.
pub(super) const TASK_FIELDS: [&str; 13] = [
    "code",
    "name",
    "description",
    "noop",
    "command",
    "http",
    "sql",
    "file",
    "params",
    "after",
    "timeout",
    "retries",
    "on_lost",
];
/// The fields of `retries`.
pub(super) const RETRIES_FIELDS: [&str; 3] = ["max", "backoff", "max_backoff"];

/// A task as it was written.
pub(super) struct Written {
    pub(super) code: Code,
    pub(super) spec: Spec,
    pub(super) after: Vec<Edge>,
}

/// The task at `path`; its places are noted in `positions`.
pub(super) fn task(
    node: Node,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Written> {
    let before = report.len();
    let mut fields = Fields::open(node, "a task", &TASK_FIELDS, path, report)?;
    let code_node = fields.require("code", path, report);
    positions.nodes.push(code_node.as_ref().map_or(fields.at, |node| node.at));
    let code = code_node.and_then(|node| scalars::code(node, &path.field("code"), report));
    let work = work(&mut fields, path, positions, report);
    let titles = match &code {
        Some(_) => fields.own_titles(path, report),
        None => None,
    };
    let params =
        fields.take("params").map(|node| maps::params(node, &path.field("params"), report));
    let after = fields
        .take("after")
        .map(|node| edges(node, &["task"], &path.field("after"), positions, report));
    let timeout_ms =
        fields.take("timeout").map(|node| timeout_ms(node, &path.field("timeout"), report));
    let retries = fields.take("retries").map(|node| retries(node, &path.field("retries"), report));
    let on_lost = fields.take("on_lost").map(|node| on_lost(node, &path.field("on_lost"), report));
    if report.len() > before {
        return None;
    }
    let (code, (name, description), work) = (code?, titles?, work?);
    let (params, after) =
        (params.flatten().unwrap_or_default(), after.flatten().unwrap_or_default());
    let (retries, on_lost) =
        (retries.flatten().unwrap_or_default(), on_lost.flatten().unwrap_or_default());
    let name = name.filter(|name| name != code.as_str());
    let timeout_ms = timeout_ms.flatten();
    let spec = Spec { name, description, work, params, timeout_ms, retries, on_lost };
    Some(Written { code, spec, after })
}

/// The list `after`: codes, or maps of one of `names` and `on`.
pub(super) fn edges(
    node: Node,
    names: &[&str],
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Vec<Edge>> {
    let (at, described) = (node.at, node.described());
    let Value::List(items) = node.value else {
        report.add(
            at,
            path,
            format!("`after` must be a list of codes, such as [LOAD], but this is {described}"),
        );
        return None;
    };
    let mut edges = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        positions.edges.push(item.at);
        edges.extend(edge(item, names, &path.index(index), report));
    }
    Some(edges)
}

fn edge(node: Node, names: &[&str], path: &Path<'_>, report: &mut Report) -> Option<Edge> {
    if matches!(node.value, Value::Scalar(_)) {
        return Some(Edge { task: scalars::code(node, path, report)?, on: On::Success });
    }
    let known: Vec<&str> = names.iter().copied().chain(["on"]).collect();
    let mut fields = Fields::open(node, "an edge", &known, path, report)?;
    let mut given = names.iter().filter_map(|name| fields.take(name).map(|node| (*name, node)));
    let (first, second) = (given.next(), given.next());
    drop(given);
    let on = match fields.take("on") {
        Some(node) => on(node, &path.field("on"), report),
        None => Some(On::Success),
    };
    if let Some((name, node)) = second {
        report.add(node.at, &path.field(name), "an edge names one code: remove the other");
        return None;
    }
    let Some((name, node)) = first else {
        let name = names.first().copied().unwrap_or_default();
        report.add(fields.at, &path.field(name), format!("`{name}` is missing: add it"));
        return None;
    };
    Some(Edge { task: scalars::code(node, &path.field(name), report)?, on: on? })
}

fn on(node: Node, path: &Path<'_>, report: &mut Report) -> Option<On> {
    let at = node.at;
    match scalars::as_written(node, path, report)?.as_str() {
        "success" => Some(On::Success),
        "failure" => Some(On::Failure),
        "end" => Some(On::End),
        other => {
            report.add(
                at,
                path,
                format!("`{}` is none of success, failure, end", shortened(other)),
            );
            None
        }
    }
}

fn on_lost(node: Node, path: &Path<'_>, report: &mut Report) -> Option<OnLost> {
    let at = node.at;
    match scalars::as_written(node, path, report)?.as_str() {
        "abort" => Some(OnLost::Abort),
        "retry" => Some(OnLost::Retry),
        other => {
            report.add(at, path, format!("`{}` is none of abort, retry", shortened(other)));
            None
        }
    }
}

fn timeout_ms(node: Node, path: &Path<'_>, report: &mut Report) -> Option<u64> {
    let at = node.at;
    let timeout = scalars::duration_ms(node, path, report)?;
    if timeout == 0 {
        report.add(at, path, "a timeout must be longer than zero: leave it out for no limit");
        return None;
    }
    Some(timeout)
}

fn retries(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Retries> {
    let mut fields = Fields::open(node, "`retries`", &RETRIES_FIELDS, path, report)?;
    let max = fields.require("max", path, report);
    let max =
        max.and_then(|node| scalars::whole_number(node, RETRIES_MAX, &path.field("max"), report));
    let backoff = fields
        .take("backoff")
        .map(|node| scalars::duration_ms(node, &path.field("backoff"), report));
    let longest = fields
        .take("max_backoff")
        .map(|node| scalars::duration_ms(node, &path.field("max_backoff"), report));
    let max = u32::try_from(max?).ok()?;
    Some(Retries {
        max,
        backoff_ms: backoff.flatten().unwrap_or_default(),
        max_backoff_ms: longest.flatten(),
    })
}
