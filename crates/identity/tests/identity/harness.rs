//! A server's identity service in a directory of its own.

use async_trait::async_trait;
use dayend_engine::time::Timestamp;
use dayend_identity::admin::{NewApp, NewUser};
use dayend_identity::token::{ClientCredentials, TokenAnswer, TokenError, TokenRequest};
use dayend_identity::{GrantType, Identity, IdentitySettings, keys};
use dayend_store::SqliteStore;
use dayend_store::port::{
    Group, GroupId, HistoryRow, Outcome, OwnerEpoch, Partition, Store, Write, WriteError, Writer,
};
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio::sync::Notify;

pub(crate) const ISSUER: &str = "https://dayend.example:8443";
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
pub(crate) const TENANT: &str = "bank01";
pub(crate) const USER: &str = "cneadmin";
pub(crate) const PASSWORD: &str = "the night is short";
pub(crate) const CLIENT: &str = "bank01_APPID";
pub(crate) const MY_SCOPES: &str = "urn:opc:idm:__myscopes__";
pub(crate) const OFFLINE: &str = "urn:opc:idm:__myscopes__ offline_access";

/// One user, one app with all grants.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) writer: Arc<OneByOne>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) client_secret: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut IdentitySettings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        keys::create(&dir.path().join("keys")).unwrap();
        let (store, writer, identity) = open(dir.path(), change).await;
        let password = Some(PASSWORD.into());
        let user = NewUser {
            tenant: TENANT.into(),
            name: USER.into(),
            display_name: "The Night Shift".into(),
            password,
        };
        identity.create_user("test", user, NOW).await.unwrap();
        let app = NewApp {
            tenant: TENANT.into(),
            name: "Scheduler of the bank".into(),
            client_id: Some(CLIENT.into()),
            grants: vec![
                GrantType::Password,
                GrantType::ClientCredentials,
                GrantType::RefreshToken,
            ],
            public: false,
            strict: false,
        };
        let app = identity.create_app("test", app, NOW).await.unwrap();
        let client_secret = app.secret.unwrap().expose_secret().to_owned();
        Self { dir, store, writer, identity, client_secret }
    }

    /// The same directory, opened by the next process.
    pub(crate) async fn restarted(self) -> Self {
        let Self { dir, store, client_secret, .. } = self;
        store.close().await;
        drop(store);
        let (store, writer, identity) = open(dir.path(), |_| ()).await;
        Self { dir, store, writer, identity, client_secret }
    }

    /// Another confidential app of the tenant.
    pub(crate) async fn other_app(&self, grants: &[GrantType]) -> (String, String) {
        let app = NewApp {
            tenant: TENANT.into(),
            name: "Another".into(),
            client_id: None,
            grants: grants.to_vec(),
            public: false,
            strict: true,
        };
        let app = self.identity.create_app("test", app, NOW).await.unwrap();
        (app.client_id, app.secret.unwrap().expose_secret().to_owned())
    }

    pub(crate) fn client(&self) -> Option<ClientCredentials> {
        basic(CLIENT, &self.client_secret)
    }

    pub(crate) async fn log_in(
        &self,
        password: &str,
        scope: &str,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        self.identity.token(self.log_in_request(USER, password, scope), now).await
    }

    pub(crate) fn log_in_request(&self, user: &str, password: &str, scope: &str) -> TokenRequest {
        TokenRequest {
            username: Some(user.into()),
            password: Some(SecretString::from(password)),
            scope: Some(scope.into()),
            ..request(self.client(), "password")
        }
    }

    pub(crate) async fn refresh(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<TokenAnswer, TokenError> {
        self.identity.token(refresh_request(self.client(), token, None), now).await
    }

    pub(crate) async fn history(&self) -> Vec<HistoryRow> {
        self.store.history(Partition(0), None, 0, 1000).await.unwrap()
    }
}

pub(crate) fn request(client: Option<ClientCredentials>, grant_type: &str) -> TokenRequest {
    TokenRequest { client, grant_type: grant_type.to_owned(), ..TokenRequest::default() }
}

pub(crate) fn refresh_request(
    client: Option<ClientCredentials>,
    token: &str,
    scope: Option<&str>,
) -> TokenRequest {
    let refresh_token = Some(SecretString::from(token));
    TokenRequest {
        refresh_token,
        scope: scope.map(str::to_owned),
        ..request(client, "refresh_token")
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a request takes an optional client")]
pub(crate) fn basic(client_id: &str, secret: &str) -> Option<ClientCredentials> {
    Some(ClientCredentials {
        client_id: client_id.into(),
        secret: Some(secret.into()),
        basic: true,
        ..ClientCredentials::default()
    })
}

async fn open(
    dir: &Path,
    change: impl FnOnce(&mut IdentitySettings),
) -> (Arc<SqliteStore>, Arc<OneByOne>, Arc<Identity>) {
    let store = Arc::new(SqliteStore::open(&dir.join("dayend.db")).await.unwrap());
    let taken = store.take_over(Partition(0)).await.unwrap();
    let writer = Arc::new(OneByOne {
        store: Arc::clone(&store),
        epoch: taken.epoch,
        last: tokio::sync::Mutex::new(taken.last_group),
        broken: AtomicBool::new(false),
        arrived: Notify::new(),
        hold: tokio::sync::Mutex::default(),
    });
    let mut settings = IdentitySettings::new(ISSUER, dir.join("keys"));
    change(&mut settings);
    let identity =
        Identity::open(Arc::clone(&store) as _, Arc::clone(&writer) as _, settings).unwrap();
    (store, writer, Arc::new(identity))
}

/// A group writer whose groups hold one write; it can be made to fail.
pub(crate) struct OneByOne {
    store: Arc<SqliteStore>,
    epoch: OwnerEpoch,
    last: tokio::sync::Mutex<GroupId>,
    broken: AtomicBool,
    /// Tells a test that a write has come this far.
    pub(crate) arrived: Notify,
    /// While a test holds it, no write goes on.
    pub(crate) hold: tokio::sync::Mutex<()>,
}

impl OneByOne {
    pub(crate) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }
}

#[async_trait]
impl Writer for OneByOne {
    async fn write(&self, write: Write) -> Result<Outcome, WriteError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(WriteError("the disk is full".into()));
        }
        self.arrived.notify_one();
        drop(self.hold.lock().await);
        let mut last = self.last.lock().await;
        last.0 += 1;
        let group = Group {
            id: *last,
            partition: Partition(0),
            epoch: self.epoch,
            at: NOW,
            writes: vec![write],
        };
        let outcomes =
            self.store.commit(group).await.map_err(|error| WriteError(error.to_string()))?;
        Ok(outcomes[0])
    }
}
