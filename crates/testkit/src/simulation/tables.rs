//! What the model store holds, and how a group changes it.

use dayend_engine::codes::RunKey;
use dayend_store::port::{
    ClaimRow, Content, DefinitionRow, Group, GroupId, HistoryRecord, HistoryRow, NewDefinition,
    NodeRow, Outcome, OwnerEpoch, Partition, RunRow, VersionKey, Write,
};
use std::collections::BTreeMap;

/// Tenant, client, verb and key.
pub(super) type ClaimName = (String, String, String, String);

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub epoch: i64,
    pub last_group: i64,
    pub last_created_ms: i64,
    pub runs: BTreeMap<RunKey, RunRow>,
    pub nodes: BTreeMap<RunKey, BTreeMap<u32, NodeRow>>,
    pub claims: BTreeMap<ClaimName, ClaimRow>,
    pub definitions: BTreeMap<VersionKey, DefinitionRow>,
    pub contents: BTreeMap<VersionKey, Content>,
    pub history: Vec<HistoryRow>,
    pub commits: BTreeMap<GroupId, Vec<Outcome>>,
    /// Writes that a database would refuse for ever.
    pub defects: Vec<String>,
}

impl Tables {
    pub(super) fn commit(&mut self, group: &Group) -> Vec<Outcome> {
        let owned = OwnerEpoch(self.epoch) == group.epoch;
        let outcomes: Vec<Outcome> = group
            .writes
            .iter()
            .map(|write| {
                let applied = self.apply(write, group.partition, owned);
                if applied { Outcome::Applied } else { Outcome::LostRace }
            })
            .collect();
        self.last_group = self.last_group.max(group.id.0);
        if self.commits.insert(group.id, outcomes.clone()).is_some() {
            self.defects.push(format!("group {} was committed twice", group.id.0));
        }
        outcomes
    }

    fn apply(&mut self, write: &Write, partition: Partition, owned: bool) -> bool {
        match write {
            Write::Runs { claim, new, changed, nodes, history } => {
                if !owned || claim.as_ref().is_some_and(|claim| !self.take(claim)) {
                    return false;
                }
                for row in new {
                    self.add_run(row);
                }
                for change in changed {
                    match self.runs.get_mut(&change.key) {
                        Some(row) => row.state = change.state.clone(),
                        None => self.defects.push(format!("{:?} changes unborn", change.key)),
                    }
                }
                for node in nodes {
                    if !self.runs.contains_key(&node.run) {
                        self.defects
                            .push(format!("a node of {:?}, which does not exist", node.run));
                    }
                    self.nodes.entry(node.run).or_default().insert(node.node, node.clone());
                }
                for record in history {
                    self.append(partition, record);
                }
                true
            }
            Write::Define { rows, history } => {
                if !rows.iter().all(|row| self.newest(row) == row.expected) {
                    return false;
                }
                for row in rows {
                    self.define(row);
                }
                self.append(partition, history);
                true
            }
            Write::PutUser { history, .. }
            | Write::PutApp { history, .. }
            | Write::PutGrant { history, .. }
            | Write::IssueRefresh { history, .. }
            | Write::SpendRefresh { history, .. }
            | Write::RevokeFamily { history, .. }
            | Write::DeleteUser { history, .. }
            | Write::DeleteApp { history, .. }
            | Write::Audit { history } => {
                self.append(partition, history);
                true
            }
            // Nothing of the conductor reads documents.
            Write::Change { with, .. } => {
                for record in with.history() {
                    self.append(partition, record);
                }
                true
            }
        }
    }

    fn take(&mut self, claim: &ClaimRow) -> bool {
        let name =
            (claim.tenant.clone(), claim.client.clone(), claim.verb.clone(), claim.key.clone());
        let free = !self.claims.contains_key(&name);
        if free {
            self.claims.insert(name, claim.clone());
        }
        free
    }

    fn add_run(&mut self, row: &RunRow) {
        if self.runs.values().any(|known| known.run_id == row.run_id) {
            self.defects.push(format!("the id {} was used twice", row.run_id));
        }
        self.last_created_ms = self.last_created_ms.max(created_ms(row));
        if self.runs.insert(row.key, row.clone()).is_some() {
            self.defects.push(format!("{:?} was used twice", row.key));
        }
    }

    fn newest(&self, row: &NewDefinition) -> i64 {
        let same = |known: &&DefinitionRow| known.kind == row.kind && known.code == row.code;
        self.definitions.values().filter(same).map(|known| known.version).max().unwrap_or(0)
    }

    pub(super) fn define(&mut self, row: &NewDefinition) {
        let stored = DefinitionRow {
            key: row.key,
            scope: row.scope.clone(),
            kind: row.kind,
            code: row.code.clone(),
            version: row.expected + 1,
            digest: row.content.digest,
            parts: u32::try_from(row.content.parts.len()).unwrap_or(u32::MAX),
            by: row.by.clone(),
            at: row.at,
        };
        self.definitions.insert(row.key, stored);
        self.contents.insert(row.key, row.content.clone());
    }

    fn append(&mut self, partition: Partition, record: &HistoryRecord) {
        let seq = i64::try_from(self.history.len()).unwrap_or(i64::MAX) + 1;
        self.history.push(HistoryRow { partition, seq, record: record.clone(), hash: [0; 32] });
    }

    /// The member runs of a group run, in node order.
    pub(super) fn members(&self, group: RunKey) -> Vec<&RunRow> {
        let of = |row: &&RunRow| row.parent.is_some_and(|(parent, _)| parent == group);
        let mut members: Vec<&RunRow> = self.runs.values().filter(of).collect();
        members.sort_by_key(|row| row.parent.map(|(_, node)| node));
        members
    }
}

/// The instant in the id, which a clock that goes back must not repeat.
fn created_ms(row: &RunRow) -> i64 {
    let mut fields = row.run_id.as_str().rsplit('_');
    fields.nth(1).and_then(|ms| ms.parse().ok()).unwrap_or_default()
}
