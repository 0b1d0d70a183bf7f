//! Who holds which right: what the admin API calls grants.

use super::last_administrator::Loss;
use super::rights::{Holder, Right};
use super::{AdminError, Administrator, check_name};
use crate::audit;
use crate::authenticate::ANY;
use crate::identity::Identity;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{GrantRow, Outcome, Write};
use serde_json::json;

/// A right that somebody holds directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// 32 hex digits that stand for the holder and the right.
    pub id: String,
    pub holder: Holder,
    pub right: Right,
}

impl Identity {
    /// All rights that are held in the tenant, each with its holder.
    pub async fn holdings(&self, tenant: &str) -> Result<Vec<Holding>, AdminError> {
        let rows = self.store.all_grants(tenant).await?;
        Ok(rows.iter().filter_map(|row| self.holding(row)).collect())
    }

    /// The rights that somebody holds directly.
    pub async fn holdings_of(
        &self,
        tenant: &str,
        holder: &Holder,
    ) -> Result<Vec<Holding>, AdminError> {
        let rows = self.store.grants(tenant, &holder.text()).await?;
        Ok(rows.iter().filter_map(|row| self.holding(row)).collect())
    }

    /// Gives a right to somebody who exists; to give it again changes nothing.
    pub async fn give(
        &self,
        by: &Administrator,
        tenant: &str,
        (holder, right): (Holder, Right),
        now: Timestamp,
    ) -> Result<Holding, AdminError> {
        if !by.rights.cover(&right) {
            return Err(AdminError::Forbidden(
                "you cannot grant what you do not hold yourself".to_owned(),
            ));
        }
        check_right(&right)?;
        let _one_at_a_time = self.changing.lock().await;
        self.must_exist(tenant, &holder).await?;
        let row = right.row(tenant, &holder, true);
        self.store_grant(by, row.clone(), now).await?;
        self.holding(&row).ok_or_else(|| AdminError::Raced("grant".to_owned()))
    }

    /// Takes a right away that somebody holds directly.
    pub async fn take(
        &self,
        by: &Administrator,
        tenant: &str,
        (holder, right): (&Holder, &Right),
        now: Timestamp,
    ) -> Result<(), AdminError> {
        if !by.rights.cover(right) {
            return Err(AdminError::Forbidden(
                "you cannot take away what you do not hold yourself".to_owned(),
            ));
        }
        let _one_at_a_time = self.changing.lock().await;
        self.keep_an_administrator(tenant, &Loss::Right(holder, right)).await?;
        self.store_grant(by, right.row(tenant, holder, false), now).await
    }

    /// Takes away all that somebody holds directly, because the holder goes.
    pub(super) async fn take_everything(
        &self,
        by: &Administrator,
        tenant: &str,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        for row in self.store.grants(tenant, &holder.text()).await? {
            self.store_grant(by, GrantRow { granted: false, ..row }, now).await?;
        }
        Ok(())
    }

    fn holding(&self, row: &GrantRow) -> Option<Holding> {
        let (holder, right) = (Holder::from_text(&row.grantee)?, Right::of(row)?);
        let name = format!(
            "{}/{}/{}/{}/{}",
            row.tenant, row.grantee, row.service, row.workspace, row.function
        );
        Some(Holding { id: self.keys.server.stable_id("grant", &name), holder, right })
    }

    async fn must_exist(&self, tenant: &str, holder: &Holder) -> Result<(), AdminError> {
        let (exists, what, id) = match holder {
            Holder::User(id) => (self.store.user_by_id(tenant, id).await?.is_some(), "user", id),
            Holder::App(id) => {
                let app = self.store.app(id).await?;
                (app.is_some_and(|app| app.tenant == tenant), "app", id)
            }
            Holder::Group(id) => (self.group(tenant, id).await?.is_some(), "group", id),
        };
        if exists {
            return Ok(());
        }
        Err(AdminError::Unknown(format!("{what} `{}`", shortened(id))))
    }

    async fn store_grant(
        &self,
        by: &Administrator,
        grant: GrantRow,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let detail = json!({
            "action": if grant.granted { "grant" } else { "revoke" }, "tenant": grant.tenant, "grantee": grant.grantee,
            "service": grant.service, "workspace": grant.workspace, "function": grant.function,
        });
        let history = audit::record(&by.actor, "grant", &detail, now);
        match self.write_principal(Write::PutGrant { grant, history }).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(AdminError::Raced("grant".to_owned())),
        }
    }
}

fn check_right(right: &Right) -> Result<(), AdminError> {
    match right {
        Right::Role(role) if role.is_implied() => Err(AdminError::Invalid(format!(
            "everybody has the role {} who can have it: it is not granted",
            role.as_str()
        ))),
        Right::Role(_) => Ok(()),
        Right::Function { service, workspace, .. } => {
            check_name("service", service)?;
            check_name("workspace", workspace)?;
            if service == ANY && workspace != ANY {
                return Err(AdminError::Invalid(
                    "a workspace belongs to a service: name the service too, or `*` for both"
                        .to_owned(),
                ));
            }
            Ok(())
        }
    }
}
