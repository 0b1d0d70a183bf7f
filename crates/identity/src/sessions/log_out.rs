//! Log-out at the wish of an app or of the user (OpenID Connect RP-Initiated Logout).

use super::session::Session;
use crate::authorize::Redirection;
use crate::identity::Identity;
use crate::tokens::Hint;
use dayend_engine::time::Timestamp;
use dayend_store::port::{StoreError, WriteError};

/// The longest `state` that is given back.
const STATE_MAX_BYTES: usize = 2048;

/// What an app sends along with the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOutRequest {
    pub id_token_hint: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    /// Given back byte for byte.
    pub state: Option<Vec<u8>>,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOut {
    /// Nobody has proved that the user wants it: the user must say so.
    Ask,
    /// The session is over.
    Done,
    /// It is over, and the app gets its user back.
    Back(Redirection),
}

/// Why it is not known whether the session is over.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Identity {
    /// Ends the browser's session if an ID token of its user comes along, or the user has `confirmed` it.
    pub async fn log_out(
        &self,
        request: &LogOutRequest,
        session: Option<&Session>,
        confirmed: bool,
        now: Timestamp,
    ) -> Result<LogOut, LogOutError> {
        let hint = request.id_token_hint.as_deref().and_then(|token| self.hint(token, now));
        let named = |session: &Session| {
            hint.as_ref().is_some_and(|hint| hint.is_of(&session.tenant, &session.user.id))
        };
        match (session, &hint) {
            (Some(session), _) if confirmed || named(session) => {
                self.end_session(session, now).await?;
            }
            (Some(_), _) => return Ok(LogOut::Ask),
            // Forms of other sites come without the cookie.
            (None, Some(hint)) => self.end_named(hint, now).await?,
            (None, None) => {}
        }
        let back = match &hint {
            Some(hint) => self.way_back(request, hint).await?,
            None => None,
        };
        Ok(back.map_or(LogOut::Done, LogOut::Back))
    }

    async fn end_named(&self, hint: &Hint, now: Timestamp) -> Result<(), LogOutError> {
        let user = (hint.tenant.as_str(), hint.user_id.as_str());
        if let Some(session) = self.session_by_sid(user, &hint.sid, now).await? {
            self.end_session(&session, now).await?;
        }
        Ok(())
    }

    /// Only to an address that is registered for the very app that the ID token was issued to.
    async fn way_back(
        &self,
        request: &LogOutRequest,
        hint: &Hint,
    ) -> Result<Option<Redirection>, StoreError> {
        let Some(uri) = &request.post_logout_redirect_uri else { return Ok(None) };
        let app = self.store.app(&hint.azp).await?;
        if !app.is_some_and(|app| app.active && app.tenant == hint.tenant) {
            return Ok(None);
        }
        let settings = self.app_settings(&hint.tenant, &hint.azp).await?;
        let registered = settings.post_logout_redirect_uris.contains(uri)
            && uri.bytes().all(|byte| byte.is_ascii_graphic());
        let state = request.state.clone().filter(|state| state.len() <= STATE_MAX_BYTES);
        let parameters = state.map(|state| ("state", state)).into_iter().collect();
        Ok(registered.then(|| Redirection { redirect_uri: uri.clone(), parameters }))
    }
}
