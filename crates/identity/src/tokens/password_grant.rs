//! A user's name and password for a token.

use super::claims::Subject;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::identity::Identity;
use crate::passwords::LogIn;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use dayend_store::port::AppRow;

impl Identity {
    pub(super) async fn password_grant(
        &self,
        app: &AppRow,
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
        let log_in = LogIn { tenant: &app.tenant, name: &name, password, from: request.from };
        let user = self.log_in(log_in, asking, now).await?;
        let subject = Subject { app, user: Some(&user) };
        self.issue(&subject, &scopes, GrantType::Password, now).await
    }
}
