//! How a run's parameters and choices are kept: JSON texts in its row.

use crate::compiled::Compiled;
use crate::requests::{MemberParams, TriggerParams};
use dayend_engine::params::RunParams;
use dayend_engine::run::{Choices, UnknownCodes};
use dayend_engine::time::MisDate;
use dayend_store::port::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The lists that a trigger brought, as the caller wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredChoices {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<String>,
}

impl StoredChoices {
    /// Looks the codes up in a definition.
    pub fn choose(&self, compiled: &Compiled) -> Result<Choices, UnknownCodes> {
        Choices::resolve(&self.excluded, &self.held, &self.included, |code| compiled.find(code))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| StoreError::Inconsistent(format!("the choices of a run: {error}")))
    }

    /// As [`StoredChoices::choose`], for lists that were accepted before.
    pub(crate) fn resolve(&self, compiled: &Compiled) -> Result<Choices, StoreError> {
        let unknown = |unknown: UnknownCodes| {
            StoreError::Inconsistent(format!("a run chose {}", unknown.codes.join(", ")))
        };
        self.choose(compiled).map_err(unknown)
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("lists of strings always serialise")
    }
}

/// The parameters of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoredParams {
    Group { members: BTreeMap<String, StoredMember> },
    Batch(RunParams),
}

/// The parameters of one member, as the group's trigger had them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredMember {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mis_date: Option<MisDate>,
    #[serde(flatten)]
    pub params: RunParams,
}

impl StoredParams {
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| StoreError::Inconsistent(format!("the parameters of a run: {error}")))
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("maps of strings always serialise")
    }

    pub(crate) fn into_run_params(self) -> RunParams {
        match self {
            Self::Group { .. } => RunParams::default(),
            Self::Batch(params) => params,
        }
    }

    /// The trigger that a rerun repeats.
    pub(crate) fn into_trigger(self) -> TriggerParams {
        match self {
            Self::Batch(params) => TriggerParams::Batch { mis_date: None, params },
            Self::Group { members } => TriggerParams::Group(
                members
                    .into_iter()
                    .map(|(code, member)| {
                        (code, MemberParams { mis_date: member.mis_date, params: member.params })
                    })
                    .collect(),
            ),
        }
    }

    pub(crate) fn of_trigger(params: &TriggerParams) -> Self {
        match params {
            TriggerParams::Batch { params, .. } => Self::Batch(params.clone()),
            TriggerParams::Group(members) => Self::Group {
                members: members
                    .iter()
                    .map(|(code, member)| {
                        (
                            code.clone(),
                            StoredMember {
                                mis_date: member.mis_date,
                                params: member.params.clone(),
                            },
                        )
                    })
                    .collect(),
            },
        }
    }
}
