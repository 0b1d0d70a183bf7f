//! What an endpoint's answer means: the contract of HTTP tasks.

use crate::message::shown_within;
use crate::port::Outcome;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::Duration;

/// How much of an unexpected answer is shown to the operator.
const EXCERPT_BYTES: usize = 300;

/// An answer as far as the contract looks at it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// What follows from an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Ended(Outcome, String),
    /// The endpoint goes on by itself; it may say where to ask.
    Accepted {
        location: Option<String>,
    },
    /// Asked again later, for example because the endpoint is overloaded.
    NotNow(String),
}

/// What the answer to the task's own request means.
pub(super) fn judge(reply: &Reply) -> Verdict {
    match reply.status {
        StatusCode::OK => ended(final_status(&reply.body)),
        StatusCode::ACCEPTED => Verdict::Accepted { location: reply.location.clone() },
        _ => Verdict::Ended(Outcome::Failed, refusal(reply)),
    }
}

/// What the answer to a poll means.
pub(super) fn judge_poll(reply: &Reply) -> Verdict {
    match reply.status {
        StatusCode::ACCEPTED => Verdict::Accepted { location: None },
        StatusCode::OK if status_word(&reply.body).is_ok_and(|(word, _)| word == "RUNNING") => {
            Verdict::Accepted { location: None }
        }
        StatusCode::OK => ended(final_status(&reply.body)),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Verdict::NotNow(refusal(reply))
        }
        status if status.is_server_error() => Verdict::NotNow(refusal(reply)),
        _ => Verdict::Ended(Outcome::Failed, format!("polling: {}", refusal(reply))),
    }
}

/// The outcome and message in a body `{"STATUS": "SUCCESS"|"FAILED", "MESSAGE": …}`, or what is missing in it.
pub(crate) fn final_status(body: &[u8]) -> Result<(Outcome, String), String> {
    let (word, message) = status_word(body)?;
    match word.as_str() {
        "SUCCESS" => Ok((Outcome::Succeeded, message)),
        "FAILED" => Ok((Outcome::Failed, message)),
        _ => Err(format!(
            "the answer's STATUS is `{}`, neither SUCCESS nor FAILED",
            dayend_engine::codes::shortened(&word)
        )),
    }
}

fn ended(status: Result<(Outcome, String), String>) -> Verdict {
    match status {
        Ok((outcome, message)) => Verdict::Ended(outcome, message),
        Err(missing) => Verdict::Ended(Outcome::Failed, missing),
    }
}

