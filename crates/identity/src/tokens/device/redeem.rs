//! A device asks whether its user has decided, and gets its token.

use super::documents::{Decision, Device, UserCode};
use crate::identity::Identity;
use crate::known::{KnownApp, KnownUser};
use crate::model::{Kept, remove};
use crate::token::{TokenAnswer, TokenError, TokenRequest};
use crate::tokens::client::unavailable;
use crate::tokens::family::Family;
use crate::tokens::issue::Grant;
use crate::tokens::request::{Asking, GrantType};
use crate::tokens::scopes::Scopes;
use dayend_engine::time::Timestamp;
use dayend_store::port::Guard;
use secrecy::ExposeSecret as _;

/// No device code is longer.
const DEVICE_CODE_MAX_BYTES: usize = 256;

const INVALID: TokenError =
    TokenError::InvalidGrant("the device code is unknown, another client's, or already used");

impl Identity {
    pub(in crate::tokens) async fn device_grant(
        &self,
        app: &KnownApp,
        request: TokenRequest,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let code = request.device_code.ok_or_else(|| {
            TokenError::InvalidRequest("the parameter device_code is required".to_owned())
        })?;
        let code = Some(code.expose_secret()).filter(|code| code.len() <= DEVICE_CODE_MAX_BYTES);
        let id = self.device_id(code.ok_or(INVALID)?);
        let kept = self
            .document::<Device>(&app.row.tenant, &id)
            .await
            .map_err(|error| unavailable(&error))?;
        let kept = kept.filter(|kept| kept.value.client_id == app.row.client_id).ok_or(INVALID)?;
        if kept.value.ends_at <= now.0 {
            return Err(TokenError::ExpiredToken);
        }
        match &kept.value.decision {
            Decision::Waiting if self.polls.was_patient(&id, now) => {
                Err(TokenError::AuthorizationPending)
            }
            Decision::Waiting => Err(TokenError::SlowDown),
            Decision::Refused => Err(TokenError::AccessDenied),
            Decision::Approved { user_id, logged_in_at } => {
                self.polls.forget(&id);
                let since = Timestamp(*logged_in_at);
                self.redeem_device(app, (user_id, since), &kept, asking, now).await
            }
        }
    }

    async fn redeem_device(
        &self,
        app: &KnownApp,
        (user_id, logged_in_at): (&str, Timestamp),
        kept: &Kept<Device>,
        asking: &mut Asking,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        let user =
            self.read_user(&app.row.tenant, user_id).await.map_err(|error| unavailable(&error))?;
        asking.user = user.as_ref().map(|user| user.row.name.clone());
        let counts = |user: &KnownUser| user.active() && user.profile.counts_since(logged_in_at);
        let user = user.filter(counts).ok_or(INVALID)?;
        let withdrawn_from = user.profile.withdrawn_from(&app.row.client_id);
        let scopes = Scopes::stored(&kept.value.scope)?;
        let tenant = app.row.tenant.as_str();
        let grant = Grant {
            kind: GrantType::DeviceCode,
            app,
            user: Some(&user),
            scopes: &scopes,
            family: Family::begun_at(withdrawn_from.max(logged_in_at)),
            parent: None,
            until: None,
            documents: vec![
                remove::<Device>(tenant, &kept.id, Guard::Revision(kept.revision)),
                remove::<UserCode>(tenant, &kept.value.user_code, Guard::Any),
            ],
        };
        self.issue(grant, asking, now).await?.ok_or(INVALID)
    }
}
