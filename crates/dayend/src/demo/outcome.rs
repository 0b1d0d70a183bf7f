//! What the demo found: for people as a table, for machines as JSON.

use crate::client::Failure;
use crate::sample::Figures;
use comfy_table::{CellAlignment, Table, presets};
use dayend_wire::codes::State;
use dayend_wire::runs::{ApiRun, ApiTask};
use serde::Serialize;
use serde_json::{Value, json};

/// The longest message in the table.
const MESSAGE_MAX_CHARS: usize = 60;

/// How the night went.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// The group's run.
    pub(super) run: ApiRun,
    /// The members' runs in the order of the group, with their tasks.
    pub(super) batches: Vec<ApiRun>,
    /// What stopped the night before it was repaired.
    pub(super) failures: Vec<FailedTask>,
    /// What the repair changed.
    pub(super) repair: Option<String>,
    /// What the report says; none if there is none.
    pub(super) figures: Option<Figures>,
}

/// A task that stopped the night.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailedTask {
    pub(super) run_id: String,
    pub(super) batch: String,
    pub(super) task: String,
    pub(super) status: State,
    pub(super) message: String,
    /// The end of its log.
    pub(super) log: String,
}

impl Outcome {
    /// Whether everything came to a good end.
    pub(super) fn is_good(&self) -> bool {
        let is_good = |state: State| state == State::Successful;
        let tasks = self.batches.iter().flat_map(|batch| &batch.tasks);
        is_good(self.run.status)
            && self.batches.iter().all(|batch| is_good(batch.status))
            && tasks.clone().count() > 0
            && tasks.into_iter().all(|task| is_good(task.status))
            && self.figures.is_some()
    }

    /// One row for each task.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_header(["batch", "task", "status", "attempts", "duration", "message"]);
        for batch in &self.batches {
            for task in &batch.tasks {
                let message = task.message.as_deref().map(short).unwrap_or_default();
                let (attempts, duration) = (task.epoch.to_string(), duration(task));
                table.add_row([
                    &batch.code,
                    &task.code,
                    task.status.as_str(),
                    &attempts,
                    &duration,
                    &message,
                ]);
            }
        }
        for column in [3, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.to_string()
    }

    /// The whole outcome as one object.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        let mut object =
            serde_json::to_value(self).map_err(|error| Failure::odd_answer(&error.to_string()))?;
        if let Some(map) = object.as_object_mut() {
            map.insert("ok".to_owned(), json!(self.is_good()));
            map.insert("status".to_owned(), json!(self.run.status));
            map.insert("misDate".to_owned(), json!(self.run.mis_date));
        }
        Ok(object)
    }
}

fn short(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(MESSAGE_MAX_CHARS).collect();
    if line.chars().nth(MESSAGE_MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn duration(task: &ApiTask) -> String {
    let instant = |text: &Option<String>| text.as_deref()?.parse::<jiff::Timestamp>().ok();
    match (instant(&task.started_at), instant(&task.ended_at)) {
        (Some(started), Some(ended)) => {
            format!("{} ms", ended.as_millisecond() - started.as_millisecond())
        }
        (Some(_) | None, None) | (None, Some(_)) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_one_short_line_in_the_table() {
        assert_eq!(short("one\ntwo"), "one");
        assert_eq!(short(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
    }
}