/// The upper-case STATUS and the MESSAGE, whatever the case of their keys.
fn status_word(body: &[u8]) -> Result<(String, String), String> {
    let content: Value = serde_json::from_slice(body)
        .map_err(|error| format!("the answer is not JSON ({error}): {}", excerpt(body)))?;
    let Value::Object(content) = content else {
        return Err(format!("the answer is not a JSON object with a STATUS: {}", excerpt(body)));
    };
    let valued = |wanted: &str| -> Vec<&Value> {
        content
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
            .collect()
    };
    let message = match valued("MESSAGE").first() {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match valued("STATUS").as_slice() {
        [Value::String(word)] => Ok((word.trim().to_ascii_uppercase(), message)),
        [] => Err(format!("the answer has no STATUS: {}", excerpt(body))),
        [_] => Err(format!("the answer's STATUS is not a text: {}", excerpt(body))),
        _ => Err(format!("the answer has more than one STATUS: {}", excerpt(body))),
    }
}

/// Why an answer other than 200 and 202 fails the attempt.
fn refusal(reply: &Reply) -> String {
    let status = reply.status;
    if status.is_redirection() {
        let target = reply.location.as_deref().unwrap_or("nowhere");
        return format!(
            "HTTP {status}: the redirect to {} is not followed",
            shown_within(target, EXCERPT_BYTES)
        );
    }
    let told = status_word(&reply.body)
        .map(|(_, message)| message)
        .ok()
        .filter(|message| !message.is_empty());
    match told {
        Some(message) => format!("HTTP {status}: {message}"),
        None if reply.body.is_empty() => format!("HTTP {status}"),
        None => format!("HTTP {status}: {}", excerpt(&reply.body)),
    }
}

fn excerpt(body: &[u8]) -> String {
    if body.is_empty() {
        "it is empty".to_owned()
    } else {
        shown_within(&String::from_utf8_lossy(body), EXCERPT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Failed, Succeeded};

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            location: None,
            retry_after: None,
            body: body.into(),
        }
    }

    #[test]
    fn an_answer_ends_the_attempt_as_the_contract_says() {
        #[rustfmt::skip]
        let cases = [
            (200, r#"{"STATUS":"SUCCESS","MESSAGE":"42 rows"}"#, Succeeded, "42 rows"),
            (200, r#"{"status":"success"}"#, Succeeded, ""),
            (200, r#"{"Status":"Failed","message":"no rates"}"#, Failed, "no rates"),
            (200, r#"{"STATUS":"FAILED","MESSAGE":{"code":3}}"#, Failed, r#"{"code":3}"#),
            (200, r#"{"STATUS":"RUNNING"}"#, Failed, "the answer's STATUS is `RUNNING`, neither SUCCESS nor FAILED"),
            (200, r#"{"MESSAGE":"x"}"#, Failed, r#"the answer has no STATUS: {"MESSAGE":"x"}"#),
            (200, r#"{"STATUS":0}"#, Failed, r#"the answer's STATUS is not a text: {"STATUS":0}"#),
            (200, r#"{"STATUS":"SUCCESS","status":"FAILED"}"#, Failed, r#"the answer has more than one STATUS: {"STATUS":"SUCCESS","status":"FAILED"}"#),
            (200, r#"["STATUS"]"#, Failed, r#"the answer is not a JSON object with a STATUS: ["STATUS"]"#),
            (201, r#"{"STATUS":"SUCCESS"}"#, Failed, r#"HTTP 201 Created: {"STATUS":"SUCCESS"}"#),
            (204, "", Failed, "HTTP 204 No Content"),
            (302, "", Failed, "HTTP 302 Found: the redirect to nowhere is not followed"),
            (500, r#"{"STATUS":"SUCCESS","MESSAGE":"out of memory"}"#, Failed, "HTTP 500 Internal Server Error: out of memory"),
            (404, "<html>gone", Failed, "HTTP 404 Not Found: <html>gone"),
        ];
        for (status, body, outcome, message) in cases {
            assert_eq!(
                judge(&reply(status, body)),
                Verdict::Ended(outcome, message.to_owned()),
                "{status} {body}"
            );
        }
        assert!(
            matches!(judge(&reply(200, "")), Verdict::Ended(Failed, message) if message.contains("it is empty"))
        );
        assert_eq!(judge(&reply(202, "")), Verdict::Accepted { location: None });
    }

    #[test]
    fn a_poll_goes_on_until_a_status_is_final() {
        assert_eq!(judge_poll(&reply(202, "")), Verdict::Accepted { location: None });
        assert_eq!(
            judge_poll(&reply(200, r#"{"status":"Running"}"#)),
            Verdict::Accepted { location: None }
        );
        assert_eq!(
            judge_poll(&reply(200, r#"{"STATUS":"SUCCESS"}"#)),
            Verdict::Ended(Succeeded, String::new())
        );
        for status in [429, 408, 500, 502, 503, 504] {
            assert!(matches!(judge_poll(&reply(status, "")), Verdict::NotNow(_)), "{status}");
        }
        for status in [303, 400, 401, 404, 410] {
            assert!(
                matches!(judge_poll(&reply(status, "")), Verdict::Ended(Failed, _)),
                "{status}"
            );
        }
    }

    #[test]
    fn a_deeply_nested_answer_is_refused_without_harm() {
        let deep = format!("{{\"STATUS\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(final_status(deep.as_bytes()).unwrap_err().contains("recursion limit"));
    }
}
