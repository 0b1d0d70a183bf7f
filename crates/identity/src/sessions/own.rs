//! What a logged-in user does with the apps of the tenant.

use super::session::Session;
use crate::admin::{Holder, Right, Rights};
use crate::identity::Identity;
use crate::token::{TokenAnswer, TokenError};
use crate::tokens::{Asking, Family, Grant, GrantType, Scopes};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, StoreError};

/// Apps that a page shows.
const APPS_MAX: u32 = 500;
/// 366 days, as Oracle's page allows.
pub const PERSONAL_MINUTES_MAX: u64 = 527_040;

/// An app as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppInfo {
    pub client_id: String,
    pub name: String,
    pub active: bool,
    /// It has no secret.
    pub public: bool,
    /// `grant_type`s, separated by blanks.
    pub grants: String,
    pub redirect_uris: Vec<String>,
}

impl Identity {
    /// Whether the session's user administers users, apps and grants: by a function or a role, directly or through a group.
    pub async fn is_administrator(&self, session: &Session) -> Result<bool, StoreError> {
        let holder = Holder::User(session.user.id.clone());
        let rows = self.stored_grants_of(&session.tenant, &holder.text()).await?;
        Ok(Rights::of(&rows).iter().any(Right::is_everything))
    }

    /// The apps of the session's tenant.
    pub async fn apps_of(&self, session: &Session) -> Result<Vec<AppInfo>, StoreError> {
        let rows = self.store.apps(&session.tenant, "", APPS_MAX).await?;
        Ok(rows.into_iter().map(|row| info(row, Vec::new())).collect())
    }

    /// One of them.
    pub async fn app_of(
        &self,
        session: &Session,
        client_id: &str,
    ) -> Result<Option<AppInfo>, StoreError> {
        let row = self.store.app(client_id).await?.filter(|app| app.tenant == session.tenant);
        let Some(row) = row else { return Ok(None) };
        let settings = self.app_settings(&session.tenant, client_id).await?;
        Ok(Some(info(row, settings.redirect_uris)))
    }

    /// Those for which a user can make a token: they act for people anyway.
    pub async fn apps_for_people(&self, session: &Session) -> Result<Vec<AppInfo>, StoreError> {
        let mut apps = self.apps_of(session).await?;
        apps.retain(|app| app.active && !app.public && acts_for_people(&app.grants));
        Ok(apps)
    }

    /// A token of the session's user for an app, without a program that asks for it.
    pub async fn personal_token(
        &self,
        session: &Session,
        client_id: &str,
        scope: &str,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let unavailable = |error: StoreError| {
            tracing::error!(%error, "a personal token could not be made because the store failed");
            TokenError::Unavailable
        };
        let app = self.known_app(client_id, now).await.map_err(unavailable)?;
        let fits = |row: &AppRow| {
            row.active
                && row.tenant == session.tenant
                && row.secret.is_some()
                && acts_for_people(&row.grants)
        };
        let app = app.filter(|app| fits(&app.row)).ok_or(TokenError::InvalidClient)?;
        let user = self.read_user(&session.tenant, &session.user.id).await.map_err(unavailable)?;
        let user = user.filter(crate::known::KnownUser::active).ok_or(TokenError::AccessDenied)?;
        let scopes = Scopes::parse(Some(scope))?;
        let grant = Grant {
            kind: GrantType::JwtBearer,
            app: &app,
            user: Some(&user),
            scopes: &scopes,
            family: Family::begun_at(session.began_at.max(user.profile.withdrawn_from(client_id))),
            parent: None,
            until: None,
            documents: Vec::new(),
        };
        let answer = self.issue(grant, &mut Asking::default(), now).await?;
        answer.ok_or(TokenError::Unavailable)
    }
}

fn info(row: AppRow, redirect_uris: Vec<String>) -> AppInfo {
    AppInfo {
        public: row.secret.is_none(),
        client_id: row.client_id,
        name: row.name,
        active: row.active,
        grants: row.grants,
        redirect_uris,
    }
}

fn acts_for_people(grants: &str) -> bool {
    let people = [GrantType::Password, GrantType::AuthorizationCode, GrantType::JwtBearer];
    grants.split_ascii_whitespace().any(|grant| people.iter().any(|own| own.as_str() == grant))
}
