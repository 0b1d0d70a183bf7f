//! Deleting apps.

use super::App;
use crate::admin::rights::Holder;
use crate::admin::{AdminError, Administrator};
use crate::audit;
use crate::identity::Identity;
use crate::model::{AppSettings, remove};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, Write};
use serde_json::json;

impl Identity {
    /// Takes an app away with all that it held; its tokens end, and its client id is free again.
    pub async fn delete_app(
        &self,
        by: &Administrator,
        tenant: &str,
        app: &App,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let holder = Holder::App(app.client_id.clone());
        by.must_outrank(&self.rights_of(tenant, &holder).await?, "app")?;
        let mut documents = self.leave_all_groups(tenant, &holder).await?;
        documents.push(remove::<AppSettings>(tenant, &app.client_id, Guard::Any));
        // First the rights: another app with the same client id must not find them.
        self.take_everything(by, tenant, &holder, now).await?;
        let detail = json!({ "action": "delete", "tenant": tenant, "client": app.client_id });
        let write = Write::Change {
            documents,
            with: Box::new(Write::DeleteApp {
                tenant: tenant.to_owned(),
                client_id: app.client_id.clone(),
                history: audit::record(&by.actor, "app", &detail, now),
            }),
        };
        match self.write_principal(write).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => {
                Err(AdminError::Unknown(format!("app `{}`", shortened(&app.client_id))))
            }
        }
    }
}
