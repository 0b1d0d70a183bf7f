//! Which failures pass, and which stay.

use super::connection::Answer;
use super::failure::Failure;
use dayend_wire::exit::ExitCode;
use std::error::Error;
use std::time::Duration;

/// A failure that may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) sentence: String,
    /// What the server asked for.
    pub(super) retry_after: Option<Duration>,
}

impl Trouble {
    /// What a failed exchange is: trouble that may pass, or (an untrusted certificate, a bad URL) a failure.
    pub(super) fn of(error: &reqwest::Error, base_url: &str) -> Result<Self, Failure> {
        if let Some(problem) = certificate_problem(error) {
            return Err(Failure::usage(format!(
                "the certificate of {base_url} is not accepted ({problem}): name the server's CA with --ca-file or as ca_file in the profile, and use a host name that the certificate has"
            )));
        }
        if error.is_builder() {
            return Err(Failure::usage(format!(
                "a request to {base_url} cannot be made: {}",
                chain(error)
            )));
        }
        let sentence = if error.is_timeout() {
            format!("{base_url} did not answer in time")
        } else {
            format!("{base_url} cannot be reached ({})", innermost(error))
        };
        Ok(Self { sentence, retry_after: None })
    }
}

/// An answer that says "later" is trouble; every other one is an answer.
pub(super) fn judge(answer: Answer) -> Result<Answer, Trouble> {
    let sentence = match answer.status {
        408 => "the server says that the request arrived too slowly",
        429 => "the server says that these are too many requests",
        502 | 504 => "a proxy before the server says that it does not answer",
        503 => "the server says that it cannot do this now",
        _ => return Ok(answer),
    };
    let retry_after =
        answer.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Err(Trouble {
        sentence: sentence.to_owned(),
        retry_after: retry_after.map(Duration::from_secs),
    })
}

/// All that an error and its causes say.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = error.source();
    }
    said
}

fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let said = innermost.to_string();
    // rustls explains at length what a server that went away did not say.
    if said.contains("close_notify") { "the connection was closed".to_owned() } else { said }
}

fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        // An I/O error carries the TLS error inside, not as its source.
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = error.downcast_ref().or_else(|| carried?.downcast_ref());
        if let Some(rustls::Error::InvalidCertificate(problem)) = tls {
            return Some(problem.to_string());
        }
        cause = match carried {
            Some(carried) => Some(carried),
            None => error.source(),
        };
    }
    None
}

/// The exit code of an HTTP status that came without a body of ours.
pub(super) fn exit_of_http(status: u16) -> ExitCode {
    match status {
        401 | 403 => ExitCode::NotAllowed,
        404 => ExitCode::NotFound,
        409 => ExitCode::WrongState,
        400..=499 => ExitCode::Usage,
        _ => ExitCode::ServerError,
    }
}
