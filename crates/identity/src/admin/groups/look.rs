//! Reading groups and who is in them.

use super::{GroupRecord, Membership};
use crate::admin::AdminError;
use crate::admin::rights::Holder;
use crate::identity::Identity;
use crate::model::{Kept, Stamp};
use dayend_engine::time::Timestamp;
use dayend_store::port::StoreError;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub display_name: String,
    pub external_id: String,
    pub description: String,
    pub created_at: Timestamp,
    pub stamp: Stamp,
    pub(super) revision: i64,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub group: String,
    pub holder: Holder,
    pub since: Timestamp,
}

impl Group {
    /// Grows with each change, also when somebody comes or goes.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    pub(super) fn new(kept: Kept<GroupRecord>) -> Self {
        let GroupRecord { display_name, external_id, description, created_at, stamp } = kept.value;
        Self {
            id: kept.id,
            display_name,
            external_id,
            description,
            created_at: Timestamp(created_at),
            stamp,
            revision: kept.revision,
        }
    }
}

impl Member {
    fn new(kept: Membership) -> Option<Self> {
        let holder = Holder::from_text(&kept.member)?;
        Some(Self { group: kept.group, holder, since: Timestamp(kept.since) })
    }
}

impl Identity {
    /// All groups of the tenant.
    pub async fn groups(&self, tenant: &str) -> Result<Vec<Group>, AdminError> {
        let kept = self.all_documents::<GroupRecord>(tenant, None).await?;
        Ok(kept.into_iter().map(Group::new).collect())
    }

    /// The group with this id.
    pub async fn group(&self, tenant: &str, id: &str) -> Result<Option<Group>, AdminError> {
        Ok(self.document::<GroupRecord>(tenant, id).await?.map(Group::new))
    }

    /// Who is in the group.
    pub async fn members(&self, tenant: &str, group: &str) -> Result<Vec<Member>, AdminError> {
        let prefix = Membership::prefix(group);
        let kept = self.documents_under::<Membership>(tenant, &prefix).await?;
        Ok(kept.into_iter().filter_map(|kept| Member::new(kept.value)).collect())
    }

    /// Who is in which group of the tenant.
    pub async fn all_members(&self, tenant: &str) -> Result<Vec<Member>, AdminError> {
        let kept = self.all_documents::<Membership>(tenant, None).await?;
        Ok(kept.into_iter().filter_map(|kept| Member::new(kept.value)).collect())
    }

    /// The ids of the groups that somebody is in.
    pub(crate) async fn group_ids_of(
        &self,
        tenant: &str,
        member: &str,
    ) -> Result<Vec<String>, StoreError> {
        let kept = self.documents::<Membership>(tenant, Some(member), "", GROUPS_MAX).await?;
        Ok(kept.into_iter().map(|kept| kept.value.group).collect())
    }

    /// Id and name of the groups that a user is in, by name.
    pub(crate) async fn group_names_of(
        &self,
        tenant: &str,
        user_id: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut names = Vec::new();
        for id in self.group_ids_of(tenant, &Holder::User(user_id.to_owned()).text()).await? {
            let group = self.document::<GroupRecord>(tenant, &id).await?;
            names.extend(group.map(|group| (id, group.value.display_name)));
        }
        names.sort_by(|(_, one), (_, other)| one.cmp(other));
        Ok(names)
    }

    /// The groups that somebody is in.
    pub async fn groups_of(&self, tenant: &str, member: &Holder) -> Result<Vec<Group>, AdminError> {
        let mut groups = Vec::new();
        for id in self.group_ids_of(tenant, &member.text()).await? {
            groups.extend(self.group(tenant, &id).await?);
        }
        Ok(groups)
    }
}

/// Groups that one user or app can be in.
pub(super) const GROUPS_MAX: u32 = 1000;
