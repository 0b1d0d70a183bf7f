//! Who asks for a change, and what they may do.

use super::rights::{Holder, Right, Rights};
use super::{AdminError, AppRole};
use crate::caller::Caller;
use crate::identity::Identity;
use crate::model::Author;
use dayend_store::port::StoreError;

/// In an app's `allowed_operations`: what the user may do counts, whatever the app may.
const ON_BEHALF_OF_USER: &str = "onBehalfOfUser";

/// Somebody who administers a tenant.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// For the history.
    pub actor: String,
    pub author: Author,
    pub rights: Rights,
}

impl Administrator {
    /// Whoever has the machine itself.
    pub fn on_the_machine(actor: &str) -> Self {
        let author = Author { name: actor.to_owned(), ..Author::default() };
        Self { actor: actor.to_owned(), author, rights: Rights::everything() }
    }

    /// Refuses to touch somebody with more power than who asks.
    pub(super) fn must_outrank(&self, rights: &Rights, what: &str) -> Result<(), AdminError> {
        self.must_cover(&rights.administrative(), what)
    }

    /// Refuses what would let who asks act as somebody who holds more.
    pub(super) fn must_cover(&self, rights: &Rights, what: &str) -> Result<(), AdminError> {
        if self.rights.cover_all(rights) {
            return Ok(());
        }
        Err(AdminError::Forbidden(format!("the {what} holds more than you do")))
    }
}

impl Identity {
    /// What a user, app or group holds now: directly, and through groups.
    pub async fn rights_of(&self, tenant: &str, holder: &Holder) -> Result<Rights, StoreError> {
        let grants = self.grants_of(tenant, &holder.text(), self.lately()).await?;
        Ok(Rights::of(grants.iter()))
    }

    /// The names of the roles that somebody holds, as the database has it now.
    pub(crate) async fn stored_roles_of(
        &self,
        tenant: &str,
        holder: &Holder,
    ) -> Result<Vec<String>, StoreError> {
        let rights = Rights::of(&self.stored_grants_of(tenant, &holder.text()).await?);
        let mut names: Vec<String> = rights
            .iter()
            .filter_map(|right| match right {
                Right::Role(role) => Some(role.as_str().to_owned()),
                Right::Function { .. } => None,
            })
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The caller as an administrator: with a user, what both the user and the app hold. `roles`: only these, if the token
    /// was made for some.
    pub async fn administrator(
        &self,
        caller: &Caller,
        roles: Option<&[AppRole]>,
    ) -> Result<Administrator, StoreError> {
        let (tenant, client) = (&caller.tenant, Holder::App(caller.client_id.clone()));
        let rights = match &caller.user {
            None => self.rights_of(tenant, &client).await?,
            Some(user) => {
                let own = self.rights_of(tenant, &Holder::User(user.id.clone())).await?;
                let settings = self.app_settings(tenant, &caller.client_id).await?;
                if settings.allowed_operations.iter().any(|name| name == ON_BEHALF_OF_USER) {
                    own
                } else {
                    own.meet(self.rights_of(tenant, &client).await?)
                }
            }
        };
        let rights = match roles {
            Some(roles) => rights.only(roles),
            None => rights,
        };
        let author = match &caller.user {
            Some(user) => {
                Author { kind: "User".to_owned(), id: user.id.clone(), name: user.name.clone() }
            }
            None => Author {
                kind: "App".to_owned(),
                id: self.app_id(&caller.client_id),
                name: caller.client_id.clone(),
            },
        };
        Ok(Administrator { actor: caller.actor(), author, rights })
    }

    /// The id of an app role, the same in every tenant.
    pub fn role_id(&self, name: &str) -> String {
        self.keys.server.stable_id("app-role", name)
    }

    /// The id of an app in the admin API; its client id is its name there.
    pub fn app_id(&self, client_id: &str) -> String {
        self.keys.server.stable_id("client", client_id)
    }
}
