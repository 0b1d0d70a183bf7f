//! Making, changing and deleting groups.

use super::look::GROUPS_MAX;
use super::{Group, GroupName, GroupRecord, Membership};
use crate::admin::difference::difference;
use crate::admin::last_administrator::Loss;
use crate::admin::rights::Holder;
use crate::admin::{AdminError, Administrator, check_name};
use crate::audit;
use crate::identity::Identity;
use crate::model::{Stamp, put, remove};
use crate::random;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, Outcome, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Members that one change can add and remove.
const MEMBERS_PER_CHANGE_MAX: usize = 5000;
/// The longest description of anything.
const TEXT_MAX_CHARS: usize = 2000;

/// What a group is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDraft {
    pub display_name: String,
    pub external_id: String,
    pub description: String,
    /// Everybody who is to be in it; none: nobody comes or goes.
    pub members: Option<BTreeSet<Holder>>,
}

/// Who comes and who goes.
#[derive(Default)]
struct Moves {
    added: Vec<Holder>,
    removed: Vec<Holder>,
}

impl Identity {
    /// Makes a group.
    pub async fn create_group(
        &self,
        by: &Administrator,
        tenant: &str,
        draft: GroupDraft,
        now: Timestamp,
    ) -> Result<Group, AdminError> {
        check(&draft)?;
        let _one_at_a_time = self.changing.lock().await;
        let id = random::id();
        let moves = self.moves(tenant, None, draft.members.as_ref()).await?;
        let record = GroupRecord {
            display_name: draft.display_name,
            external_id: draft.external_id,
            description: draft.description,
            created_at: now.0,
            stamp: Stamp { created_by: by.author.clone(), ..Stamp::default() },
        };
        let name = claim_name(tenant, &id, &record.display_name);
        let mut documents = vec![put((tenant, &id), &record, None, None, Guard::Absent), name];
        documents.extend(memberships(tenant, &id, &moves, now));
        let detail = detail("create", tenant, &id, &record, &moves, &Value::Null);
        self.write_group(by, documents, &detail, &record.display_name, now).await?;
        self.known_group(tenant, &id).await
    }

    /// Changes a group; `group` is how it was when that was decided.
    pub async fn change_group(
        &self,
        by: &Administrator,
        tenant: &str,
        group: &Group,
        draft: GroupDraft,
        now: Timestamp,
    ) -> Result<Group, AdminError> {
        check(&draft)?;
        let _one_at_a_time = self.changing.lock().await;
        let id = group.id.as_str();
        let rights = self.rights_of(tenant, &Holder::Group(id.to_owned())).await?;
        by.must_outrank(&rights, "group")?;
        let moves = self.moves(tenant, Some(id), draft.members.as_ref()).await?;
        if !moves.added.is_empty() {
            // Whoever joins gets what the group holds.
            by.must_cover(&rights, "group")?;
        }
        self.keep_an_administrator(tenant, &Loss::Members { group: id, gone: &moves.removed })
            .await?;
        let before = record_of(group);
        let record = GroupRecord {
            display_name: draft.display_name,
            external_id: draft.external_id,
            description: draft.description,
            stamp: Stamp {
                modified_by: by.author.clone(),
                modified_at: now.0,
                ..before.stamp.clone()
            },
            ..before
        };
        let guard = Guard::Revision(group.revision);
        let mut documents = vec![put((tenant, id), &record, None, None, guard)];
        if key_of(&record.display_name) != key_of(&group.display_name) {
            documents.push(claim_name(tenant, id, &record.display_name));
            let old = key_of(&group.display_name);
            documents.push(remove::<GroupName>(tenant, &old, Guard::Any));
        }
        documents.extend(memberships(tenant, id, &moves, now));
        let changed = difference(&record_of(group), &record);
        let detail = detail("change", tenant, id, &record, &moves, &changed);
        self.write_group(by, documents, &detail, &record.display_name, now).await?;
        self.known_group(tenant, id).await
    }

    /// Deletes a group; its members lose what it gave them.
    pub async fn delete_group(
        &self,
        by: &Administrator,
        tenant: &str,
        group: &Group,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let (id, holder) = (group.id.as_str(), Holder::Group(group.id.clone()));
        by.must_outrank(&self.rights_of(tenant, &holder).await?, "group")?;
        self.keep_an_administrator(tenant, &Loss::Group(id)).await?;
        let members = self.members(tenant, id).await?;
        let moves = Moves {
            added: Vec::new(),
            removed: members.into_iter().map(|member| member.holder).collect(),
        };
        let mut documents = vec![
            remove::<GroupRecord>(tenant, id, Guard::Revision(group.revision)),
            remove::<GroupName>(tenant, &key_of(&group.display_name), Guard::Any),
        ];
        documents.extend(memberships(tenant, id, &moves, now));
        let detail = detail("delete", tenant, id, &record_of(group), &moves, &Value::Null);
        self.write_group(by, documents, &detail, &group.display_name, now).await?;
        self.take_everything(by, tenant, &holder, now).await
    }

    async fn known_group(&self, tenant: &str, id: &str) -> Result<Group, AdminError> {
        let found = self.group(tenant, id).await?;
        found.ok_or_else(|| AdminError::Raced(format!("group `{id}`")))
    }

