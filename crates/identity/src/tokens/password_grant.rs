//! A user's name and password for a token.

use super::client::unavailable;
use super::family::Family;
use super::issue::Grant;
use super::request::{Asking, GrantType};
use super::scopes::Scopes;
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::passwords::{Account, PASSWORD_MAX_BYTES};
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

/// The longest user name that is looked up.
const USER_NAME_MAX_BYTES: usize = 512;
/// When a log-in may be tried again that found too many others before it.
const BUSY_RETRY_S: u64 = 1;

const WRONG: TokenError = TokenError::InvalidGrant("the user name or the password is wrong");

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
        let user = self.log_in(&app.row.tenant, &name, password, asking, now).await?;
        let grant = Grant {
            kind: GrantType::Password,
            app,
            user: Some(&user),
            scopes: &scopes,
            family: Family::begun_at(now),
            until: None,
            documents: Vec::new(),
        };
        self.issue(grant, asking, now).await?.ok_or(TokenError::InvalidClient)
    }

    /// The user with this name and password. Unknown, switched off and wrong get the same answer after the same work.
    pub(crate) async fn log_in(
        &self,
        tenant: &str,
        name: &str,
        password: SecretString,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<KnownUser, TokenError> {
        if name.len() > USER_NAME_MAX_BYTES || password.expose_secret().len() > PASSWORD_MAX_BYTES {
            return Err(WRONG);
        }
        let account = Account::new(tenant, name);
        self.throttle
            .begin(account, now)
            .map_err(|retry_after_s| TokenError::TooMany { retry_after_s })?;
        let user = match self.store.user_by_name(tenant, name).await {
            Ok(user) => user,
            Err(error) => {
                self.throttle.was_not_checked(account, now);
                return Err(unavailable(&error));
            }
        };
        asking.user = user.as_ref().map(|user| user.name.clone());
        let Ok(right) =
            self.hasher.verify(user.as_ref().map(|user| user.password.clone()), password).await
        else {
            self.throttle.was_not_checked(account, now);
            return Err(TokenError::TooMany { retry_after_s: BUSY_RETRY_S });
        };
        let user = user.filter(|user| right && user.active).ok_or(WRONG)?;
        let user = self.with_profile(user).await.map_err(|error| unavailable(&error))?;
        self.throttle.was_right(account);
        Ok(user)
    }
}
