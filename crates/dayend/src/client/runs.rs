//! Calls of `/api/v1`: definitions, runs in detail, tasks, logs.

use super::connection::{Answer, Connection, Request};
use super::failure::Failure;
use super::retry::exit_of_http;
use dayend_wire::definitions::{ApplyAnswer, ApplyRequest};
use dayend_wire::exit::ExitCode;
use dayend_wire::problem::{ApiDefect, ProblemBody};
use dayend_wire::runs::{AcceptedRun, ApiRun, TaskReason};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A piece of an attempt's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogPiece {
    pub(crate) text: String,
    pub(crate) next_offset: u64,
    pub(crate) complete: bool,
}

impl Connection {
    /// A run as it is now.
    pub(crate) async fn run(&self, run: &str) -> Result<ApiRun, Failure> {
        parsed(&self.send(&Request::get(run_path(run))).await?)
    }

    /// A run as soon as it is not at revision `seen` any more, or when `limit` is over.
    pub(crate) async fn next(
        &self,
        run: &str,
        seen: Option<u64>,
        limit: Duration,
    ) -> Result<ApiRun, Failure> {
        let wait_s = limit.min(self.longest_poll()).as_secs().clamp(1, 60);
        let revision = seen.map_or_else(String::new, |seen| format!("&revision={seen}"));
        let mut request = Request::get(format!("{}?wait={wait_s}{revision}", run_path(run)));
        request.waiting = true;
        parsed(&self.send(&request).await?)
    }

    /// Holds, releases, excludes, includes or forces a task; returns the run's id.
    pub(crate) async fn task(
        &self,
        run: &str,
        task: &str,
        verb: &str,
        reason: &str,
    ) -> Result<String, Failure> {
        let path = format!("{}/tasks/{}/{verb}", run_path(run), segment(task));
        let body = TaskReason { reason: reason.to_owned() };
        let answer: AcceptedRun = parsed(&self.send(&Request::post(path, &body)).await?)?;
        Ok(answer.run_id)
    }

    /// A piece of a task's log: of the newest attempt, or of the one with this number.
    pub(crate) async fn log(
        &self,
        run: &str,
        task: &str,
        attempt: Option<u32>,
        offset: u64,
    ) -> Result<LogPiece, Failure> {
        let attempt = attempt.map_or_else(String::new, |attempt| format!("&attempt={attempt}"));
        let path =
            format!("{}/tasks/{}/log?offset={offset}{attempt}", run_path(run), segment(task));
        let answer = succeeded(self.send(&Request::get(path)).await?)?;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let next_offset = header("x-dayend-next-offset").and_then(|text| text.parse().ok());
        let next_offset =
            next_offset.ok_or_else(|| Failure::odd_answer("the log has no next offset"))?;
        let complete = header("x-dayend-complete") == Some("true");
        Ok(LogPiece {
            text: String::from_utf8_lossy(&answer.body).into_owned(),
            next_offset,
            complete,
        })
    }

    /// Stores definitions, all or none.
    pub(crate) async fn apply(&self, request: &ApplyRequest) -> Result<ApplyAnswer, Failure> {
        parsed(&self.send(&Request::post("/api/v1/definitions".to_owned(), request)).await?)
    }

    /// The named definitions (none named: all) as one YAML text.
    pub(crate) async fn export(&self, codes: &[String]) -> Result<String, Failure> {
        let query: Vec<String> =
            codes.iter().map(|code| format!("code={}", segment(code))).collect();
        let path = format!("/api/v1/definitions?{}", query.join("&"));
        let answer = succeeded(self.send(&Request::get(path)).await?)?;
        String::from_utf8(answer.body)
            .map_err(|_| Failure::odd_answer("the definitions are not UTF-8"))
    }
}

fn run_path(run: &str) -> String {
    format!("/api/v1/runs/{}", segment(run))
}

/// Percent-encodes what is not unreserved, so that no text leaves its place in a URL.
pub(super) fn segment(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

pub(super) fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    let answer = succeeded(answer.clone())?;
    serde_json::from_slice(&answer.body).map_err(|error| Failure::odd_answer(&error.to_string()))
}

pub(super) fn succeeded(answer: Answer) -> Result<Answer, Failure> {
    if matches!(answer.status, 200 | 201 | 204) {
        return Ok(answer);
    }
    let Ok(problem) = serde_json::from_slice::<ProblemBody>(&answer.body) else {
        let odd = Failure::odd_answer(&format!("HTTP {} without a problem in it", answer.status));
        return Err(Failure { exit: exit_of_http(answer.status), ..odd });
    };
    let occurrence = problem.instance.map_or_else(String::new, |id| format!(" ({id})"));
    let sentence =
        format!("the server refused: {}{occurrence}", problem.detail.trim_end_matches('.'));
    let details = problem.defects.iter().map(defect).collect();
    Err(Failure { exit: ExitCode::of_problem(problem.code), sentence, details })
}

/// `file:line:column: field: problem`, as compilers say it.
pub(super) fn defect(defect: &ApiDefect) -> String {
    let ApiDefect { file, line, column, field, problem } = defect;
    let place = if *line == 0 { file.clone() } else { format!("{file}:{line}:{column}") };
    if field.is_empty() {
        format!("{place}: {problem}")
    } else {
        format!("{place}: {field}: {problem}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_wire::problem::ProblemCode;

    #[test]
    fn no_text_leaves_its_place_in_a_url() {
        assert_eq!(segment("EOD_2026-10-30_1_1"), "EOD_2026-10-30_1_1");
        assert_eq!(segment("../x?a=b#c%ü"), "%2E%2E%2Fx%3Fa%3Db%23c%25%C3%BC");
    }

    #[test]
    fn a_problem_becomes_a_sentence_an_exit_code_and_a_line_for_each_defect() {
        let mut problem =
            ProblemBody::new(ProblemCode::BadDefinitions, "the definitions were refused");
        let field = "tasks[3]".to_owned();
        problem.defects.push(ApiDefect {
            file: "a.yaml".to_owned(),
            line: 3,
            column: 7,
            field,
            problem: "is odd".to_owned(),
        });
        let body = serde_json::to_vec(&problem).unwrap();
        let failure =
            succeeded(Answer { status: 422, headers: reqwest::header::HeaderMap::new(), body })
                .unwrap_err();
        assert_eq!(failure.exit, ExitCode::Usage);
        assert_eq!(failure.sentence, "the server refused: the definitions were refused");
        assert_eq!(failure.details, ["a.yaml:3:7: tasks[3]: is odd"]);
    }
}
