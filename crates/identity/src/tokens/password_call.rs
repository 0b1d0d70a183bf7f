//! A token for a person's name and password alone: the app is the one that was set.

use super::client::{allow, unavailable};
use super::request::{Asking, GrantType};
use crate::credentials::form_decoded;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_engine::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::IpAddr;

/// What a person sends who wants a token without an app of the own.
#[derive(Debug)]
pub struct PasswordCall {
    /// The app for which the token is.
    pub client_id: String,
    /// As sent: perhaps percent-encoded.
    pub user: String,
    /// As sent: perhaps percent-encoded.
    pub password: SecretString,
    /// How long the token shall be valid.
    pub expires_in_s: u64,
    pub from: Option<IpAddr>,
}

impl Identity {
    /// Issues a token as the password grant does, with its throttle and its audit.
    pub async fn token_by_password(
        &self,
        call: PasswordCall,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let client = Some(call.client_id.clone());
        let asking = || Asking {
            client: client.clone(),
            grant: Some(GrantType::Password),
            ..Asking::default()
        };
        let app = match self.app_of_call(&call, now).await {
            Ok(app) => app,
            Err(refused) => {
                self.record_refusal(&asking(), &refused, now).await;
                return Err(refused);
            }
        };
        let mut answer = Err(TokenError::InvalidClient);
        for (user, password) in readings(&call) {
            let mut asking = asking();
            let request = TokenRequest {
                scope: Some(format!(
                    "urn:opc:idm:__myscopes__ urn:opc:resource:expiry={}",
                    call.expires_in_s
                )),
                username: Some(user),
                password: Some(password),
                from: call.from,
                ..TokenRequest::default()
            };
            answer = self.password_grant(&app, request, &mut asking, now).await;
            match &answer {
                Ok(_) => return answer,
                Err(refused) => self.record_refusal(&asking, refused, now).await,
            }
        }
        answer
    }

    async fn app_of_call(
        &self,
        call: &PasswordCall,
        now: Timestamp,
    ) -> Result<std::sync::Arc<KnownApp>, TokenError> {
        let app =
            self.known_app(&call.client_id, now).await.map_err(|error| unavailable(&error))?;
        let app = app.filter(|app| app.row.active).ok_or_else(|| {
            TokenError::UnauthorizedClient(
                "the app that is set for this call is not there".to_owned(),
            )
        })?;
        allow(&app, GrantType::Password, app.row.secret.is_some())?;
        Ok(app)
    }
}

/// The guide wants everything percent-encoded, and curl encodes nothing: what looks encoded is decoded first.
fn readings(call: &PasswordCall) -> Vec<(String, SecretString)> {
    let raw = (call.user.clone(), call.password.clone());
    let password = call.password.expose_secret();
    let decoded = form_decoded(&call.user).zip(form_decoded(password));
    let decoded = decoded.filter(|(user, secret)| *user != call.user || secret != password);
    let encoded = call.user.contains('%') || password.contains('%');
    match decoded.map(|(user, secret)| (user, SecretString::from(secret))) {
        None => vec![raw],
        Some(decoded) if encoded => vec![decoded, raw],
        Some(decoded) => vec![raw, decoded],
    }
}
