//! What a task does: exactly one of `noop`, `command`, `http`, `sql` and `file`.

use super::fields::Fields;
use super::limits::ENTRIES_MAX;
use super::node::{Node, Value};
use super::read::Positions;
use super::report::{Path, Report};
use super::{files, headers, json, maps, scalars, urls};
use dayend_engine::codes::{Code, shortened};
use dayend_engine::definition::{CommandFiles, CommandWork, HttpWork, SqlWork, Work};

/// The fields of a task that say what it does.
pub(super) const WORKS: [&str; 5] = ["noop", "command", "http", "sql", "file"];
pub(super) const COMMAND_FIELDS: [&str; 3] = ["argv", "env", "files"];
pub(super) const HTTP_FIELDS: [&str; 5] = ["method", "url", "connection", "headers", "body"];
pub(super) const SQL_FIELDS: [&str; 2] = ["connection", "statement"];
/// The methods an HTTP task may use.
pub(super) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Takes the work out of a task's fields.
pub(super) fn work(
    fields: &mut Fields,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Work> {
    let (missing, several) = ("the task does nothing", "a task does one thing");
    let (kind, node) = fields.one_of(&WORKS, (missing, several), path, report)?;
    let path = path.field(kind);
    match kind {
        "command" => command(node, &path, report).map(Work::Command),
        "http" => http(node, &path, positions, report).map(Work::Http),
        "sql" => sql(node, &path, positions, report).map(Work::Sql),
        "file" => files::file(node, &path, report).map(Work::File),
        _ => Fields::open(node, "`noop`", &[], &path, report).map(|_| Work::Noop),
    }
}

fn command(node: Node, path: &Path<'_>, report: &mut Report) -> Option<CommandWork> {
    let mut fields = Fields::open(node, "`command`", &COMMAND_FIELDS, path, report)?;
    let list = fields.require("argv", path, report);
    let argv = list.and_then(|node| argv(node, &path.field("argv"), report));
    let env = match fields.take("env") {
        Some(node) => maps::environment(node, &path.field("env"), report),
        None => Some(std::collections::BTreeMap::new()),
    };
    let files = match fields.take("files") {
        Some(node) => files::of_command(node, &path.field("files"), report),
        None => Some(CommandFiles::default()),
    };
    Some(CommandWork { argv: argv?, env: env?, files: files? })
}

fn argv(node: Node, path: &Path<'_>, report: &mut Report) -> Option<Vec<String>> {
    let (at, described) = (node.at, node.described());
    let Value::List(items) = node.value else {
        report.add(
            at,
            path,
            format!(
                "`argv` must be a list: the program, then its arguments, but this is {described}"
            ),
        );
        return None;
    };
    if items.len() > ENTRIES_MAX {
        report.add(
            at,
            path,
            format!("`argv` has {} items, at most {ENTRIES_MAX} are allowed", items.len()),
        );
        return None;
    }
    let before = report.len();
    let texts = items
        .into_iter()
        .enumerate()
        .map(|(at, item)| scalars::as_written(item, &path.index(at), report));
    let argv: Vec<String> = texts.flatten().collect();
    if report.len() > before {
        return None;
    }
    if argv.first().is_none_or(String::is_empty) {
        report.add(at, path, "`argv` names no program: write the program, then its arguments");
        return None;
    }
    Some(argv)
}

fn http(
    node: Node,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<HttpWork> {
    let before = report.len();
    let mut fields = Fields::open(node, "`http`", &HTTP_FIELDS, path, report)?;
    let method = fields.take("method").map(|node| method(node, &path.field("method"), report));
    let connection =
        fields.take("connection").map(|node| connection(node, path, positions, report));
    let headers =
        fields.take("headers").map(|node| headers::headers(node, &path.field("headers"), report));
    let body = fields.take("body").map(|node| json::body(node, &path.field("body"), report));
    let url_node = fields.require("url", path, report)?;
    let at = url_node.at;
    let url = scalars::filled(url_node, &path.field("url"), report)?;
    if let Some(problem) = urls::problem_of_task_url(&url, connection.is_some()) {
        report.add(at, &path.field("url"), problem);
    }
    (report.len() == before).then(|| HttpWork {
        method: method.flatten().unwrap_or_else(|| "POST".to_owned()),
        url,
        connection: connection.flatten(),
        headers: headers.flatten().unwrap_or_default(),
        body: body.flatten().unwrap_or_default(),
    })
}

fn method(node: Node, path: &Path<'_>, report: &mut Report) -> Option<String> {
    let at = node.at;
    let method = scalars::string(node, path, report)?;
    if METHODS.contains(&method.as_str()) {
        return Some(method);
    }
    report.add(at, path, format!("`{}` is none of {}", shortened(&method), METHODS.join(", ")));
    None
}

fn sql(
    node: Node,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<SqlWork> {
    let mut fields = Fields::open(node, "`sql`", &SQL_FIELDS, path, report)?;
    let code = fields.require("connection", path, report);
    let code = code.and_then(|node| connection(node, path, positions, report));
    let statement = fields.text("statement", path, report);
    if statement.as_deref().is_some_and(|text| text.trim().is_empty()) {
        report.add(fields.at, &path.field("statement"), "the statement is blank: write one");
        return None;
    }
    Some(SqlWork { connection: code?, statement: statement? })
}

/// The code of a connection; notes where the task that was begun last names it.
fn connection(
    node: Node,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Code> {
    let task = positions.nodes.len().saturating_sub(1);
    positions.connections.push((u32::try_from(task).unwrap_or(u32::MAX), node.at));
    scalars::code(node, &path.field("connection"), report)
}
