//! Tokens that are not good enough, each for another reason.

use dayend_engine::time::Timestamp;
use dayend_identity::admin::{GrantChange, Grantee, NewApp};
use dayend_identity::caller::Function;
use dayend_identity::token::{AboutToken, ClientCredentials, TokenRequest};
use dayend_identity::{GrantType, Identity, IdentitySettings};
use dayend_testkit::app::{TENANT, TestApp, USER};
use secrecy::ExposeSecret as _;
use std::sync::Arc;

const RIVAL: &str = "rival";

/// The tokens.
pub(crate) struct Bearers {
    /// Of a user who may do everything.
    pub(crate) good: String,
    pub(crate) wrong_audience: String,
    pub(crate) expired: String,
    /// Given back by the app that got it.
    pub(crate) revoked: String,
    /// Of an app that was switched off afterwards.
    pub(crate) switched_off: String,
    /// Of an app that may do everything in another tenant.
    pub(crate) other_tenant: String,
    /// Of an app that may do nothing.
    pub(crate) without_right: String,
}

impl Bearers {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let (identity, now) = (app.service.identity(), app.service.now());
        let secret = app.client_secret.expose_secret();
        let user = |at| async move {
            let request = TokenRequest {
                username: Some(USER.to_owned()),
                password: Some(app.password.clone()),
                ..request(&app.client_id, secret, "password")
            };
            identity.token(request, at).await.unwrap().access_token
        };
        let hours_ago = Timestamp(now.0 - 7_300 * 1_000_000);
        let revoked = user(now).await;
        let given_back = AboutToken {
            token: Some(revoked.as_str().into()),
            client: Some(credentials(&app.client_id, secret)),
        };
        identity.revoke_token(given_back, now).await.unwrap();
        let (off, off_secret) = make(identity, TENANT, now).await;
        let switched_off = own(identity, &off, &off_secret, now).await;
        identity.disable_app("test", TENANT, &off, now).await.unwrap();
        let (rival, rival_secret) = make(identity, RIVAL, now).await;
        for function in Function::ALL {
            let change = GrantChange {
                tenant: RIVAL.to_owned(),
                grantee: Grantee::App(rival.clone()),
                service: "*".to_owned(),
                workspace: "*".to_owned(),
                function,
            };
            identity.grant("test", change, now).await.unwrap();
        }
        let (poor, poor_secret) = make(identity, TENANT, now).await;
        Self {
            good: user(now).await,
            wrong_audience: elsewhere(app, now).await,
            expired: user(hours_ago).await,
            revoked,
            switched_off,
            other_tenant: own(identity, &rival, &rival_secret, now).await,
            without_right: own(identity, &poor, &poor_secret, now).await,
        }
    }
}

/// A token that the same keys signed for another server.
async fn elsewhere(app: &TestApp, now: Timestamp) -> String {
    let settings = IdentitySettings::new("https://elsewhere.example", app.keys_dir());
    let (store, conductor) = (Arc::clone(&app.store), Arc::clone(&app.conductor));
    let other = Identity::open(store, conductor, settings).unwrap();
    own(&other, &app.client_id, app.client_secret.expose_secret(), now).await
}

async fn make(identity: &Identity, tenant: &str, now: Timestamp) -> (String, String) {
    let app = NewApp {
        tenant: tenant.to_owned(),
        name: "Another".to_owned(),
        client_id: None,
        grants: vec![GrantType::ClientCredentials],
        public: false,
        strict: false,
    };
    let made = identity.create_app("test", app, now).await.unwrap();
    (made.client_id, made.secret.unwrap().expose_secret().to_owned())
}

async fn own(identity: &Identity, client_id: &str, secret: &str, now: Timestamp) -> String {
    let request = request(client_id, secret, "client_credentials");
    identity.token(request, now).await.unwrap().access_token
}

fn request(client_id: &str, secret: &str, grant_type: &str) -> TokenRequest {
    TokenRequest {
        client: Some(credentials(client_id, secret)),
        grant_type: grant_type.to_owned(),
        scope: Some("urn:opc:idm:__myscopes__".to_owned()),
        ..TokenRequest::default()
    }
}

fn credentials(client_id: &str, secret: &str) -> ClientCredentials {
    ClientCredentials {
        client_id: client_id.to_owned(),
        secret: Some(secret.into()),
        basic: true,
        assertion: None,
    }
}
