//! Warns of placeholders that nothing fills.

use super::limits::DEFECTS_MAX;
use super::node::Position;
use super::read::Parsed;
use super::report::{Path, Report};
use crate::requests::Defect;
use dayend_engine::codes::shortened;
use dayend_engine::definition::{Batch, CommandFiles, Definition, Spec, Work};
use dayend_engine::params::{is_built_in, names};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// One warning for each undeclared name in each field, in the order of the tasks, at most 100.
pub fn warnings(parsed: &Parsed) -> Vec<Defect> {
    let Definition::Batch(batch) = &parsed.definition else { return Vec::new() };
    let mut report = Report::default();
    report.enter(&parsed.file);
    let tasks = Path::DOCUMENT.field("tasks");
    for (number, index) in (0_u32..).zip(0..batch.tasks.len()) {
        let task = batch.tasks.spec(number);
        let at = parsed.positions.nodes.get(index).copied().unwrap_or_default();
        let mut warner = Warner { batch, task: &task, at, report: &mut report };
        warner.work(&tasks.index(index));
        if report.len() >= DEFECTS_MAX {
            break;
        }
    }
    report.into_defects()
}

/// What is known of the task that is looked at.
struct Warner<'b, 'r> {
    batch: &'b Batch,
    task: &'b Spec,
    at: Position,
    report: &'r mut Report,
}

impl Warner<'_, '_> {
    fn work(&mut self, path: &Path<'_>) {
        match &self.task.work {
            Work::Noop => {}
            Work::Command(command) => {
                let path = path.field("command");
                let (argv, env) = (path.field("argv"), path.field("env"));
                for (index, text) in command.argv.iter().enumerate() {
                    self.text(text, &argv.index(index));
                }
                for (name, text) in &command.env {
                    self.text(text, &env.field(name));
                }
                self.files(&command.files, &path.field("files"));
            }
            Work::Http(http) => {
                let path = path.field("http");
                let body = path.field("body");
                self.text(&http.url, &path.field("url"));
                for (key, value) in &http.body {
                    self.json(value, &body.field(key));
                }
            }
            Work::Sql(sql) => self.text(&sql.statement, &path.field("sql").field("statement")),
            Work::File(file) => {
                let path = path.field("file");
                self.text(&file.name, &path.field("name"));
                let marker = file.marker.as_deref().unwrap_or_default();
                self.text(marker, &path.field("marker"));
            }
        }
    }

    fn files(&mut self, files: &CommandFiles, path: &Path<'_>) {
        let (inputs, outputs) = (path.field("in"), path.field("out"));
        for (index, file) in files.inputs.iter().enumerate() {
            let path = inputs.index(index);
            self.text(&file.name, &path.field("name"));
            self.text(file.place.as_deref().unwrap_or_default(), &path.field("as"));
        }
        for (index, file) in files.outputs.iter().enumerate() {
            let path = outputs.index(index);
            self.text(&file.path, &path.field("path"));
            self.text(file.name.as_deref().unwrap_or_default(), &path.field("name"));
        }
    }

    fn json(&mut self, value: &Json, path: &Path<'_>) {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
            Json::String(text) => self.text(text, path),
            Json::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, item)| self.json(item, &path.index(index))),
            Json::Object(map) => {
                map.iter().for_each(|(key, value)| self.json(value, &path.field(key)));
            }
        }
    }

    fn text(&mut self, text: &str, path: &Path<'_>) {
        let used: BTreeSet<&str> = names(text).into_iter().collect();
        for name in used {
            let declared = is_built_in(name)
                || self.batch.params.contains_key(name)
                || self.task.params.contains_key(name);
            if !declared {
                let name = shortened(name);
                let problem = format!(
                    "`${name}$` is not declared and stays as it is written: declare `{name}` in `params` if it is a parameter"
                );
                self.report.add(self.at, path, problem);
            }
        }
    }
}
