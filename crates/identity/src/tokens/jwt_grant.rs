//! A user whom the app names in a JWT that it signed, for a token.

use super::client::unavailable;
use super::family::Family;
use super::issue::Grant;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;

/// Says no more: which users there are is nobody's business.
const INVALID: TokenError =
    TokenError::InvalidGrant("the assertion is invalid, expired, already used, or for nobody here");

impl Identity {
    pub(super) async fn jwt_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let assertion = request.assertion.ok_or_else(|| {
            TokenError::InvalidRequest("the parameter assertion is required".to_owned())
        })?;
        let scopes = Scopes::parse(request.scope.as_deref())?;
        let asserted =
            self.asserted(app, &assertion, now).await.map_err(|error| unavailable(&error))?;
        let asserted = asserted.ok_or(INVALID)?;
        let user = self
            .store
            .user_by_name(&app.row.tenant, &asserted.subject)
            .await
            .map_err(|error| unavailable(&error))?;
        asking.user = user.as_ref().map(|user| user.name.clone());
        let user = user.filter(|user| user.active).ok_or(INVALID)?;
        let user = self.with_profile(user).await.map_err(|error| unavailable(&error))?;
        let grant = Grant {
            kind: GrantType::JwtBearer,
            app,
            user: Some(&user),
            scopes: &scopes,
            family: Family::begun_at(now),
            parent: None,
            until: Some(asserted.ends_at),
            documents: vec![asserted.spends],
        };
        self.issue(grant, asking, now).await?.ok_or(INVALID)
    }
}
