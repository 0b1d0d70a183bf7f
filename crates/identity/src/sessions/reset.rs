//! A forgotten password: a link by mail, good once and for half an hour.

use super::begin::LogInError;
use super::password::PasswordError;
use crate::admin::Administrator;
use crate::audit;
use crate::identity::Identity;
use crate::model::{Document, Kept, UserProfile, put, remove};
use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, StoreError, UserRow, Write};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a link is good.
const LIFETIME_MS: u64 = 1_800_000;
/// Links of one user that are good at a time; more are not sent.
const LINKS_MAX: usize = 3;
/// 32 random bytes in base64.
const SECRET_CHARS: usize = 43;
/// Names are looked up to this length.
const NAME_MAX_BYTES: usize = 512;

/// A link that was made, under the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ResetLink {
    tenant: String,
    user_id: String,
    /// In microseconds.
    ends_at: i64,
}

impl Document for ResetLink {
    const KIND: &'static str = "password-reset";
}

/// What is sent to whom.
#[derive(Debug)]
pub struct ResetMail {
    pub to: String,
    pub display_name: String,
    /// Belongs into the link, and nowhere else.
    pub secret: SecretString,
}

impl Identity {
    /// Makes a link for a user who can log in and has an address; none: there is nobody to send it to, or enough was sent.
    pub async fn begin_reset(
        &self,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<ResetMail>, LogInError> {
        self.make_reset_link("anonymous", tenant, name, now).await
    }

    /// The same, because an administrator wants it.
    pub async fn begin_reset_by(
        &self,
        by: &Administrator,
        (tenant, name): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<ResetMail>, LogInError> {
        self.make_reset_link(&by.actor, tenant, name, now).await
    }

    async fn make_reset_link(
        &self,
        actor: &str,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<ResetMail>, LogInError> {
        if name.len() > NAME_MAX_BYTES || name.contains('\0') {
            return Ok(None);
        }
        let Some((user, to)) = self.reachable(tenant, name).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let parent = parent_of(tenant, &user.id);
        let earlier = self.documents::<ResetLink>("", Some(&parent), "", 100).await;
        let earlier = earlier.map_err(unavailable)?;
        if earlier.iter().filter(|link| now.0 < link.value.ends_at).count() >= LINKS_MAX {
            return Ok(None);
        }
        let secret = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        let ends_at = now.plus_ms(LIFETIME_MS);
        let link =
            ResetLink { tenant: tenant.to_owned(), user_id: user.id.clone(), ends_at: ends_at.0 };
        let id = self.keys.server.secret_id("password-reset", &secret);
        let documents = vec![put(("", &id), &link, Some(&parent), Some(ends_at), Guard::Absent)];
        let detail =
            json!({ "action": "reset-link", "tenant": tenant, "user": user.name, "id": user.id });
        let with = Box::new(Write::Audit { history: audit::record(actor, "user", &detail, now) });
        let written = self.write(Write::Change { documents, with }).await;
        let outcome = written.map_err(unavailable)?;
        let mail =
            ResetMail { to, display_name: user.display_name, secret: SecretString::from(secret) };
        Ok((outcome == Outcome::Applied).then_some(mail))
    }

    /// An active user with an address.
    async fn reachable(
        &self,
        tenant: &str,
        name: &str,
    ) -> Result<Option<(UserRow, String)>, StoreError> {
        let user = self.store.user_by_name(tenant, name).await?.filter(|user| user.active);
        let Some(user) = user else { return Ok(None) };
        let profile = self.user_profile(tenant, &user.id).await?;
        Ok(address(&profile).map(|to| (user, to)))
    }

    /// Whether a link is still good, before somebody thinks of a password.
    pub async fn is_reset_link(&self, secret: &str, now: Timestamp) -> Result<bool, LogInError> {
        self.reset_link(secret, now).await.map(|link| link.is_some())
    }

    /// Uses a link up for a new password; a password that is too weak uses up nothing.
    pub async fn finish_reset(
        &self,
        secret: &str,
        password: SecretString,
        now: Timestamp,
    ) -> Result<(), PasswordError> {
        let link = self.reset_link(secret, now).await?.ok_or(PasswordError::BadLink)?;
        let found = self.store.user_by_id(&link.value.tenant, &link.value.user_id).await;
        let user = found.map_err(|error| {
            tracing::error!(%error, "a user could not be looked up");
            LogInError::Unavailable
        })?;
        let user = user.filter(|user| user.active).ok_or(PasswordError::BadLink)?;
        let user = self.with_password(user, password).await?;
        let spent = remove::<ResetLink>("", &link.id, Guard::Revision(link.revision));
        let actor = format!("{}@mail", user.name);
        self.put_password(&user, ("reset-password", &actor), vec![spent], now).await
    }

    async fn reset_link(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Kept<ResetLink>>, LogInError> {
        if secret.len() != SECRET_CHARS {
            return Ok(None);
        }
        let id = self.keys.server.secret_id("password-reset", secret);
        let link = self.document::<ResetLink>("", &id).await.map_err(|error| {
            tracing::error!(%error, "a link could not be looked up");
            LogInError::Unavailable
        })?;
        let Some(link) = link.filter(|link| now.0 < link.value.ends_at) else { return Ok(None) };
        let profile = self.user_profile(&link.value.tenant, &link.value.user_id).await;
        let profile = profile.map_err(|_| LogInError::Unavailable)?;
        // Another link, or the user, was faster.
        let made_us = i64::try_from(LIFETIME_MS * 1000).unwrap_or(i64::MAX);
        let made_at = Timestamp(link.value.ends_at.saturating_sub(made_us));
        Ok(profile.counts_since(made_at).then_some(link))
    }
}

fn unavailable(error: impl std::error::Error) -> LogInError {
    tracing::error!(%error, "a link could not be made because the store failed");
    LogInError::Unavailable
}

fn parent_of(tenant: &str, user_id: &str) -> String {
    format!("{tenant}/{user_id}")
}

/// The address for recovery, else the primary one, else any.
fn address(profile: &UserProfile) -> Option<String> {
    let emails = &profile.emails;
    let chosen = emails
        .iter()
        .find(|email| email.kind == "recovery")
        .or_else(|| emails.iter().find(|email| email.primary))
        .or_else(|| emails.first());
    chosen.map(|email| email.value.clone()).filter(|address| address.contains('@'))
}
