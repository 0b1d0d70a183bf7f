//! The public app that people log in with at the command line (`dayend login`).

use dayend_engine::time::Timestamp;
use dayend_identity::admin::{AdminError, NewApp};
use dayend_identity::model::AppSettings;
use dayend_identity::{GrantType, Identity};

/// Client ids are the same for all tenants; this one belongs to the first.
const CLIENT_ID: &str = "dayend-cli";
/// Where the log-in page sends a browser back to: any port of the user's own machine.
const REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1/", "http://[::1]/"];

/// Makes the app, unless it is there.
pub(super) async fn make(
    identity: &Identity,
    by: &str,
    tenant: &str,
    now: Timestamp,
) -> Result<(), AdminError> {
    let app = NewApp {
        tenant: tenant.to_owned(),
        name: "Dayend command line".to_owned(),
        client_id: Some(CLIENT_ID.to_owned()),
        grants: vec![GrantType::AuthorizationCode, GrantType::DeviceCode, GrantType::RefreshToken],
        public: true,
        strict: false,
    };
    match identity.create_app(by, app, now).await {
        Ok(_) => {}
        Err(AdminError::Exists(_)) => return Ok(()),
        Err(error) => return Err(error),
    }
    let settings = AppSettings {
        id: uuid::Uuid::new_v4().simple().to_string(),
        description: "For people who log in at the command line with dayend login".to_owned(),
        template: "CustomBrowserMobileTemplateId".to_owned(),
        redirect_uris: REDIRECT_URIS.map(str::to_owned).into(),
        all_url_schemes_allowed: true,
        // It runs as the user who logs in, on a machine of the user's choice.
        bypass_consent: true,
        oauth_client: true,
        ..AppSettings::default()
    };
    let written = identity.put_app_settings(by, (tenant, CLIENT_ID), &settings, now).await;
    written.map(|_| ()).map_err(|error| AdminError::Unavailable(error.to_string()))
}