    /// What has to change so that just these are in the group, all of whom exist.
    async fn moves(
        &self,
        tenant: &str,
        group: Option<&str>,
        wanted: Option<&BTreeSet<Holder>>,
    ) -> Result<Moves, AdminError> {
        let Some(wanted) = wanted else { return Ok(Moves::default()) };
        let there: BTreeSet<Holder> = match group {
            Some(id) => {
                self.members(tenant, id).await?.into_iter().map(|member| member.holder).collect()
            }
            None => BTreeSet::new(),
        };
        let added: Vec<Holder> = wanted.difference(&there).cloned().collect();
        let removed: Vec<Holder> = there.difference(wanted).cloned().collect();
        if added.len() + removed.len() > MEMBERS_PER_CHANGE_MAX {
            return Err(AdminError::Invalid(format!(
                "at most {MEMBERS_PER_CHANGE_MAX} members can come and go at once"
            )));
        }
        for holder in &added {
            self.can_join(tenant, holder).await?;
        }
        Ok(Moves { added, removed })
    }

    async fn can_join(&self, tenant: &str, holder: &Holder) -> Result<(), AdminError> {
        let exists = match holder {
            Holder::User(id) => self.store.user_by_id(tenant, id).await?.is_some(),
            Holder::App(client_id) => {
                self.store.app(client_id).await?.is_some_and(|app| app.tenant == tenant)
            }
            Holder::Group(_) => {
                return Err(AdminError::Invalid("a group cannot be in a group".to_owned()));
            }
        };
        if !exists {
            return Err(AdminError::Invalid(format!(
                "there is no {} to be a member",
                named(holder)
            )));
        }
        let groups = self.group_ids_of(tenant, &holder.text()).await?;
        if u32::try_from(groups.len()).unwrap_or(u32::MAX) < GROUPS_MAX {
            return Ok(());
        }
        Err(AdminError::Invalid(format!("the {} is in {GROUPS_MAX} groups already", named(holder))))
    }

    async fn write_group(
        &self,
        by: &Administrator,
        documents: Vec<DocumentChange>,
        detail: &Value,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let history = audit::record(&by.actor, "group", detail, now);
        let with = Box::new(Write::Audit { history });
        match self.write_principal(Write::Change { documents, with }).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => {
                let tenant = detail.get("tenant").and_then(Value::as_str).unwrap_or_default();
                let id = detail.get("id").and_then(Value::as_str).unwrap_or_default();
                let whose = self.document::<GroupName>(tenant, &key_of(name)).await?;
                let described = format!("group `{}`", shortened(name));
                match whose {
                    Some(kept) if kept.value.group != id => Err(AdminError::Exists(described)),
                    Some(_) | None => Err(AdminError::Raced(described)),
                }
            }
        }
    }
}

fn check(draft: &GroupDraft) -> Result<(), AdminError> {
    check_name("group name", &draft.display_name)?;
    for (what, text) in [("external id", &draft.external_id), ("description", &draft.description)] {
        if text.chars().count() > TEXT_MAX_CHARS {
            return Err(AdminError::Invalid(format!(
                "the {what} is longer than {TEXT_MAX_CHARS} characters"
            )));
        }
    }
    Ok(())
}

/// Names that differ only in case are the same.
fn key_of(name: &str) -> String {
    name.to_lowercase()
}

fn claim_name(tenant: &str, id: &str, name: &str) -> DocumentChange {
    let value = GroupName { group: id.to_owned() };
    put((tenant, &key_of(name)), &value, None, None, Guard::Absent)
}

fn memberships(tenant: &str, id: &str, moves: &Moves, now: Timestamp) -> Vec<DocumentChange> {
    let added = moves.added.iter().map(|holder| {
        let member = holder.text();
        let value = Membership { group: id.to_owned(), member: member.clone(), since: now.0 };
        let name = Membership::id(id, &member);
        put((tenant, &name), &value, Some(&member), None, Guard::Any)
    });
    let removed = moves.removed.iter().map(|holder| {
        remove::<Membership>(tenant, &Membership::id(id, &holder.text()), Guard::Any)
    });
    added.chain(removed).collect()
}

fn record_of(group: &Group) -> GroupRecord {
    GroupRecord {
        display_name: group.display_name.clone(),
        external_id: group.external_id.clone(),
        description: group.description.clone(),
        created_at: group.created_at.0,
        stamp: group.stamp.clone(),
    }
}

fn detail(
    action: &str,
    tenant: &str,
    id: &str,
    record: &GroupRecord,
    moves: &Moves,
    changed: &Value,
) -> Value {
    let names = |holders: &[Holder]| holders.iter().map(Holder::text).collect::<Vec<_>>();
    json!({
        "action": action, "tenant": tenant, "id": id, "group": record.display_name, "changed": changed,
        "added": names(&moves.added), "removed": names(&moves.removed),
    })
}

fn named(holder: &Holder) -> String {
    match holder {
        Holder::User(id) => format!("user `{}`", shortened(id)),
        Holder::App(id) => format!("app `{}`", shortened(id)),
        Holder::Group(id) => format!("group `{}`", shortened(id)),
    }
}
