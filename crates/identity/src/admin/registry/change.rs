//! Changing apps.

use super::certificates::named;
use super::{App, AppDraft, settings};
use crate::admin::difference::difference;
use crate::admin::rights::Holder;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{AppSettings, Stamp, put};
use crate::random;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, Outcome, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

impl Identity {
    /// Changes an app; `app` is how it was when that was decided.
    pub async fn change_app(
        &self,
        by: &Administrator,
        tenant: &str,
        app: &App,
        draft: AppDraft,
        now: Timestamp,
    ) -> Result<App, AdminError> {
        settings::check(&draft, !app.confidential)?;
        let rights = self.rights_of(tenant, &Holder::App(app.client_id.clone())).await?;
        let switched = AppDraft { active: draft.active, ..app.draft() };
        if switched == draft && !draft.active {
            by.must_outrank(&rights, "app")?;
        } else {
            by.must_cover(&rights, "app")?;
        }
        let _one_at_a_time = self.changing.lock().await;
        self.own_scopes_alone(tenant, &app.client_id, &draft.settings).await?;
        let row = self.existing_app(tenant, &app.client_id).await?;
        let detail = json!({
            "action": "change", "tenant": tenant, "client": app.client_id, "grants": draft.grants.join(" "),
            "active": draft.active, "changed": difference(&app.draft().told(), &draft.told()),
        });
        let row = AppRow {
            name: draft.display_name,
            grants: draft.grants.join(" "),
            strict: draft.strict,
            active: draft.active,
            ..row
        };
        self.store_app(by, app, (row, named(draft.settings)), &detail, now).await
    }

    /// Gives a confidential app another secret; the old one is refused from now on.
    pub async fn regenerate_secret(
        &self,
        by: &Administrator,
        tenant: &str,
        app: &App,
        now: Timestamp,
    ) -> Result<SecretString, AdminError> {
        let rights = self.rights_of(tenant, &Holder::App(app.client_id.clone())).await?;
        by.must_cover(&rights, "app")?;
        if !app.confidential {
            return Err(AdminError::Invalid(format!(
                "the app `{}` is public and has no secret",
                shortened(&app.client_id)
            )));
        }
        let _one_at_a_time = self.changing.lock().await;
        let row = self.existing_app(tenant, &app.client_id).await?;
        let secret = random::client_secret();
        let hash = self.keys.server.hash_client_secret(&app.client_id, secret.expose_secret());
        let detail = json!({ "action": "reset-secret", "tenant": tenant, "client": app.client_id });
        let row = AppRow { secret: Some(hash), ..row };
        self.store_app(by, app, (row, app.settings.clone()), &detail, now).await?;
        Ok(secret)
    }

    async fn store_app(
        &self,
        by: &Administrator,
        app: &App,
        (row, settings): (AppRow, AppSettings),
        detail: &Value,
        now: Timestamp,
    ) -> Result<App, AdminError> {
        let (tenant, name) = (row.tenant.clone(), format!("app `{}`", shortened(&app.client_id)));
        let settings = AppSettings {
            id: app.id.clone(),
            stamp: Stamp {
                modified_by: by.author.clone(),
                modified_at: now.0,
                ..app.settings.stamp.clone()
            },
            ..settings
        };
        let document = put((&tenant, &app.client_id), &settings, None, None, app.guard());
        let history = audit::record(&by.actor, "app", detail, now);
        let write = Write::Change {
            documents: vec![document],
            with: Box::new(Write::PutApp { app: row, history }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => {
                let app = self.app_named(&tenant, &app.client_id).await?;
                app.ok_or(AdminError::Raced(name))
            }
            Outcome::LostRace => Err(AdminError::Raced(name)),
        }
    }
}
