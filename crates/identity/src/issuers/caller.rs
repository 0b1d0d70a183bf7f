//! Who is behind a token of another issuer.

use super::claims::Named;
use super::issuer::Good;
use crate::authenticate::AuthenticateError;
use crate::caller::{Caller, CallerUser};
use crate::identity::Identity;
use crate::tokens::Times;
use dayend_engine::time::Timestamp;
use std::sync::Arc;

impl Identity {
    /// The caller behind a token of a configured issuer, and from when to when the token counts; none: it is of no such
    /// issuer.
    pub(crate) async fn caller_of_other_issuer(
        &self,
        token: ([u8; 32], &str),
        now: Timestamp,
    ) -> Result<Option<(Caller, Times)>, AuthenticateError> {
        let Some(issuer) = self.issuers.of(token.1) else { return Ok(None) };
        let good = self.issuers.verified(issuer, token, now).await;
        let good = good.ok_or(AuthenticateError::InvalidToken)?;
        let prefix = &issuer.settings.name;
        let by_role = issuer.settings.roles_claim.is_some();
        let user = match &good.meaning.user {
            None if by_role => None,
            None => return Err(AuthenticateError::InvalidToken),
            Some(named) if issuer.settings.users => {
                self.here_or_by_role(named, &good, by_role.then_some(prefix)).await?
            }
            Some(named) => Some(by_role_only(prefix, named)),
        };
        let caller = Caller {
            tenant: good.meaning.tenant.clone(),
            client_id: format!("{prefix}:{}", good.meaning.client),
            strict: false,
            // What a configured issuer says is for our interfaces, whatever it calls its scopes.
            scope: Arc::from("urn:opc:idm:t.security.client"),
            user,
            functions: good.meaning.functions.clone().into(),
        };
        Ok(Some((caller, good.times)))
    }

    /// The user of that name here; if there is none, and roles count, somebody who has nothing but the roles.
    async fn here_or_by_role(
        &self,
        named: &Named,
        good: &Good,
        prefix: Option<&String>,
    ) -> Result<Option<CallerUser>, AuthenticateError> {
        let row = self.store.user_by_name(&good.meaning.tenant, &named.name).await?;
        match (row, prefix) {
            (Some(row), _) => {
                let user = self.with_profile(row).await?;
                let counts = user.active() && user.profile.counts_since(good.times.issued());
                let user = counts.then_some(CallerUser { id: user.row.id, name: user.row.name });
                user.map(Some).ok_or(AuthenticateError::InvalidToken)
            }
            (None, Some(prefix)) => Ok(Some(by_role_only(prefix, named))),
            (None, None) => Err(AuthenticateError::InvalidToken),
        }
    }
}

/// No user here has such an id, so no grant is this person's.
fn by_role_only(prefix: &str, named: &Named) -> CallerUser {
    CallerUser { id: format!("{prefix}:{}", named.subject), name: named.name.clone() }
}
