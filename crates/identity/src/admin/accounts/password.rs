//! Giving users other passwords.

use super::{User, UserDraft};
use crate::admin::rights::Holder;
use crate::admin::{AdminError, Administrator};
use crate::identity::Identity;
use crate::passwords::{Account, LogIn};
use crate::random;
use crate::token::TokenError;
use crate::tokens::Asking;
use dayend_engine::time::Timestamp;
use secrecy::SecretString;
use std::net::IpAddr;

/// Says no more than that.
const WRONG: &str = "the old password is wrong";

impl Identity {
    /// Gives a user another password (none: a generated one) and returns it; sessions and tokens end.
    pub async fn replace_password(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        password: Option<SecretString>,
        now: Timestamp,
    ) -> Result<SecretString, AdminError> {
        let rights = self.rights_of(tenant, &Holder::User(user.id.clone())).await?;
        by.must_cover(&rights, "user")?;
        let password = password.unwrap_or_else(random::password);
        self.store_password(by, tenant, user, password, now).await
    }

    /// Gives whoever knows the old password another one; sessions and tokens end. `from` is where the request comes from.
    pub async fn change_own_password(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        (old, new, from): (SecretString, SecretString, Option<IpAddr>),
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let asked = LogIn { tenant, name: &user.name, password: old, from };
        match self.log_in(asked, &mut Asking::default(), now).await {
            Ok(_) => {}
            Err(TokenError::InvalidGrant(_)) => {
                return Err(AdminError::Forbidden(WRONG.to_owned()));
            }
            Err(TokenError::TooMany { .. }) => return Err(AdminError::Busy),
            Err(other) => return Err(AdminError::Unavailable(other.to_string())),
        }
        self.store_password(by, tenant, user, new, now).await.map(drop)
    }

    async fn store_password(
        &self,
        by: &Administrator,
        tenant: &str,
        user: &User,
        password: SecretString,
        now: Timestamp,
    ) -> Result<SecretString, AdminError> {
        let draft = UserDraft { password: Some(password.clone()), ..user.draft() };
        self.store_user(by, tenant, user, (draft, "set-password"), now).await?;
        self.throttle.free(Account::new(tenant, &user.name));
        Ok(password)
    }
}
