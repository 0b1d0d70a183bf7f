//! A log-in on a page: the same check and the same throttle as everywhere.

use super::cookie;
use super::session::{Session, SessionDocument};
use crate::audit;
use crate::caller::CallerUser;
use crate::identity::Identity;
use crate::model::put;
use crate::passwords;
use crate::random;
use crate::token::TokenError;
use crate::tokens::Asking;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, UserRow, Write};
use secrecy::SecretString;
use serde_json::json;
use std::net::IpAddr;

/// What somebody typed.
#[derive(Debug)]
pub struct LogIn {
    pub tenant: String,
    pub name: String,
    pub password: SecretString,
    /// The address of the browser.
    pub from: Option<IpAddr>,
}

/// A session that began, and the text for the browser.
#[derive(Debug)]
pub struct Begun {
    pub session: Session,
    pub cookie: SecretString,
}

/// Why no session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogInError {
    /// Unknown, switched off, wrong password: nobody learns which.
    #[error("the user name or the password is wrong")]
    Wrong,
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany { retry_after_s: u64 },
    #[error("nobody can log in just now, try again in a moment")]
    Unavailable,
}

impl Identity {
    /// Checks a name and a password, and begins a session under a new secret. Durable when this returns.
    pub async fn begin_session(&self, log_in: LogIn, now: Timestamp) -> Result<Begun, LogInError> {
        let mut asking = Asking::default();
        let LogIn { tenant, name, password, from } = log_in;
        let typed = passwords::LogIn { tenant: &tenant, name: &name, password, from };
        match self.log_in(typed, &mut asking, now).await {
            Ok(user) => self.begin_session_of(&user, "begin", now).await,
            Err(refused) => {
                self.record_refusal_of("session-refused", &asking, &refused, now).await;
                Err(refused.into())
            }
        }
    }

    /// Begins a session of a user who has proved who it is.
    pub(crate) async fn begin_session_of(
        &self,
        user: &UserRow,
        action: &str,
        now: Timestamp,
    ) -> Result<Begun, LogInError> {
        let secret = cookie::secret();
        let session = Session {
            tenant: user.tenant.clone(),
            user: CallerUser { id: user.id.clone(), name: user.name.clone() },
            display_name: user.display_name.clone(),
            sid: random::id(),
            began_at: now,
            ends_at: now.plus_ms(self.settings.session_s.saturating_mul(1000)),
            id: self.keys.server.secret_id("session", &secret),
        };
        let document = SessionDocument {
            sid: session.sid.clone(),
            tenant: session.tenant.clone(),
            user_id: session.user.id.clone(),
            began_at: session.began_at.0,
            ends_at: session.ends_at.0,
        };
        let parent = SessionDocument::parent_of(&user.tenant, &user.id);
        let change =
            put(("", &session.id), &document, Some(&parent), Some(session.ends_at), Guard::Absent);
        let detail = json!({ "action": action, "tenant": session.tenant, "user": session.user.name, "sid": session.sid });
        let history = audit::record(&session.actor(), "session", &detail, now);
        let with = Box::new(Write::Audit { history });
        match self.write(Write::Change { documents: vec![change], with }).await {
            Ok(Outcome::Applied) => {
                Ok(Begun { session, cookie: cookie::written(&self.keys, &secret, now) })
            }
            Ok(Outcome::LostRace) => Err(LogInError::Unavailable),
            Err(error) => {
                tracing::error!(%error, "a log-in could not be stored");
                Err(LogInError::Unavailable)
            }
        }
    }
}

impl From<TokenError> for LogInError {
    fn from(refused: TokenError) -> Self {
        match refused {
            TokenError::TooMany { retry_after_s } => Self::TooMany { retry_after_s },
            TokenError::Unavailable => Self::Unavailable,
            TokenError::InvalidRequest(_)
            | TokenError::InvalidClient
            | TokenError::InvalidGrant(_)
            | TokenError::UnauthorizedClient(_)
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidScope(_)
            | TokenError::InvalidTarget(_)
            | TokenError::AuthorizationPending
            | TokenError::SlowDown
            | TokenError::ExpiredToken
            | TokenError::AccessDenied => Self::Wrong,
        }
    }
}
