//! Calls of the external scheduler interface, with strict status codes.

use super::connection::{Answer, Connection, Request};
use super::failure::Failure;
use super::retry::exit_of_http;
use dayend_engine::codes::RunId;
use dayend_wire::codes::ResultCode;
use dayend_wire::exit::ExitCode;
use dayend_wire::external::{ControlAnswer, ControlBody, ErrorAnswer, TriggerAnswer, TriggerBody};
use serde::de::DeserializeOwned;

const PATH: &str = "/SchedulerService/rest-api/v1/external";
/// The same calls, where the server finds out the service.
const PATH_WITHOUT_SERVICE: &str = "/rest-api/v1/external";

/// The verbs on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Interrupt,
    Restart,
    Rerun,
}

impl Control {
    fn as_str(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Restart => "restart",
            Self::Rerun => "rerun",
        }
    }
}

/// The code in a run id, which the verbs must send beside it.
pub(crate) fn code_of(run: &str) -> Result<String, Failure> {
    let parsed: RunId = run.parse().map_err(|problem| {
        let sentence = format!(
            "{problem}: run ids look like EOD_2026-10-30_1793404800000_1, `dayend run` prints them"
        );
        Failure::new(ExitCode::NotFound, sentence)
    })?;
    Ok(parsed.code().to_owned())
}

impl Connection {
    /// Starts a run and returns its id. The key makes repeating it safe.
    pub(crate) async fn trigger(&self, body: &TriggerBody, key: &str) -> Result<String, Failure> {
        let mut request = Request::post(self.external("trigger"), body);
        request.key = Some(key.to_owned());
        let answer: TriggerAnswer = accepted(&self.send(&request).await?)?;
        Ok(answer.batch_run_id)
    }

    /// Interrupts, restarts or reruns a run, and returns the id that the answer names.
    pub(crate) async fn control(
        &self,
        verb: Control,
        run: &str,
        key: &str,
    ) -> Result<String, Failure> {
        let body = ControlBody {
            batch_name: code_of(run)?,
            batch_run_id: run.to_owned(),
            external_run_id: None,
        };
        let mut request = Request::post(self.external(verb.as_str()), &body);
        request.key = Some(key.to_owned());
        let answer: ControlAnswer = accepted(&self.send(&request).await?)?;
        Ok(answer.batch_run_id)
    }

    fn external(&self, call: &str) -> String {
        let path = if self.profile.service.is_some() { PATH } else { PATH_WITHOUT_SERVICE };
        format!("{path}/{call}")
    }
}

fn accepted<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    if answer.status == 200
        && let Ok(body) = serde_json::from_slice(&answer.body)
    {
        return Ok(body);
    }
    let Ok(error) = serde_json::from_slice::<ErrorAnswer>(&answer.body) else {
        let exit = exit_of_http(answer.status);
        let odd = Failure::odd_answer(&format!(
            "HTTP {} without the interface's envelope",
            answer.status
        ));
        return Err(Failure { exit, ..odd });
    };
    let exit = match (error.status_code, answer.status) {
        (_, 401 | 403) => ExitCode::NotAllowed,
        (ResultCode::InvalidArguments, 422) => ExitCode::WrongState,
        (code, _) => ExitCode::of_result(code),
    };
    Err(Failure::new(exit, sentence(&error)))
}

/// The details, in the client's manner: lower case stays as the server wrote it, without the full stop.
fn sentence(error: &ErrorAnswer) -> String {
    let details = error.details.trim().trim_end_matches('.');
    format!("the server refused: {details} (code {})", error.status_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Answer {
        let body = format!(
            r#"{{"severity":"error","summary":"Refused.","details":"It is so.","status":"failed","statusCode":"{code}"}}"#
        );
        Answer { status, headers: reqwest::header::HeaderMap::new(), body: body.into() }
    }

    #[test]
    fn a_refusal_has_the_exit_code_of_its_kind() {
        #[rustfmt::skip]
        let cases = [
            (404, "-3", 6), (400, "-4", 2), (400, "-5", 2), (409, "-6", 7), (409, "-7", 8), (409, "-8", 8),
            (422, "-4", 8), (403, "-1", 9), (401, "-1", 9), (500, "-1", 11),
        ];
        for (status, code, exit) in cases {
            let failure = accepted::<ControlAnswer>(&answer(status, code)).unwrap_err();
            assert_eq!(failure.exit.number(), exit, "HTTP {status} {code}");
            assert_eq!(failure.sentence, format!("the server refused: It is so (code {code})"));
        }
    }

    #[test]
    fn an_answer_of_somebody_else_is_not_taken_for_an_acceptance() {
        for (status, exit) in [(200, 11), (302, 11), (404, 6), (401, 9)] {
            let page = Answer {
                status,
                headers: reqwest::header::HeaderMap::new(),
                body: b"<html>".to_vec(),
            };
            assert_eq!(accepted::<TriggerAnswer>(&page).unwrap_err().exit.number(), exit);
        }
    }

    #[test]
    fn the_code_is_found_in_a_run_id_and_other_texts_are_refused() {
        assert_eq!(code_of("A_B_2026-10-30_1793404800000_1").unwrap(), "A_B");
        assert_eq!(code_of("EOD").unwrap_err().exit, ExitCode::NotFound);
    }
}
