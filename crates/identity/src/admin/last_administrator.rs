//! Nobody takes the last administrator of a tenant away by accident.

use super::AdminError;
use super::rights::{Holder, Right};
use crate::identity::Identity;

/// What is about to be lost.
#[derive(Debug)]
pub(super) enum Loss<'a> {
    /// A user cannot log in any more.
    User(&'a str),
    /// A right of somebody.
    Right(&'a Holder, &'a Right),
    /// A group.
    Group(&'a str),
    /// Members of a group.
    Members { group: &'a str, gone: &'a [Holder] },
}

impl Loss<'_> {
    fn sentence(&self) -> &'static str {
        match self {
            Self::User(_) => "taking this user away",
            Self::Right(..) => "taking this right away",
            Self::Group(_) => "taking this group away",
            Self::Members { .. } => "taking these members away",
        }
    }

    /// Whether the right of `holder`, which a user has through it, is still there afterwards.
    fn leaves(&self, holder: &Holder, right: &Right, user: &str) -> bool {
        match self {
            Self::User(gone) => *gone != user,
            Self::Right(whose, gone) => *whose != holder || *gone != right,
            Self::Group(gone) => !matches!(holder, Holder::Group(id) if id == gone),
            Self::Members { group, gone } => {
                let from_it = matches!(holder, Holder::Group(id) if id == group);
                !from_it || !gone.iter().any(|one| matches!(one, Holder::User(id) if id == user))
            }
        }
    }
}

impl Identity {
    /// Refuses a loss after which no active user could administer the tenant, if there is one now.
    pub(super) async fn keep_an_administrator(
        &self,
        tenant: &str,
        loss: &Loss<'_>,
    ) -> Result<(), AdminError> {
        let (mut before, mut after) = (false, false);
        for row in self.store.all_grants(tenant).await? {
            let (Some(holder), Some(right)) = (Holder::from_text(&row.grantee), Right::of(&row))
            else {
                continue;
            };
            if !right.is_everything() {
                continue;
            }
            for user in self.users_behind(tenant, &holder).await? {
                let active =
                    self.store.user_by_id(tenant, &user).await?.is_some_and(|row| row.active);
                before |= active;
                after |= active && loss.leaves(&holder, &right, &user);
            }
            if after {
                return Ok(());
            }
        }
        if before { Err(AdminError::LastAdministrator(loss.sentence())) } else { Ok(()) }
    }

    async fn users_behind(&self, tenant: &str, holder: &Holder) -> Result<Vec<String>, AdminError> {
        match holder {
            Holder::User(id) => Ok(vec![id.clone()]),
            Holder::App(_) => Ok(Vec::new()),
            Holder::Group(id) => {
                let members = self.members(tenant, id).await?.into_iter();
                Ok(members
                    .filter_map(|member| match member.holder {
                        Holder::User(id) => Some(id),
                        Holder::App(_) | Holder::Group(_) => None,
                    })
                    .collect())
            }
        }
    }
}
