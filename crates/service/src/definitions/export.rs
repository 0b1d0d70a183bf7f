//! Writes definitions as documents: the same definition always gives the same bytes.

use super::document::API_VERSION;
use super::quoting::{block, quoted, scalar};
use dayend_engine::definition::{
    Batch, CommandWork, Connection, ConnectionTarget, Definition, Edge, FileWork, Group, HttpWork,
    InputFile, On, OnLost, OutputFile, Retries, SecretRef, SqlWork, Task, Work,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A list whose single line would be longer is written one item a line.
const LINE_MAX_CHARS: usize = 110;

/// The documents of the definitions, in their order; reading them gives the same definitions.
pub fn export(definitions: &[Definition]) -> String {
    let mut out = String::new();
    for definition in definitions {
        export_after(&mut out, definition);
    }
    out
}

/// Writes a document behind those that are in `out`.
pub fn export_after(out: &mut String, definition: &Definition) {
    if !out.is_empty() {
        out.push_str("---\n");
    }
    let mut page = Page { out };
    page.line(0, "apiVersion", API_VERSION);
    page.line(0, "kind", definition.kind().as_str());
    match definition {
        Definition::Batch(batch) => page.batch(batch),
        Definition::BatchGroup(group) => page.group(group),
        Definition::Connection(connection) => page.connection(connection),
    }
}

/// The text so far.
struct Page<'o> {
    out: &'o mut String,
}

