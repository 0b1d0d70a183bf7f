//! Making apps.

use super::certificates::named;
use super::{RegisteredApp, Registration, settings};
use crate::admin::apps::check_client_id;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{AppSettings, Stamp, put};
use crate::random;
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, Guard, Outcome, Write};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::collections::BTreeSet;

impl Identity {
    /// Makes an app with its settings.
    pub async fn register_app(
        &self,
        by: &Administrator,
        tenant: &str,
        new: Registration,
        now: Timestamp,
    ) -> Result<RegisteredApp, AdminError> {
        settings::check(&new.draft, new.public)?;
        let client_id = new.client_id.unwrap_or_else(random::id);
        check_client_id(&client_id)?;
        let name = format!("app `{}`", shortened(&client_id));
        let secret = (!new.public).then(random::client_secret);
        let _one_at_a_time = self.changing.lock().await;
        if self.store.app(&client_id).await?.is_some() {
            return Err(AdminError::Exists(name));
        }
        self.own_scopes_alone(tenant, &client_id, &new.draft.settings).await?;
        let told = new.draft.told();
        let row = AppRow {
            secret: secret.as_ref().map(|secret| {
                self.keys.server.hash_client_secret(&client_id, secret.expose_secret())
            }),
            client_id: client_id.clone(),
            tenant: tenant.to_owned(),
            name: new.draft.display_name,
            grants: new.draft.grants.join(" "),
            strict: new.draft.strict,
            active: new.draft.active,
            created_at: now,
        };
        let kept = AppSettings {
            id: self.app_id(&client_id),
            // Of an app that had the same client id before, no token counts. Tokens tell the millisecond in which they began.
            valid_from: now.0 - now.0.rem_euclid(1000),
            stamp: Stamp { created_by: by.author.clone(), ..Stamp::default() },
            ..named(new.draft.settings)
        };
        let detail = json!({
            "action": "create", "tenant": tenant, "client": client_id, "grants": row.grants, "active": row.active, "set": told,
        });
        let history = audit::record(&by.actor, "app", &detail, now);
        let write = Write::Change {
            documents: vec![put((tenant, &client_id), &kept, None, None, Guard::Absent)],
            with: Box::new(Write::PutApp { app: row, history }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => {
                let app = self.app_named(tenant, &client_id).await?;
                let app = app.ok_or(AdminError::Raced(name))?;
                Ok(RegisteredApp { app, secret })
            }
            Outcome::LostRace => Err(AdminError::Exists(name)),
        }
    }

    /// A fully qualified scope belongs to one app.
    pub(super) async fn own_scopes_alone(
        &self,
        tenant: &str,
        client_id: &str,
        settings: &AppSettings,
    ) -> Result<(), AdminError> {
        let Some(audience) = &settings.audience else { return Ok(()) };
        let wanted: BTreeSet<String> =
            settings.scopes.iter().map(|scope| format!("{audience}{}", scope.value)).collect();
        for kept in self.all_documents::<AppSettings>(tenant, None).await? {
            if kept.id == client_id {
                continue;
            }
            let theirs = kept.value.audience.as_deref().unwrap_or_default();
            let mut scopes =
                kept.value.scopes.iter().map(|scope| format!("{theirs}{}", scope.value));
            if let Some(taken) = scopes.find(|scope| wanted.contains(scope)) {
                return Err(AdminError::Exists(format!("scope `{}`", shortened(&taken))));
            }
        }
        Ok(())
    }
}
