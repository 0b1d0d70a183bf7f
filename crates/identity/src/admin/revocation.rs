//! Ending everything that began before: sessions, refresh tokens and access tokens.

use super::rights::Holder;
use super::{AdminError, Administrator, App, User};
use crate::audit;
use crate::identity::Identity;
use crate::model::{AppSettings, UserProfile, put};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Outcome, Write};
use serde_json::{Value, json};

impl Identity {
    /// Logs a user out everywhere: whatever began before is refused from now on.
    pub async fn end_user(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        by.must_outrank(&self.rights_of(tenant, &Holder::User(user.id.clone())).await?, "user")?;
        let profile = UserProfile { valid_from: now.0, ..user.profile.clone() };
        let document = put((tenant, &user.id), &profile, None, None, user.guard());
        let detail =
            json!({ "action": "end-tokens", "tenant": tenant, "user": user.name, "id": user.id });
        let name = format!("user `{}`", shortened(&user.name));
        self.end(by, document, ("user", detail), name, now).await
    }

    /// Ends all tokens of an app, also those for users.
    pub async fn end_app(
        &self,
        by: &Administrator,
        tenant: &str,
        app: &App,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let _one_at_a_time = self.changing.lock().await;
        let rights = self.rights_of(tenant, &Holder::App(app.client_id.clone())).await?;
        by.must_outrank(&rights, "app")?;
        let settings = AppSettings { valid_from: now.0, ..app.settings.clone() };
        let document = put((tenant, &app.client_id), &settings, None, None, app.guard());
        let detail = json!({ "action": "end-tokens", "tenant": tenant, "client": app.client_id });
        let name = format!("app `{}`", shortened(&app.client_id));
        self.end(by, document, ("app", detail), name, now).await
    }

    async fn end(
        &self,
        by: &Administrator,
        document: DocumentChange,
        (event, detail): (&str, Value),
        name: String,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let history = audit::record(&by.actor, event, &detail, now);
        let with = Box::new(Write::Audit { history });
        match self.write_principal(Write::Change { documents: vec![document], with }).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(AdminError::Raced(name)),
        }
    }
}
