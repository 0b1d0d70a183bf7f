//! Where the interface answers.

use super::call::Entrance;
use super::{envelope, interrupt, rerun, restart, status, trigger};
use crate::app::App;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;

/// One of the five calls, as its path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallAt {
    entrance: Entrance,
    verb: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Trigger,
    Status,
    Interrupt,
    Restart,
    Rerun,
}

/// The call at a path: with and without `/SchedulerService`, at the root and below the base path.
pub(crate) fn call_at(path: &str, base_path: &str) -> Option<CallAt> {
    call_at_root(path).or_else(|| call_at_root(path.strip_prefix(base_path)?))
}

fn call_at_root(path: &str) -> Option<CallAt> {
    let (entrance, path) = match path.strip_prefix("/SchedulerService") {
        Some(rest) => (Entrance::SchedulerService, rest),
        None => (Entrance::Plain, path),
    };
    let verb = match path.strip_prefix("/rest-api/v1/external/")? {
        "trigger" => Verb::Trigger,
        "status" => Verb::Status,
        "interrupt" => Verb::Interrupt,
        "restart" => Verb::Restart,
        "rerun" => Verb::Rerun,
        _ => return None,
    };
    Some(CallAt { entrance, verb })
}

/// The answer to a call, which takes POST and says so to everything else.
pub(crate) async fn answer(app: &App, call: CallAt, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return envelope::not_post(&parts.method, &parts.headers);
    }
    let request = (call.entrance, &parts.headers, body);
    match call.verb {
        Verb::Trigger => trigger::handle(app, request).await,
        Verb::Status => status::handle(app, request).await,
        Verb::Interrupt => interrupt::handle(app, request).await,
        Verb::Restart => restart::handle(app, request).await,
        Verb::Rerun => rerun::handle(app, request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_at_the_root_and_below_the_base_path_and_nowhere_else() {
        let at = |entrance, verb| Some(CallAt { entrance, verb });
        let (cloud, plain) = (Entrance::SchedulerService, Entrance::Plain);
        #[rustfmt::skip]
        let cases = [
            ("/SchedulerService/rest-api/v1/external/trigger",   at(cloud, Verb::Trigger)),
            ("/SchedulerService/rest-api/v1/external/status",    at(cloud, Verb::Status)),
            ("/rest-api/v1/external/interrupt",                  at(plain, Verb::Interrupt)),
            ("/a/b/rest-api/v1/external/restart",                at(plain, Verb::Restart)),
            ("/a/b/SchedulerService/rest-api/v1/external/rerun", at(cloud, Verb::Rerun)),
            ("/a/rest-api/v1/external/rerun",                    None),
            ("/a/b/a/b/rest-api/v1/external/rerun",              None),
            ("/SchedulerService/SchedulerService/rest-api/v1/external/rerun", None),
            ("/rest-api/v1/external/rerun/",                     None),
            ("/rest-api/v1/external/",                           None),
            ("/rest-api/v1/external/stop",                       None),
            ("/rest-api/v1/external/%73tatus",                   None),
            ("rest-api/v1/external/status",                      None),
            ("",                                                 None),
        ];
        for (path, want) in cases {
            assert_eq!(call_at(path, "/a/b"), want, "{path}");
        }
        assert_eq!(call_at("/a/b/rest-api/v1/external/status", ""), None);
    }
}
