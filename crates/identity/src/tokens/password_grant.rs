//! A user's name and password for a token.

use super::client::unavailable;
use super::family::Family;
use super::issue::Grant;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::passwords::LogIn;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;

impl Identity {
    pub(super) async fn password_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let (Some(name), Some(password)) = (request.username, request.password) else {
            return Err(TokenError::InvalidRequest(
                "the parameters username and password are required".to_owned(),
            ));
        };
        let scopes = Scopes::parse(request.scope.as_deref())?;
        let log_in = LogIn { tenant: &app.row.tenant, name: &name, password, from: request.from };
        let user = self.log_in(log_in, asking, now).await?;
        let user = self.with_profile(user).await.map_err(|error| unavailable(&error))?;
        let grant = Grant {
            kind: GrantType::Password,
            app,
            user: Some(&user),
            scopes: &scopes,
            family: Family::begun_at(now),
            parent: None,
            until: None,
            documents: Vec::new(),
        };
        self.issue(grant, asking, now).await?.ok_or(TokenError::InvalidClient)
    }
}
