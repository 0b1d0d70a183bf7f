//! The last word of a command on a run: a line for `grep`, or one JSON object.

use super::failure::Failure;
use super::runs::defect;
use super::voice::print;
use dayend_wire::codes::State;
use dayend_wire::exit::ExitCode;
use dayend_wire::runs::ApiRun;
use serde_json::{Value, json};

/// What became of a run, as far as the command went.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// None if the command failed before there was a run.
    pub(crate) run: Option<String>,
    /// A state, `ACCEPTED` if nobody waited, `ERROR` if nobody knows.
    pub(crate) status: String,
    pub(crate) exit: ExitCode,
    /// The run in full, for `--json`.
    pub(crate) detail: Option<ApiRun>,
    /// What went wrong with the command itself.
    pub(crate) error: Option<String>,
}

impl Verdict {
    /// The call was accepted and nobody waits.
    pub(crate) fn accepted(run: String) -> Self {
        Self {
            run: Some(run),
            status: "ACCEPTED".to_owned(),
            exit: ExitCode::Success,
            detail: None,
            error: None,
        }
    }

    /// The run is in this state now.
    pub(crate) fn of(run: ApiRun) -> Self {
        // Ended without ever running: what it waited for did not happen.
        let never_ran = run.terminal && run.status == State::NotStarted;
        let exit = if never_ran { ExitCode::NothingToRun } else { ExitCode::of_state(run.status) };
        Self {
            run: Some(run.run_id.clone()),
            status: run.status.to_string(),
            exit,
            detail: Some(run),
            error: None,
        }
    }

    /// The command failed; the run may well go on.
    pub(crate) fn failed(run: Option<String>, failure: &Failure) -> Self {
        let goes_on = failure.exit == ExitCode::StillRunning;
        Self {
            run,
            status: if goes_on { State::OnGoing.as_str() } else { "ERROR" }.to_owned(),
            exit: failure.exit,
            detail: None,
            error: Some(failure.sentence.clone()),
        }
    }

    /// Prints it as the last line of stdout, or as the only JSON object.
    pub(crate) fn print(&self, as_json: bool) {
        print(&if as_json { format!("{}\n", self.json()) } else { format!("{}\n", self.line()) });
    }

    fn line(&self) -> String {
        format!(
            "run={} status={} code={}",
            self.run.as_deref().unwrap_or("-"),
            self.status,
            self.exit.number()
        )
    }

    fn json(&self) -> Value {
        let mut object =
            json!({ "run": self.run, "status": self.status, "code": self.exit.number() });
        if let (Some(map), Some(error)) = (object.as_object_mut(), &self.error) {
            map.insert("error".to_owned(), json!(error));
        }
        if let (Some(map), Some(detail)) = (object.as_object_mut(), &self.detail) {
            map.insert("detail".to_owned(), json!(detail));
        }
        object
    }
}

/// The lines of an answer's warnings.
pub(crate) fn warnings(found: &[dayend_wire::problem::ApiDefect]) -> Vec<String> {
    found.iter().map(|warning| format!("warning: {}", defect(warning))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_the_same_three_words_whatever_happened() {
        assert_eq!(Verdict::accepted("R".to_owned()).line(), "run=R status=ACCEPTED code=0");
        let failure = Failure::new(ExitCode::Unreachable, "gone");
        assert_eq!(Verdict::failed(None, &failure).line(), "run=- status=ERROR code=10");
        let json = Verdict::failed(Some("R".to_owned()), &failure).json().to_string();
        assert_eq!(json, r#"{"run":"R","status":"ERROR","code":10,"error":"gone"}"#);
    }
}