impl Page<'_> {
    fn batch(&mut self, batch: &Batch) {
        self.titles(0, batch.code.as_str(), &batch.name, &batch.description);
        self.texts(0, "params", &batch.params);
        self.open(0, "tasks");
        for task in batch.tasks.iter() {
            self.task(&task);
        }
    }

    fn group(&mut self, group: &Group) {
        self.titles(0, group.code.as_str(), &group.name, &group.description);
        self.open(0, "members");
        for member in &group.members {
            self.out.push_str("  - batch: ");
            self.out.push_str(&scalar(member.batch.as_str()));
            self.out.push('\n');
            self.edges(&member.after, "batch");
        }
    }

    fn connection(&mut self, connection: &Connection) {
        self.titles(0, connection.code.as_str(), &connection.name, &connection.description);
        match &connection.target {
            ConnectionTarget::Sqlite { path } => {
                self.open(0, "sqlite");
                self.text(2, "path", path);
            }
            ConnectionTarget::Postgres { url, password } => {
                self.open(0, "postgres");
                self.text(2, "url", url);
                if let Some(password) = password {
                    self.line(2, "password", &secret(password));
                }
            }
            ConnectionTarget::Http { base, headers, secret_headers, ca_file } => {
                self.open(0, "http");
                self.text(2, "base", base);
                self.texts(2, "headers", headers);
                if !secret_headers.is_empty() {
                    self.open(2, "secret_headers");
                    for (name, value) in secret_headers {
                        self.line(4, &scalar(name), &secret(value));
                    }
                }
                if let Some(file) = ca_file {
                    self.text(2, "ca_file", file);
                }
            }
        }
    }

    fn task(&mut self, task: &Task) {
        let from = self.out.len();
        self.titles(4, task.code.as_str(), &task.name, &task.description);
        // The first line begins the item.
        self.out.replace_range(from..from + 4, "  - ");
        match &task.work {
            Work::Noop => self.line(4, "noop", "{}"),
            Work::Command(command) => self.command(command),
            Work::Http(http) => self.http(http),
            Work::Sql(sql) => self.sql(sql),
            Work::File(file) => self.file(file),
        }
        self.texts(4, "params", &task.params);
        self.edges(&task.after, "task");
        if let Some(timeout) = task.timeout_ms {
            self.line(4, "timeout", &duration(timeout));
        }
        if task.retries != Retries::default() {
            self.line(4, "retries", &retries(task.retries));
        }
        match task.on_lost {
            OnLost::Abort => {}
            OnLost::Retry => self.line(4, "on_lost", "retry"),
        }
    }

    fn command(&mut self, command: &CommandWork) {
        self.open(4, "command");
        self.list(6, "argv", &command.argv.iter().map(|text| quoted(text)).collect::<Vec<_>>());
        self.texts(6, "env", &command.env);
        if command.files.is_empty() {
            return;
        }
        self.open(6, "files");
        let inputs: Vec<String> = command.files.inputs.iter().map(input).collect();
        let outputs: Vec<String> = command.files.outputs.iter().map(output).collect();
        for (key, items) in [("in", inputs), ("out", outputs)] {
            if !items.is_empty() {
                self.list(8, key, &items);
            }
        }
    }

    fn file(&mut self, file: &FileWork) {
        self.open(4, "file");
        self.text(6, "name", &file.name);
        if let Some(by) = file.by {
            self.line(6, "by", &quoted(&by.to_string()));
        }
        if let Some(zone) = &file.zone {
            self.text(6, "zone", zone);
        }
        if let Some(within) = file.within_ms {
            self.line(6, "within", &duration(within));
        }
        if let Some(marker) = &file.marker {
            self.text(6, "marker", marker);
        }
        if file.min_bytes > 0 {
            self.line(6, "min_bytes", &file.min_bytes.to_string());
        }
        if file.stable_ms > 0 {
            self.line(6, "stable", &duration(file.stable_ms));
        }
    }

    fn http(&mut self, http: &HttpWork) {
        self.open(4, "http");
        self.line(6, "method", &http.method);
        self.text(6, "url", &http.url);
        if let Some(connection) = &http.connection {
            self.text(6, "connection", connection.as_str());
        }
        self.texts(6, "headers", &http.headers);
        if !http.body.is_empty() {
            self.open(6, "body");
            for (key, value) in &http.body {
                self.line(8, &scalar(key), &json(value));
            }
        }
    }

    fn sql(&mut self, sql: &SqlWork) {
        self.open(4, "sql");
        self.text(6, "connection", sql.connection.as_str());
        self.text(6, "statement", &sql.statement);
    }

    fn edges(&mut self, edges: &[Edge], field: &str) {
        let items: Vec<String> = edges.iter().map(|edge| one_edge(edge, field)).collect();
        if !items.is_empty() {
            self.list(4, "after", &items);
        }
    }

    fn titles(&mut self, indent: usize, code: &str, name: &str, description: &str) {
        self.text(indent, "code", code);
        if name != code {
            self.text(indent, "name", name);
        }
        if !description.is_empty() {
            self.text(indent, "description", description);
        }
    }

    /// A list of written items, on one line if it fits.
    fn list(&mut self, indent: usize, key: &str, items: &[String]) {
        let chars = items.iter().map(|item| item.chars().count() + 2).sum::<usize>();
        if indent + key.len() + chars + 2 <= LINE_MAX_CHARS {
            self.line(indent, key, &format!("[{}]", items.join(", ")));
            return;
        }
        self.open(indent, key);
        for item in items {
            self.indent(indent + 2);
            self.out.push_str("- ");
            self.out.push_str(item);
            self.out.push('\n');
        }
    }

    /// A map of texts; nothing if it is empty.
    fn texts(&mut self, indent: usize, key: &str, map: &BTreeMap<String, String>) {
        if map.is_empty() {
            return;
        }
        self.open(indent, key);
        for (name, value) in map {
            self.text(indent + 2, &scalar(name), value);
        }
    }

    fn text(&mut self, indent: usize, key: &str, text: &str) {
        let written = block(text, indent + 2).unwrap_or_else(|| scalar(text));
        self.line(indent, key, &written);
    }

    fn open(&mut self, indent: usize, key: &str) {
        self.indent(indent);
        self.out.push_str(key);
        self.out.push_str(":\n");
    }

    fn line(&mut self, indent: usize, key: &str, written: &str) {
        self.indent(indent);
        self.out.push_str(key);
        self.out.push_str(": ");
        self.out.push_str(written);
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

fn input(file: &InputFile) -> String {
    let mut text = format!("{{name: {}", quoted(&file.name));
    if let Some(place) = &file.place {
        text.push_str(", as: ");
        text.push_str(&quoted(place));
    }
    closed(text, file.optional)
}

fn output(file: &OutputFile) -> String {
    let mut text = format!("{{path: {}", quoted(&file.path));
    if let Some(name) = &file.name {
        text.push_str(", name: ");
        text.push_str(&quoted(name));
    }
    closed(text, file.optional)
}

fn closed(mut text: String, optional: bool) -> String {
    text.push_str(if optional { ", optional: true}" } else { "}" });
    text
}

fn one_edge(edge: &Edge, field: &str) -> String {
    let code = scalar(edge.task.as_str());
    match edge.on {
        On::Success => code,
        On::Failure => format!("{{{field}: {code}, on: failure}}"),
        On::End => format!("{{{field}: {code}, on: end}}"),
    }
}

fn secret(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Env(name) => format!("{{env: {}}}", quoted(name)),
        SecretRef::File(file) => format!("{{file: {}}}", quoted(file)),
    }
}

fn retries(retries: Retries) -> String {
    let mut text = format!("{{max: {}", retries.max);
    if retries.backoff_ms > 0 {
        text.push_str(", backoff: ");
        text.push_str(&duration(retries.backoff_ms));
    }
    if let Some(longest) = retries.max_backoff_ms {
        text.push_str(", max_backoff: ");
        text.push_str(&duration(longest));
    }
    text.push('}');
    text
}

fn duration(mut rest_ms: u64) -> String {
    if rest_ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, unit_ms) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest_ms >= unit_ms {
            text.push_str(&(rest_ms / unit_ms).to_string());
            text.push_str(unit);
            rest_ms %= unit_ms;
        }
    }
    text
}

/// JSON on one line, which is YAML too; recursion is bounded by the reader's depth limit.
fn json(value: &Json) -> String {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", "))
        }
        Json::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{}: {}", quoted(key), json(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
