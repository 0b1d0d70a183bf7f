//! The user of a device says yes or no.

use super::documents::{Decision, Device, UserCode};
use crate::audit;
use crate::caller::CallerUser;
use crate::identity::Identity;
use crate::model::{Kept, put, remove};
use crate::tokens::scopes::Scopes;
use dayend_engine::time::Timestamp;
use dayend_store::port::{Guard, Outcome, StoreError, Write, WriteError};
use serde_json::json;

/// A device that waits for a decision, as its user is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingDevice {
    pub client_id: String,
    /// The app's name, for people.
    pub app: String,
    /// What it asks for.
    pub scopes: Vec<String>,
}

/// Why a user's code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("no device waits for this code: it may have expired")]
    Unknown,
    #[error("too many codes were tried, try again in {retry_after_s} s")]
    TooMany { retry_after_s: u64 },
    #[error("the decision could not be stored: {0}")]
    Unavailable(String),
}

impl From<StoreError> for DeviceError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<WriteError> for DeviceError {
    fn from(error: WriteError) -> Self {
        Self::Unavailable(error.0)
    }
}

impl Identity {
    /// The device that shows this code. Each look counts as a guess of the user's.
    pub async fn waiting_device(
        &self,
        tenant: &str,
        user: &CallerUser,
        user_code: &str,
        now: Timestamp,
    ) -> Result<WaitingDevice, DeviceError> {
        let (device, _) = self.find_device((tenant, user), user_code, now).await?;
        let app = self.known_app(&device.value.client_id, now).await?;
        let app = app.filter(|app| app.row.active).ok_or(DeviceError::Unknown)?;
        let scopes = Scopes::stored(&device.value.scope).map_err(|_| DeviceError::Unknown)?;
        Ok(WaitingDevice {
            client_id: app.row.client_id.clone(),
            app: app.row.name.clone(),
            scopes: scopes.names().to_vec(),
        })
    }

    /// Lets the device that shows this code have a token for the user, who logged in at `logged_in_at`; or refuses it.
    /// A code is good for one decision.
    pub async fn approve_device(
        &self,
        tenant: &str,
        (user, logged_in_at): (&CallerUser, Timestamp),
        user_code: &str,
        approved: bool,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let (kept, code) = self.find_device((tenant, user), user_code, now).await?;
        let approval =
            Decision::Approved { user_id: user.id.clone(), logged_in_at: logged_in_at.0 };
        let decision = if approved { approval } else { Decision::Refused };
        let decided = Device { decision, ..kept.value };
        let documents = vec![
            put(
                (tenant, &kept.id),
                &decided,
                None,
                Some(Timestamp(decided.ends_at)),
                Guard::Revision(kept.revision),
            ),
            remove::<UserCode>(tenant, &code.id, Guard::Revision(code.revision)),
        ];
        let action = if approved { "approve" } else { "refuse" };
        let detail = json!({ "tenant": tenant, "client": decided.client_id, "action": action, "user": user.name });
        let history = audit::record(&user.name, "device", &detail, now);
        let with = Box::new(Write::Audit { history });
        match self.write(Write::Change { documents, with }).await? {
            Outcome::Applied => Ok(()),
            Outcome::LostRace => Err(DeviceError::Unknown),
        }
    }

    async fn find_device(
        &self,
        (tenant, user): (&str, &CallerUser),
        user_code: &str,
        now: Timestamp,
    ) -> Result<(Kept<Device>, Kept<UserCode>), DeviceError> {
        self.device_guesses
            .take(&user.id, now)
            .map_err(|retry_after_s| DeviceError::TooMany { retry_after_s })?;
        let code = self.document::<UserCode>(tenant, &self.user_code_id(user_code)).await?;
        let code = code.ok_or(DeviceError::Unknown)?;
        let device = self.document::<Device>(tenant, &code.value.device).await?;
        let device = device.ok_or(DeviceError::Unknown)?;
        let waits = device.value.decision == Decision::Waiting && now.0 < device.value.ends_at;
        if waits { Ok((device, code)) } else { Err(DeviceError::Unknown) }
    }
}
