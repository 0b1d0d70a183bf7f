//! Programs that can ask for tokens.

use super::{AdminError, check_name};
use crate::audit;
use crate::identity::Identity;
use crate::random;
use crate::tokens::GrantType;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, Outcome, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::collections::BTreeSet;

/// The longest client id that can be chosen.
const CLIENT_ID_MAX_CHARS: usize = 128;

/// An app to create.
#[derive(Clone, Debug)]
pub struct NewApp {
    pub tenant: String,
    pub name: String,
    /// None: 32 random hex digits. Chosen ones are letters, digits, `_` and `-`, for example `<tenant>_APPID`.
    pub client_id: Option<String>,
    pub grants: Vec<GrantType>,
    /// A public app has no secret.
    pub public: bool,
    /// Logical errors of the interface answer with 4xx.
    pub strict: bool,
}

/// An app that was created.
#[derive(Debug)]
pub struct CreatedApp {
    pub client_id: String,
    /// Shown once; none for a public app.
    pub secret: Option<SecretString>,
}

impl Identity {
    /// Creates an active app; `by` is who does it, for the history.
    pub async fn create_app(
        &self,
        by: &str,
        new: NewApp,
        now: Timestamp,
    ) -> Result<CreatedApp, AdminError> {
        check_name("app name", &new.name)?;
        check_name("tenant", &new.tenant)?;
        let grants = allowed(&new)?;
        let client_id = new.client_id.unwrap_or_else(random::id);
        check_client_id(&client_id)?;
        let secret = (!new.public).then(random::client_secret);
        let _one_at_a_time = self.changing.lock().await;
        if self.store.app(&client_id).await?.is_some() {
            return Err(AdminError::Exists(described(&client_id)));
        }
        let hashed = |secret: &SecretString| {
            self.keys.server.hash_client_secret(&client_id, secret.expose_secret())
        };
        let row = AppRow {
            client_id: client_id.clone(),
            tenant: new.tenant,
            name: new.name,
            secret: secret.as_ref().map(hashed),
            grants,
            strict: new.strict,
            active: true,
            created_at: now,
        };
        self.put_app(by, row, "create", now).await?;
        Ok(CreatedApp { client_id, secret })
    }

    /// Gives a confidential app another secret; the old one is refused from now on.
    pub async fn reset_app_secret(
        &self,
        by: &str,
        tenant: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Result<SecretString, AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let app = self.existing_app(tenant, client_id).await?;
        if app.secret.is_none() {
            return Err(AdminError::Invalid(format!(
                "the {} is public and has no secret",
                described(client_id)
            )));
        }
        let secret = random::client_secret();
        let hash = self.keys.server.hash_client_secret(client_id, secret.expose_secret());
        self.put_app(by, AppRow { secret: Some(hash), ..app }, "reset-secret", now).await?;
        Ok(secret)
    }

    /// Switches an app off: its requests and live tokens are refused from now on.
    pub async fn disable_app(
        &self,
        by: &str,
        tenant: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let app = self.existing_app(tenant, client_id).await?;
        self.put_app(by, AppRow { active: false, ..app }, "disable", now).await
    }

    /// Switches an app on again.
    pub async fn enable_app(
        &self,
        by: &str,
        tenant: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let app = self.existing_app(tenant, client_id).await?;
        self.put_app(by, AppRow { active: true, ..app }, "enable", now).await
    }

    /// The app with this id; one of another tenant does not exist.
    pub(super) async fn existing_app(
        &self,
        tenant: &str,
        client_id: &str,
    ) -> Result<AppRow, AdminError> {
        let app = self.store.app(client_id).await?.filter(|app| app.tenant == tenant);
        app.ok_or_else(|| AdminError::Unknown(described(client_id)))
    }

    async fn put_app(
        &self,
        by: &str,
        app: AppRow,
        action: &str,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let detail = json!({
            "action": action, "tenant": app.tenant, "client": app.client_id, "grants": app.grants, "active": app.active,
        });
        let name = described(&app.client_id);
        let write = Write::PutApp { app, history: audit::record(by, "app", &detail, now) };
        match self.write_principal(write).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(AdminError::Exists(name)),
        }
    }
}

/// The grants of the row. What a public app sends proves nothing, so the grants that trust the app are not for it.
fn allowed(new: &NewApp) -> Result<String, AdminError> {
    let grants: BTreeSet<GrantType> = new.grants.iter().copied().collect();
    let refused = grants.iter().find(|grant| new.public && grant.needs_secret());
    if let Some(grant) = refused {
        return Err(AdminError::Invalid(format!(
            "a public app may not use the grant type {}",
            grant.as_str()
        )));
    }
    Ok(grants.into_iter().map(GrantType::as_str).collect::<Vec<_>>().join(" "))
}

pub(super) fn check_client_id(client_id: &str) -> Result<(), AdminError> {
    let lawful =
        client_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if lawful && !client_id.is_empty() && client_id.len() <= CLIENT_ID_MAX_CHARS {
        return Ok(());
    }
    let rule = format!("1 to {CLIENT_ID_MAX_CHARS} letters, digits, `_` or `-`");
    Err(AdminError::Invalid(format!("`{}` is no client id: {rule}", shortened(client_id))))
}

fn described(client_id: &str) -> String {
    format!("app `{}`", shortened(client_id))
}
