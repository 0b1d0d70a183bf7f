//! A name and a password: the one door behind all ways to log in.

use super::{Attempt, PASSWORD_MAX_BYTES};
use crate::identity::Identity;
use crate::token::TokenError;
use crate::tokens::Asking;
use dayend_engine::time::Timestamp;
use dayend_store::port::UserRow;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;

/// The longest user name that is looked up.
const USER_NAME_MAX_BYTES: usize = 512;
/// When a log-in may be tried again that found too many others before it.
const BUSY_RETRY_S: u64 = 1;

const WRONG: TokenError = TokenError::InvalidGrant("the user name or the password is wrong");

/// What somebody typed who wants to log in.
#[derive(Debug)]
pub(crate) struct LogIn<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) name: &'a str,
    pub(crate) password: SecretString,
    /// The address of the person or program; none: it does not come over a network.
    pub(crate) from: Option<IpAddr>,
}

impl Identity {
    /// The user with this name and password. Unknown, switched off and wrong get the same answer after the same work;
    /// guesses are slowed down. `asking.user` is set if there is such a user.
    pub(crate) async fn log_in(
        &self,
        log_in: LogIn<'_>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<UserRow, TokenError> {
        let LogIn { tenant, name, password, from } = log_in;
        if name.len() > USER_NAME_MAX_BYTES || password.expose_secret().len() > PASSWORD_MAX_BYTES {
            return Err(WRONG);
        }
        let attempt = Attempt::new(tenant, name, from);
        self.throttle
            .begin(attempt, now)
            .map_err(|retry_after_s| TokenError::TooMany { retry_after_s })?;
        let user = match self.store.user_by_name(tenant, name).await {
            Ok(user) => user,
            Err(error) => {
                self.throttle.was_not_checked(attempt, now);
                tracing::error!(%error, "a log-in could not be checked because the store failed");
                return Err(TokenError::Unavailable);
            }
        };
        asking.user = user.as_ref().map(|user| user.name.clone());
        let hash = user.as_ref().map(|user| user.password.clone());
        let Ok(right) = self.hasher.verify(hash, password.clone()).await else {
            self.throttle.was_not_checked(attempt, now);
            return Err(TokenError::TooMany { retry_after_s: BUSY_RETRY_S });
        };
        let user = user.filter(|user| right && user.active).ok_or(WRONG)?;
        self.throttle.was_right(attempt, now);
        self.renew_hash(&user, password, now).await;
        Ok(user)
    }
}
