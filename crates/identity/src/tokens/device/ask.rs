//! A device asks for its codes.

use super::documents::{
    Decision, Device, INTERVAL_S, UserCode, WAITS_S, new_device_code, new_user_code,
};
use crate::audit;
use crate::identity::Identity;
use crate::known::KnownApp;
use crate::model::put;
use crate::token::{DeviceAnswer, DeviceRequest, TokenError};
use crate::tokens::client::{allow, unavailable};
use crate::tokens::issue::with;
use crate::tokens::request::{Asking, GrantType};
use crate::tokens::scopes::Scopes;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, Write};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::sync::Arc;

impl Identity {
    /// Answers `POST /oauth2/v1/device`.
    pub async fn device(
        &self,
        request: DeviceRequest,
        now: Timestamp,
    ) -> Result<DeviceAnswer, TokenError> {
        let mut asking = Asking { grant: Some(GrantType::DeviceCode), ..Asking::default() };
        let answer = self.device_for(request, &mut asking, now).await;
        if let Err(refused) = &answer {
            self.record_refusal(&asking, refused, now).await;
        }
        answer
    }

    async fn device_for(
        &self,
        request: DeviceRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<DeviceAnswer, TokenError> {
        if request.response_type.as_deref().is_some_and(|kind| kind != "device_code") {
            return Err(TokenError::InvalidRequest(
                "the only response_type here is device_code".to_owned(),
            ));
        }
        let app = self.device_client(&request, asking, now).await?;
        allow(&app, GrantType::DeviceCode, true)?;
        let scopes = Scopes::parse(request.scope.as_deref())?;
        // Each takes room in the database until it expires, and nobody has proved anything.
        self.devices
            .take(&app.row.tenant, now)
            .map_err(|retry_after_s| TokenError::TooMany { retry_after_s })?;
        let (device_code, user_code) = (new_device_code(), new_user_code());
        match self.keep_device(&app, &scopes, (&device_code, &user_code), asking, now).await? {
            Outcome::Applied => Ok(self.device_answer(&device_code, user_code)),
            Outcome::LostRace => Err(TokenError::Unavailable),
        }
    }

    /// The app may only name itself here: it proves who it is when it asks for the token.
    async fn device_client(
        &self,
        request: &DeviceRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Arc<KnownApp>, TokenError> {
        let client = request.client.as_ref().ok_or(TokenError::InvalidClient)?;
        if client.secret.is_some() || client.assertion.is_some() {
            return self.authenticated_client(Some(client), asking, now).await;
        }
        let app = self
            .known_app(&client.client_id, now)
            .await
            .map_err(|error| unavailable(&error))?
            .filter(|app| app.row.active)
            .ok_or(TokenError::InvalidClient)?;
        asking.client = Some(app.row.client_id.clone());
        Ok(app)
    }

    async fn keep_device(
        &self,
        app: &KnownApp,
        scopes: &Scopes,
        (device_code, user_code): (&SecretString, &str),
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<Outcome, TokenError> {
        let tenant = app.row.tenant.as_str();
        let device_id = self.device_id(device_code.expose_secret());
        let code_id = self.user_code_id(user_code);
        let ends_at = now.plus_ms(WAITS_S * 1000);
        let until = Some(ends_at);
        let device = Device {
            client_id: app.row.client_id.clone(),
            scope: scopes.text(),
            user_code: code_id.clone(),
            decision: Decision::Waiting,
            ends_at: ends_at.0,
        };
        let code = UserCode { device: device_id.clone() };
        let mut documents = std::mem::take(&mut asking.spends);
        documents.push(put((tenant, &device_id), &device, None, until, Guard::Absent));
        documents.push(put((tenant, &code_id), &code, None, until, Guard::Absent));
        let detail = json!({ "tenant": tenant, "client": app.row.client_id, "action": "ask" });
        let history = audit::record(&app.row.client_id, "device", &detail, now);
        let written = self.write(with(documents, Write::Audit { history })).await;
        written.map_err(|error| unavailable(&error))
    }

    fn device_answer(&self, device_code: &SecretString, user_code: String) -> DeviceAnswer {
        let page = format!("{}/ui/v1/device", self.settings.issuer.trim_end_matches('/'));
        DeviceAnswer {
            device_code: device_code.expose_secret().to_owned(),
            verification_uri_complete: format!("{page}?user_code={user_code}"),
            verification_uri: page,
            user_code,
            expires_in: WAITS_S,
            interval: INTERVAL_S,
        }
    }
}
