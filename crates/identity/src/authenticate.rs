//! Who is behind a bearer token, and what they may do now.

use crate::caller::{Caller, CallerUser, Function};
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser, last_known};
use crate::tokens::{Times, Verified};
use aws_lc_rs::digest;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_store::port::{GrantRow, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Stands for any service or workspace in a grant.
pub(crate) const ANY: &str = "*";

/// Why a bearer token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    #[error("the access token is invalid, expired or revoked")]
    InvalidToken,
    #[error("the token cannot be checked now: {0}")]
    Unavailable(#[from] StoreError),
}

/// A token whose app and user were found active.
pub(crate) struct Authenticated {
    times: Times,
    caller: Caller,
}

/// Who is behind a token.
pub(crate) struct Live {
    pub(crate) app: Arc<KnownApp>,
    pub(crate) user: Option<Arc<KnownUser>>,
    /// It was so at this instant.
    pub(crate) since: Timestamp,
}

/// The SHA-256 of a token.
type TokenHash = [u8; 32];

impl Identity {
    /// The caller behind a bearer token: the token is ours and valid, its app and user exist and are active now.
    pub async fn authenticate(
        &self,
        bearer: &str,
        now: Timestamp,
    ) -> Result<Caller, AuthenticateError> {
        self.authenticated_at.store(now.0, Ordering::Relaxed);
        let hash = hash(bearer);
        let edition = match self.principals.callers.get(&hash, now) {
            Ok(known) if known.times.hold_at(now) => return Ok(known.caller.clone()),
            Ok(_) => return Err(AuthenticateError::InvalidToken),
            Err(edition) => edition,
        };
        let (caller, times, since) = match self.caller_of_other_issuer((hash, bearer), now).await? {
            Some((caller, times)) => (caller, times, now),
            None => self.caller_of_ours(hash, bearer, now).await?,
        };
        let known = Arc::new(Authenticated { times, caller: caller.clone() });
        // Not younger than what it rests on, so that ages do not add up.
        self.principals.callers.put(hash, known, since, edition);
        Ok(caller)
    }

    /// The caller behind a token of our own.
    async fn caller_of_ours(
        &self,
        hash: TokenHash,
        bearer: &str,
        now: Timestamp,
    ) -> Result<(Caller, Times, Timestamp), AuthenticateError> {
        let token = self.verified(hash, bearer, now).ok_or(AuthenticateError::InvalidToken)?;
        let (caller, since) = self.caller_of(&token, now).await?;
        Ok((caller, token.times(), since))
    }

    /// The caller, and when it was last looked up that everybody is active.
    async fn caller_of(
        &self,
        token: &Verified,
        now: Timestamp,
    ) -> Result<(Caller, Timestamp), AuthenticateError> {
        let live = self.live(token, now).await?.ok_or(AuthenticateError::InvalidToken)?;
        let named = |user: Arc<KnownUser>| CallerUser {
            id: user.row.id.clone(),
            name: user.row.name.clone(),
        };
        let caller = Caller {
            tenant: token.tenant.clone(),
            client_id: token.client_id.clone(),
            strict: live.app.row.strict,
            scope: Arc::clone(&token.scope),
            user: live.user.map(named),
            functions: Arc::default(),
        };
        Ok((caller, live.since))
    }

    /// Who is behind a token that was verified; none: it was revoked, or somebody is gone or switched off, or has another
    /// password since.
    pub(crate) async fn live(
        &self,
        token: &Verified,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        let (revoked, mut since) = self.is_revoked(token, now).await?;
        let (app, looked_up) = self.dated_app(&token.client_id, now).await?;
        since = since.min(looked_up);
        let app = app.filter(|app| app.row.active && app.row.tenant == token.tenant && !revoked);
        let app = app.filter(|app| app.settings.counts_since(token.began()));
        let Some(app) = app else { return Ok(None) };
        let Some(id) = &token.user_id else { return Ok(Some(Live { app, user: None, since })) };
        let (user, looked_up) = self.dated_user(&token.tenant, id, now).await?;
        since = since.min(looked_up);
        let counts = |user: &Arc<KnownUser>| {
            user.active() && user.profile.counts_for(&token.client_id, token.began())
        };
        let user = user.filter(counts);
        Ok(user.map(|user| Live { app, user: Some(user), since }))
    }

    /// Somebody who was a caller once, if app and user are still active: what they made should not outlive them.
    pub async fn caller_still(
        &self,
        tenant: &str,
        client_id: &str,
        user_id: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError> {
        self.authenticated_at.store(now.0, Ordering::Relaxed);
        let (app, _) = self.dated_app(client_id, now).await?;
        let Some(app) = app.filter(|app| app.row.active && app.row.tenant == tenant) else {
            return Ok(None);
        };
        let user = match user_id {
            None => None,
            Some(id) => {
                let (user, _) = self.dated_user(tenant, id, now).await?;
                let Some(user) = user.filter(|user| user.active()) else { return Ok(None) };
                Some(CallerUser { id: id.to_owned(), name: user.row.name.clone() })
            }
        };
        let (tenant, client_id) = (tenant.to_owned(), client_id.to_owned());
        // No token, no scope.
        let scope = Arc::from("");
        let functions = Arc::default();
        Ok(Some(Caller { tenant, client_id, strict: app.row.strict, scope, user, functions }))
    }

    /// Whether the caller holds the function in the scope. Never in another tenant.
    pub async fn holds(
        &self,
        caller: &Caller,
        scope: &Scope,
        function: Function,
    ) -> Result<bool, StoreError> {
        self.holds_any(caller, scope, &[function]).await
    }

    /// Whether the caller holds one of the functions in the scope. Never in another tenant.
    pub async fn holds_any(
        &self,
        caller: &Caller,
        scope: &Scope,
        functions: &[Function],
    ) -> Result<bool, StoreError> {
        if caller.tenant != scope.tenant {
            return Ok(false);
        }
        if functions.iter().any(|function| caller.functions.contains(function)) {
            return Ok(true);
        }
        let grants = self.grants_of(&caller.tenant, &caller.grantee(), self.lately()).await?;
        let held = |function: &Function| grants.iter().any(|grant| gives(grant, scope, *function));
        Ok(functions.iter().any(held))
    }

    /// The user of this name in the caller's tenant, if there is one who is active.
    pub async fn active_user(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<Option<CallerUser>, StoreError> {
        let (now, key) = (self.lately(), (caller.tenant.clone(), name.to_owned()));
        let edition = match self.principals.names.get(&key, now) {
            Ok(found) => return Ok(found),
            Err(edition) => edition,
        };
        let row = match self.store.user_by_name(&caller.tenant, name).await {
            Ok(row) => row,
            Err(error) => {
                return last_known(&self.principals.names, &key, error).map(|(user, _)| user);
            }
        };
        let found =
            row.filter(|user| user.active).map(|user| CallerUser { id: user.id, name: user.name });
        self.principals.names.put(key, found.clone(), now, edition);
        Ok(found)
    }

    /// Every caller was authenticated: that instant is recent enough to tell how old something remembered is.
    pub(crate) fn lately(&self) -> Timestamp {
        Timestamp(self.authenticated_at.load(Ordering::Relaxed))
    }

    fn verified(&self, hash: TokenHash, bearer: &str, now: Timestamp) -> Option<Arc<Verified>> {
        let edition = match self.verified.get(&hash, now) {
            Ok(verified) => return Some(verified).filter(|verified| verified.is_valid_at(now)),
            Err(edition) => edition,
        };
        let verified = Arc::new(self.verifier.verify(&self.keys, bearer, now)?);
        self.verified.put(hash, Arc::clone(&verified), now, edition);
        Some(verified)
    }

    /// What somebody holds: directly, and through groups.
    pub(crate) async fn grants_of(
        &self,
        tenant: &str,
        grantee: &str,
        now: Timestamp,
    ) -> Result<Arc<[GrantRow]>, StoreError> {
        let key = (tenant.to_owned(), grantee.to_owned());
        let edition = match self.principals.grants.get(&key, now) {
            Ok(grants) => return Ok(grants),
            Err(edition) => edition,
        };
        let grants: Arc<[GrantRow]> = match self.stored_grants_of(tenant, grantee).await {
            Ok(grants) => grants.into(),
            Err(error) => {
                return last_known(&self.principals.grants, &key, error).map(|(grants, _)| grants);
            }
        };
        self.principals.grants.put(key, Arc::clone(&grants), now, edition);
        Ok(grants)
    }

    /// As [`Identity::grants_of`], as the database has it now.
    pub(crate) async fn stored_grants_of(
        &self,
        tenant: &str,
        grantee: &str,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let mut grants = self.store.grants(tenant, grantee).await?;
        for group in self.group_ids_of(tenant, grantee).await? {
            grants.extend(self.store.grants(tenant, &format!("group:{group}")).await?);
        }
        Ok(grants)
    }
}

fn hash(token: &str) -> TokenHash {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    hash.as_ref().try_into().expect("a SHA-256 has 32 bytes")
}

fn gives(grant: &GrantRow, scope: &Scope, function: Function) -> bool {
    let covers = |granted: &str, asked: &str| granted == ANY || granted == asked;
    grant.granted
        && grant.tenant == scope.tenant
        && covers(&grant.service, &scope.service)
        && covers(&grant.workspace, &scope.workspace)
        && grant.function == function.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_counts_only_in_its_tenant_service_workspace_and_function() {
        let grant = |service: &str, workspace: &str, function: &str, granted| GrantRow {
            tenant: "T".to_owned(),
            grantee: "user:1".to_owned(),
            service: service.to_owned(),
            workspace: workspace.to_owned(),
            function: function.to_owned(),
            granted,
        };
        #[rustfmt::skip]
        let cases = [
            ("the scope itself",    grant("S", "W", "BATCH_EXEC", true),  "T", true),
            ("any workspace",       grant("S", "*", "BATCH_EXEC", true),  "T", true),
            ("any service",         grant("*", "*", "BATCH_EXEC", true),  "T", true),
            ("another workspace",   grant("S", "X", "BATCH_EXEC", true),  "T", false),
            ("another service",     grant("X", "*", "BATCH_EXEC", true),  "T", false),
            ("another tenant",      grant("*", "*", "BATCH_EXEC", true),  "U", false),
            ("another function",    grant("*", "*", "BATCH_VIEW", true),  "T", false),
            ("any function",        grant("*", "*", "*", true),           "T", false),
            ("taken away",          grant("S", "W", "BATCH_EXEC", false), "T", false),
        ];
        for (name, grant, tenant, want) in cases {
            let scope = Scope {
                tenant: tenant.to_owned(),
                service: "S".to_owned(),
                workspace: "W".to_owned(),
            };
            assert_eq!(gives(&grant, &scope, Function::Exec), want, "{name}");
        }
    }
}
