//! What a caller chose at the trigger: tasks to leave out, to hold, to run alone.

use crate::run::node::NodeState;
use std::collections::BTreeSet;

/// The three lists, resolved to nodes. Excluded wins over held, held over included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub excluded: BTreeSet<u32>,
    pub held: BTreeSet<u32>,
    /// Non-empty: what is in none of the lists is excluded.
    pub included: BTreeSet<u32>,
}

/// Codes in the lists that name nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCodes {
    pub list: &'static str,
    pub codes: Vec<String>,
}

impl Choices {
    /// Looks the codes up; `find` knows the plan.
    pub fn resolve(
        excluded: &[String],
        held: &[String],
        included: &[String],
        find: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, UnknownCodes> {
        let list = |list: &'static str, codes: &[String]| -> Result<BTreeSet<u32>, UnknownCodes> {
            let unknown: Vec<String> =
                codes.iter().filter(|code| find(code).is_none()).cloned().collect();
            if unknown.is_empty() {
                Ok(codes.iter().filter_map(|code| find(code)).collect())
            } else {
                Err(UnknownCodes { list, codes: unknown })
            }
        };
        Ok(Self {
            excluded: list("excludedTasks", excluded)?,
            held: list("heldTasks", held)?,
            included: list("includedTasks", included)?,
        })
    }

    /// The state in which a node begins.
    pub fn initial(&self, node: u32) -> NodeState {
        if self.excluded.contains(&node) {
            NodeState::Excluded
        } else if self.held.contains(&node) {
            NodeState::Held
        } else if self.included.is_empty() || self.included.contains(&node) {
            NodeState::Waiting
        } else {
            NodeState::Excluded
        }
    }
}
