//! What all five calls have in common, in the order in which it is checked: token, headers, rights, body.

use super::envelope;
use super::fault::Fault;
use super::headers::{self, Addressed};
use crate::app::App;
use crate::authentication::authenticate;
use crate::body;
use crate::json::{self, Json, Object, Repair};
use crate::locale::{Language, Sentence};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use dayend_engine::codes::{RunId, Scope};
use dayend_identity::caller::{Caller, Function};

/// By which path a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// `/SchedulerService/rest-api/…`: all four `ofs_*` headers are required.
    SchedulerService,
    /// `/rest-api/…`: tenant and service may be left to the token.
    Plain,
}

/// How a call wants to be answered, as far as it is known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(super) language: Language,
    /// Logical errors get a 4xx status.
    pub(super) strict: bool,
    /// The run that the body names.
    pub(super) run_id: Option<RunId>,
}

/// A call that passed every check and has a readable body.
#[derive(Debug)]
pub(super) struct Call {
    /// The remote user, where another one than the token's is named.
    pub(super) caller: Caller,
    pub(super) scope: Scope,
    /// The value of `Idempotency-Key`.
    pub(super) key: Option<String>,
    pub(super) body: Object,
}

impl Manner {
    /// What the headers alone tell.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            language: headers::language(headers),
            strict: headers::wants_strict(headers),
            run_id: None,
        }
    }

    /// The answer to a call that ended so.
    pub(super) fn answer(&self, result: Result<Response, Fault>) -> Response {
        result.unwrap_or_else(|fault| envelope::refused(self, fault))
    }
}

/// Lets a call in, or says why not: 401, `-5`, 403, then `-4` for a body that is not an object.
pub(super) async fn enter(
    app: &App,
    manner: &mut Manner,
    (entrance, headers, body): (Entrance, &HeaderMap, Body),
    functions: &[Function],
) -> Result<Call, Fault> {
    let caller = authenticate(app, headers).await?;
    manner.strict |= caller.strict;
    let addressed = headers::addressed(headers, entrance)?;
    let Addressed { tenant, service, workspace, remote_user, key } = addressed;
    let tenant = tenant.unwrap_or_else(|| caller.tenant.clone());
    let service = service_of(app, &caller, service).await?;
    let scope = Scope { tenant, service, workspace };
    let caller = app.service.authorise(&caller, &scope, Some(&remote_user), functions).await?;
    body::require(headers, body::JSON)?;
    let bytes =
        body::read(&app.room, headers, body, app.settings.body_limit_bytes, body::ARRIVAL_LIMIT)
            .await?;
    Ok(Call { caller, scope, key, body: object(&bytes)? })
}

async fn service_of(app: &App, caller: &Caller, named: Option<String>) -> Result<String, Fault> {
    let service = match named {
        Some(service) => Some(service),
        None => app.service.default_service(caller).await?,
    };
    service.ok_or_else(|| Fault::headers(Sentence::HeaderMissing { header: headers::SERVICE }))
}

/// The body of a call: a JSON object, with the one repair that the guide's own samples need.
pub(super) fn object(bytes: &[u8]) -> Result<Object, Fault> {
    match json::read(bytes, Repair::TrailingComma) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_)) => {
            Err(Fault::arguments(Sentence::BodyNotObject))
        }
        Err(error) => {
            let problem = error.problem.to_string();
            Err(Fault::arguments(Sentence::BodyNotJson {
                problem,
                line: error.line,
                column: error.column,
            }))
        }
    }
}
