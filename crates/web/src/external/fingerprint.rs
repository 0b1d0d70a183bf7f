//! Tells whether a repeated request asks for the same thing, whatever its spaces, key order and spelling.

use dayend_engine::params::RunParams;
use dayend_engine::time::MisDate;
use dayend_service::requests::{RunRequest, TriggerParams, TriggerRequest};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a trigger asks for; the caller and the verb are part of the key's own scope.
pub(super) fn of_trigger(request: &TriggerRequest) -> [u8; 32] {
    digest(&CanonicalTrigger {
        scope: &request.scope,
        code: &request.code,
        kind: request.kind.as_str(),
        excluded: &request.excluded,
        held: &request.held,
        included: &request.included,
        mis_date: request.mis_date,
        params: match &request.params {
            TriggerParams::Batch { mis_date, params } => vec![(None, *mis_date, params)],
            TriggerParams::Group(members) => members
                .iter()
                .map(|(code, member)| (Some(code.as_str()), member.mis_date, &member.params))
                .collect(),
        },
    })
}

/// What an interrupt, restart or rerun asks for.
pub(super) fn of_run(request: &RunRequest) -> [u8; 32] {
    digest(&(&request.scope, &request.run_id, &request.code))
}

#[derive(Serialize)]
struct CanonicalTrigger<'a> {
    scope: &'a dayend_engine::codes::Scope,
    code: &'a str,
    kind: &'a str,
    excluded: &'a [String],
    held: &'a [String],
    included: &'a [String],
    mis_date: Option<MisDate>,
    params: Vec<(Option<&'a str>, Option<MisDate>, &'a RunParams)>,
}

fn digest(request: &impl Serialize) -> [u8; 32] {
    let text =
        serde_json::to_vec(request).expect("texts, dates and maps with text keys are always JSON");
    Sha256::digest(text).into()
}
