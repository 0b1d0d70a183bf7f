//! What comes next for a request: a log-in, a question, or the answer.

use super::answer::{AuthorizeError, Redirection};
use super::request::Asked;
use crate::audit;
use crate::identity::Identity;
use crate::model::put;
use crate::sessions::Session;
use crate::token::TokenError;
use crate::tokens::Code;
use dayend_engine::time::Timestamp;
use dayend_store::port::{DocumentChange, Guard, Outcome, Write};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// A code that is not redeemed within three minutes is worth nothing.
const CODE_LIFETIME_MS: u64 = 180_000;

/// What is to be shown or done.
#[derive(Debug)]
pub enum Step {
    /// The log-in page.
    LogIn,
    /// The consent page, with the scopes that are asked for.
    Consent { scopes: Vec<String>, lifetime_s: u64 },
    /// Back to the app.
    Answer(Redirection),
}

/// What the user has done for this very request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fresh {
    pub logged_in: bool,
    pub consented: bool,
}

impl Identity {
    /// Decides, and writes the code if nothing is left to be asked. The code is durable when this returns.
    pub async fn authorize(
        &self,
        asked: &Asked,
        session: Option<&Session>,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<Step, AuthorizeError> {
        let session = session.filter(|session| session.tenant == asked.app.tenant);
        let Some(session) =
            session.filter(|session| fresh.logged_in || suffices(asked, session, now))
        else {
            if asked.prompt.none {
                return Err(asked.target.refused("login_required", "the user must log in"));
            }
            return Ok(Step::LogIn);
        };
        if asked.hint.as_ref().is_some_and(|hint| !hint.is_of(&session.tenant, &session.user.id)) {
            let problem = "another user is logged in than the one of id_token_hint";
            return Err(asked.target.refused("login_required", problem));
        }
        self.check_scopes(asked, session, now).await?;
        let consent =
            if fresh.consented { None } else { self.consent_needed(asked, session).await? };
        if let Some(scopes) = consent {
            if asked.prompt.none {
                return Err(asked.target.refused("consent_required", "the user must be asked"));
            }
            return Ok(Step::Consent { scopes, lifetime_s: self.lifetime_of(&asked.scopes) });
        }
        let remembered = fresh.consented.then(|| self.consent_document(asked, session, now));
        let remembered = match remembered {
            None => Vec::new(),
            Some(document) => vec![document.await?],
        };
        self.issue_code(asked, session, remembered, now).await.map(Step::Answer)
    }

    /// Whether the app may have what it asks for, of this user: it is told now, not when it redeems the code.
    async fn check_scopes(
        &self,
        asked: &Asked,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), AuthorizeError> {
        let app = self.known_app(&asked.app.client_id, now).await?;
        let user = self.read_user(&session.tenant, &session.user.id).await?;
        let (Some(app), Some(user)) = (app, user) else { return Err(AuthorizeError::Unavailable) };
        match self.granted(&app, Some(&user), &asked.scopes, now).await {
            Ok(_) => Ok(()),
            Err(TokenError::InvalidScope(why)) => Err(asked.target.refused("invalid_scope", &why)),
            Err(_) => Err(AuthorizeError::Unavailable),
        }
    }

    async fn issue_code(
        &self,
        asked: &Asked,
        session: &Session,
        mut documents: Vec<DocumentChange>,
        now: Timestamp,
    ) -> Result<Redirection, AuthorizeError> {
        let (secret, id) = self.new_code();
        let code = Code {
            client_id: asked.app.client_id.clone(),
            tenant: asked.app.tenant.clone(),
            user_id: session.user.id.clone(),
            session: session.id.clone(),
            sid: session.sid.clone(),
            auth_time: session.began_at.0,
            session_ends_at: session.ends_at.0,
            redirect_uri: asked.target.uri.clone(),
            challenge: asked.challenge.clone(),
            scope: asked.scopes.text(),
            nonce: asked.nonce.clone(),
            ends_at: now.plus_ms(CODE_LIFETIME_MS).0,
            made_at: now.0,
            spent: None,
        };
        let ends_at = Timestamp(code.ends_at);
        documents.push(put(("", &id), &code, None, Some(ends_at), Guard::Absent));
        let detail = json!({
            "tenant": code.tenant, "client": code.client_id, "sid": code.sid, "scope": code.scope,
        });
        let actor = format!("{}@{}", session.user.name, code.client_id);
        let with = Box::new(Write::Audit { history: audit::record(&actor, "code", &detail, now) });
        match self.write(Write::Change { documents, with }).await {
            Ok(Outcome::Applied) => Ok(asked.target.with_code(secret.expose_secret())),
            Ok(Outcome::LostRace) => Err(AuthorizeError::Unavailable),
            Err(error) => {
                tracing::error!(%error, "a code could not be stored");
                Err(AuthorizeError::Unavailable)
            }
        }
    }

    /// Records that a user said no, and answers so.
    pub async fn deny(&self, asked: &Asked, session: &Session, now: Timestamp) -> AuthorizeError {
        let detail = json!({ "tenant": asked.app.tenant, "client": asked.app.client_id, "sid": session.sid });
        let actor = format!("{}@{}", session.user.name, asked.app.client_id);
        let history = audit::record(&actor, "consent-denied", &detail, now);
        match self.write(Write::Audit { history }).await {
            Ok(_) => asked.denied(),
            Err(error) => {
                tracing::error!(%error, "a refused consent could not be stored");
                AuthorizeError::Unavailable
            }
        }
    }
}

/// Whether the session is as young as the app wants, and of the user that the app means.
fn suffices(asked: &Asked, session: &Session, now: Timestamp) -> bool {
    let age_s = now.0.saturating_sub(session.began_at.0).max(0) / 1_000_000;
    let young = asked
        .max_age_s
        .is_none_or(|max_s| max_s > 0 && u64::try_from(age_s).is_ok_and(|age_s| age_s <= max_s));
    let meant =
        asked.hint.as_ref().is_none_or(|hint| hint.is_of(&session.tenant, &session.user.id));
    young && meant && !asked.prompt.login && !asked.prompt.select_account
}
