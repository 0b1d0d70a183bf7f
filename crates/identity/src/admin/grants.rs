//! Who may do what, where.

use super::{AdminError, check_name};
use crate::audit;
use crate::authenticate::ANY;
use crate::caller::Function;
use crate::identity::Identity;
use dayend_engine::time::Timestamp;
use dayend_store::port::{GrantRow, Outcome, Write};
use serde_json::json;

/// Who gets a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// A user, by name.
    User(String),
    /// An app, by client id.
    App(String),
}

/// A function for somebody in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantChange {
    pub tenant: String,
    pub grantee: Grantee,
    /// A service, or `*` for any.
    pub service: String,
    /// A workspace, or `*` for any.
    pub workspace: String,
    pub function: Function,
}

impl Identity {
    /// Grants a function; `by` is who does it, for the history.
    pub async fn grant(
        &self,
        by: &str,
        change: GrantChange,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        self.put_grant(by, change, true, now).await
    }

    /// Takes a function away; only the grant with this very service and workspace, not a wider one.
    pub async fn revoke(
        &self,
        by: &str,
        change: GrantChange,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        self.put_grant(by, change, false, now).await
    }

    async fn put_grant(
        &self,
        by: &str,
        change: GrantChange,
        granted: bool,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        check_name("service", &change.service)?;
        check_name("workspace", &change.workspace)?;
        if change.service == ANY && change.workspace != ANY {
            return Err(AdminError::Invalid(
                "a workspace belongs to a service: name the service too, or `*` for both"
                    .to_owned(),
            ));
        }
        let (holder, shown) = match &change.grantee {
            Grantee::User(name) => {
                (format!("user:{}", self.existing_user(&change.tenant, name).await?.id), name)
            }
            Grantee::App(client_id) => (
                format!("app:{}", self.existing_app(&change.tenant, client_id).await?.client_id),
                client_id,
            ),
        };
        let row = GrantRow {
            tenant: change.tenant,
            grantee: holder,
            service: change.service,
            workspace: change.workspace,
            function: change.function.as_str().to_owned(),
            granted,
        };
        let detail = json!({
            "action": if granted { "grant" } else { "revoke" }, "tenant": row.tenant, "grantee": row.grantee, "name": shown,
            "service": row.service, "workspace": row.workspace, "function": row.function,
        });
        let write =
            Write::PutGrant { grant: row, history: audit::record(by, "grant", &detail, now) };
        match self.write_principal(write).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => {
                Err(AdminError::Unavailable("another process changes the same grant".to_owned()))
            }
        }
    }
}
