//! A new password: chosen by who knows the old one, or by who can read the user's mail.

use super::begin::{Begun, LogInError};
use super::session::Session;
use crate::audit;
use crate::identity::Identity;
use crate::model::put;
use crate::passwords::{self, Account, WeakPassword};
use crate::tokens::Asking;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, Outcome, UserRow, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::net::IpAddr;

/// Why the password is still the old one.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The old password is wrong, or cannot be checked now.
    #[error(transparent)]
    LogIn(#[from] LogInError),
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The link is unknown, used or too old.
    #[error("the link is no longer good")]
    BadLink,
}

impl Identity {
    /// Checks the password of whoever sits at the browser of a session once more.
    pub async fn confirm_password(
        &self,
        session: &Session,
        password: SecretString,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), LogInError> {
        self.confirmed(session, password, from, now).await.map(drop)
    }

    /// Replaces the password; all sessions and tokens that began before end, and a new session begins.
    pub async fn change_password(
        &self,
        session: &Session,
        (old, new): (SecretString, SecretString),
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Begun, PasswordError> {
        let user = self.confirmed(session, old, from, now).await?;
        let user = self.with_password(user, new).await?;
        self.put_password(&user, ("change-password", &session.actor()), Vec::new(), now).await?;
        Ok(self.begin_session_of(&user, "change-password", now).await?)
    }

    async fn confirmed(
        &self,
        session: &Session,
        password: SecretString,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<UserRow, LogInError> {
        let mut asking = Asking::default();
        let (tenant, name) = (session.tenant.as_str(), session.user.name.as_str());
        let typed = passwords::LogIn { tenant, name, password, from };
        match self.log_in(typed, &mut asking, now).await {
            Ok(user) if user.id == session.user.id => Ok(user),
            // Another user has the name by now.
            Ok(_) => Err(LogInError::Wrong),
            Err(refused) => {
                self.record_refusal_of("session-refused", &asking, &refused, now).await;
                Err(refused.into())
            }
        }
    }

    /// The user's row with the hash of another password, if that one is good enough.
    pub(super) async fn with_password(
        &self,
        user: UserRow,
        password: SecretString,
    ) -> Result<UserRow, PasswordError> {
        passwords::check(password.expose_secret(), &user.name)?;
        let hashed = self.hasher.hash(password).await;
        let password = hashed.map_err(|_| LogInError::TooMany { retry_after_s: 1 })?;
        Ok(UserRow { password, ..user })
    }

    /// Stores the row, ends everything that began before, and changes the documents; all or nothing.
    pub(super) async fn put_password(
        &self,
        user: &UserRow,
        (action, actor): (&str, &str),
        mut documents: Vec<DocumentChange>,
        now: Timestamp,
    ) -> Result<(), PasswordError> {
        let unavailable = |error: &dyn std::error::Error| {
            tracing::error!(%error, "a password could not be changed because the store failed");
            PasswordError::LogIn(LogInError::Unavailable)
        };
        let _one_at_a_time = self.changing.lock().await;
        let current = self.store.user_by_id(&user.tenant, &user.id).await;
        let current = current.map_err(|error| unavailable(&error))?;
        let current = current.filter(|current| current.active).ok_or(PasswordError::BadLink)?;
        let profile = self.user_profile(&user.tenant, &user.id).await;
        let mut profile = profile.map_err(|error| unavailable(&error))?;
        // Tokens count their beginning in milliseconds: those of the session that begins now must not be too old.
        profile.valid_from = now.0.div_euclid(1000) * 1000;
        documents.push(put((&user.tenant, &user.id), &profile, None, None, Guard::Any));
        let detail = json!({ "action": action, "tenant": user.tenant, "user": user.name, "id": user.id, "active": true });
        let history = audit::record(actor, "user", &detail, now);
        let row = UserRow { password: user.password.clone(), ..current };
        let with = Box::new(Write::PutUser { user: row, history });
        let written = self.write_principal(Write::Change { documents, with }).await;
        match written.map_err(|error| unavailable(&error))? {
            Outcome::Applied => {
                self.throttle.free(Account::new(&user.tenant, &user.name));
                Ok(())
            }
            Outcome::LostRace => Err(PasswordError::BadLink),
        }
    }
}
