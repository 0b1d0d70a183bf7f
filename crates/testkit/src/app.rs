//! A whole server in the process: real store, identity, conductor and router; executors real or scripted.

use crate::clock::ShiftedClock;
use crate::flaky::Flaky;
use crate::scripted::Scripted;
use dayend_engine::codes::Scope;
use dayend_executor::Executors;
use dayend_executor::settings::Settings;
use dayend_files::Vault;
use dayend_identity::admin::{GrantChange, Grantee, NewApp, NewUser};
use dayend_identity::caller::{Caller, CallerUser, Function};
use dayend_identity::{GrantType, Identity, IdentitySettings};
use dayend_service::admission::RateLimits;
use dayend_service::clock::{Clock, SystemClock};
use dayend_service::conductor::input::{Answer, Command};
use dayend_service::conductor::{Conductor, ConductorSettings};
use dayend_service::files::{Exchange, ExchangeParts, FileSettings, serve_attempts};
use dayend_service::requests::{RunRequest, RunStatus, SourceFile, TriggerParams, TriggerRequest};
use dayend_service::use_cases::{Parts, Service};
use dayend_store::SqliteStore;
use dayend_store::port::{Partition, Store, Writer};
use dayend_web::app::{App, WebSettings};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The tenant of all tests.
pub const TENANT: &str = "acme";
/// The user who may do everything.
pub const USER: &str = "operator";
/// The base URL of the server under test.
pub const BASE_URL: &str = "https://127.0.0.1:8443";
/// Nothing is won by waiting longer for a store that fails because the test says so.
const RETRY_PAUSE: Duration = Duration::from_millis(1);
/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Small enough to be used up by a test.
pub const FILE_SETTINGS: FileSettings = FileSettings {
    link_life: Duration::from_hours(24),
    link_life_max: Duration::from_hours(7 * 24),
    file_max_bytes: 8 << 20,
    tenant_max_bytes: 16 << 20,
    tenant_max_files: 100,
    keep_free_bytes: 0,
    transfers: 32,
    tenant_bytes_per_s: None,
    keep_days: Some(30),
};

/// A server without sockets.
pub struct TestApp {
    pub service: Arc<Service>,
    pub conductor: Arc<Conductor>,
    pub store: Arc<dyn Store>,
    pub app: App,
    pub scripted: Arc<Scripted>,
    pub clock: Arc<ShiftedClock>,
    pub scope: Scope,
    pub caller: Caller,
    pub client_id: String,
    pub client_secret: SecretString,
    pub password: SecretString,
    dir: Arc<TempDir>,
}

impl std::fmt::Debug for TestApp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TestApp").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl TestApp {
    /// A fresh server with tenant [`TENANT`] and user [`USER`], whose tasks do as the script says.
    pub async fn new() -> Self {
        Self::open(Arc::new(TempDir::new().expect("a temporary directory can be made")), |store| {
            store
        })
        .await
    }

    /// As [`TestApp::new`], with a store that is wrapped first.
    pub async fn with_store(wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        Self::open(Arc::new(TempDir::new().expect("a temporary directory can be made")), wrap).await
    }

    /// As [`TestApp::new`], with a store that fails as the test says.
    pub async fn flaky() -> (Self, Arc<Flaky>) {
        let mut flaky = None;
        let app = Self::with_store(|store| flaky.insert(Flaky::new(store)).clone()).await;
        (app, flaky.expect("the store was wrapped"))
    }

    /// A server over a store in memory that fails as the test says: without threads and disks, so that nothing depends on
    /// how busy the machine is. Whoever calls may do everything.
    pub async fn in_memory() -> (Self, Arc<Flaky>) {
        let dir = Arc::new(TempDir::new().expect("a temporary directory can be made"));
        let flaky = Flaky::new(crate::simulation::memory_store());
        let app = Self::open_over(dir, flaky.clone(), Some(People::anybody())).await;
        (app, flaky)
    }

    /// The same data in a new server.
    pub async fn start_again(self) -> Self {
        let dir = Arc::clone(&self.dir);
        self.conductor.stop().await;
        self.store.close().await;
        drop(self);
        Self::open(dir, |store| store).await
    }

    async fn open(dir: Arc<TempDir>, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        let path = dir.path().join("dayend.db");
        let store: Arc<dyn Store> =
            wrap(Arc::new(SqliteStore::open(&path).await.expect("a new database opens")));
        Self::open_over(dir, store, None).await
    }

    /// `people`: none are made yet.
    async fn open_over(dir: Arc<TempDir>, store: Arc<dyn Store>, people: Option<People>) -> Self {
        let shifted = Arc::new(ShiftedClock::default());
        let clock: Arc<dyn Clock> = shifted.clone();
        let scope = Scope {
            tenant: TENANT.to_owned(),
            service: "OFS".to_owned(),
            workspace: "WS001".to_owned(),
        };
        store.put_scope(&scope).await.expect("a scope can be made");
        let keys = dir.path().join("keys");
        if !keys.exists() {
            dayend_identity::keys::create(&keys).expect("keys can be made");
        }
        let mut scripted = None;
        let conductor = Conductor::start(
            Arc::clone(&store),
            Arc::clone(&clock),
            |reports| Arc::clone(scripted.insert(Scripted::new(reports, Arc::clone(&clock)))),
            ConductorSettings { retry_pause: RETRY_PAUSE, ..ConductorSettings::default() },
        );
        let conductor = conductor.await.expect("the conductor starts on sound data");
        let scripted = scripted.expect("the conductor made its executor");
        let writer: Arc<dyn Writer> = conductor.clone();
        let mut settings = IdentitySettings::new(BASE_URL, keys);
        TENANT.clone_into(&mut settings.tenant);
        let identity =
            Identity::open(Arc::clone(&store), writer, settings).expect("the keys were just made");
        let people = match people {
            Some(people) => people,
            None => People::make(&identity, clock.as_ref()).await,
        };
        let executors = Executors::new(executor_settings(dir.path()), Arc::new(Nobody));
        let files = dir.path().join("files");
        std::fs::create_dir_all(&files).expect("a directory can be made");
        let files = Exchange::new(ExchangeParts {
            store: Arc::clone(&store),
            writer: conductor.clone(),
            vault: Vault::local(&files).expect("the directory was just made"),
            clock: Arc::clone(&clock),
            settings: FILE_SETTINGS,
            key: identity.derive_key("dayend file links v1"),
        });
        serve_attempts(&executors, &files);
        let parts = Parts {
            store: Arc::clone(&store),
            conductor: Arc::clone(&conductor),
            identity,
            executors,
            files,
            clock,
            rates: RateLimits::default(),
        };
        let service = Service::new(parts);
        let settings = WebSettings::new(BASE_URL, None).expect("the base URL is one");
        let app = App::new(Arc::clone(&service), settings);
        Self {
            service,
            conductor,
            store,
            app,
            scripted,
            clock: shifted,
            scope,
            caller: people.caller,
            client_id: people.client_id,
            client_secret: people.client_secret,
            password: people.password,
            dir,
        }
    }

    /// Where the bytes of files are.
    pub fn files_dir(&self) -> PathBuf {
        self.dir.path().join("files")
    }

    /// Where the keys are.
    pub fn keys_dir(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    /// The history: actor, event and detail of each record.
    pub async fn history(&self) -> Vec<[String; 3]> {
        let rows = self.store.history(Partition(0), None, 0, 10_000).await;
        let rows = rows.expect("the history can be read");
        rows.into_iter()
            .map(|row| [row.record.actor, row.record.event, row.record.detail])
            .collect()
    }

    /// The router with all faces.
    pub fn router(&self) -> axum::Router {
        dayend_web::server::router(self.app.clone())
    }

    /// Applies definitions that must be good.
    pub async fn apply(&self, yaml: &str) {
        let file = SourceFile { name: "test.yaml".to_owned(), text: yaml.into() };
        let applied = self.service.apply(&self.caller, self.scope.clone(), vec![file], false).await;
        applied.expect("the definitions of the test are good");
    }

    /// A trigger without choices or parameters.
    pub fn trigger_of(&self, code: &str, kind: dayend_engine::definition::Kind) -> TriggerRequest {
        let params = match kind {
            dayend_engine::definition::Kind::BatchGroup => {
                TriggerParams::Group(std::collections::BTreeMap::new())
            }
            dayend_engine::definition::Kind::Batch
            | dayend_engine::definition::Kind::Connection => TriggerParams::Batch {
                mis_date: None,
                params: dayend_engine::params::RunParams::default(),
            },
        };
        TriggerRequest {
            scope: self.scope.clone(),
            code: code.to_owned(),
            kind,
            excluded: Vec::new(),
            held: Vec::new(),
            included: Vec::new(),
            mis_date: None,
            params,
            key: None,
        }
    }

    /// Triggers a batch and answers with its run id.
    pub async fn trigger(&self, code: &str) -> String {
        let request = self.trigger_of(code, dayend_engine::definition::Kind::Batch);
        self.service
            .trigger(&self.caller, request)
            .await
            .expect("the trigger is accepted")
            .run_id
            .to_string()
    }

    /// Triggers a group and answers with its run id.
    pub async fn trigger_group(&self, code: &str) -> String {
        let request = self.trigger_of(code, dayend_engine::definition::Kind::BatchGroup);
        let accepted = self.service.trigger(&self.caller, request).await;
        accepted.expect("the trigger is accepted").run_id.to_string()
    }

    /// What a caller sees of a run now.
    pub async fn status(&self, run: &str) -> RunStatus {
        let status = self.service.status(&self.caller, self.run_request(run), None).await;
        status.expect("the run exists")
    }

    /// The run is not conducted now.
    pub fn is_let_go(&self, run: &str) -> bool {
        !self.conductor.views.is_live(TENANT, run)
    }

    /// Resolves when the conductor stores changes (again), with everything that was reported before on disk.
    pub async fn settled(&self) {
        let asking = async {
            while self.conductor.command("", Command::Flush).await != Ok(Answer::Done) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the conductor recovers in time");
    }

    /// A request about a run.
    pub fn run_request(&self, run: &str) -> RunRequest {
        RunRequest { scope: self.scope.clone(), run_id: run.to_owned(), code: None, key: None }
    }

    /// The status as soon as `wanted` says so.
    pub async fn wait_until(&self, run: &str, wanted: impl Fn(&RunStatus) -> bool) -> RunStatus {
        let watching = async {
            let mut seen = None;
            loop {
                let status =
                    self.service.wait(&self.caller, self.run_request(run), seen, PATIENCE).await;
                let status = status.expect("the run exists");
                if wanted(&status) {
                    return status;
                }
                assert!(!status.ended || seen.is_none(), "the run ended otherwise: {status:?}");
                seen = Some(status.revision);
            }
        };
        tokio::time::timeout(PATIENCE, watching)
            .await
            .expect("what the test waits for happens in time")
    }

    /// The database is sound: the chain of the audit, and what it says about every run.
    pub async fn verify(&self) {
        let verified = self.store.verify().await.expect("the database can be read");
        assert_eq!(verified.defects, Vec::<String>::new());
    }

    /// The status when the run has ended.
    pub async fn ended(&self, run: &str) -> RunStatus {
        self.wait_until(run, |status| status.ended).await
    }
}

/// `STATUS CODE=STATUS …`
pub fn shown(status: &RunStatus) -> String {
    let tasks = status.tasks.iter().map(|task| format!(" {}={}", task.code, task.status));
    let members = status.members.iter().map(|member| format!(" {}={}", member.code, member.status));
    tasks.chain(members).fold(status.status.to_string(), |text, one| text + &one)
}

struct People {
    caller: Caller,
    client_id: String,
    client_secret: SecretString,
    password: SecretString,
}

impl People {
    /// An app of a store that lets everybody do everything.
    fn anybody() -> Self {
        let client_id = "anybody".to_owned();
        let caller = Caller {
            tenant: TENANT.to_owned(),
            client_id: client_id.clone(),
            strict: false,
            scope: "urn:opc:idm:t.security.client".into(),
            user: None,
            functions: Arc::default(),
        };
        let nothing = || SecretString::from("");
        Self { caller, client_id, client_secret: nothing(), password: nothing() }
    }

    /// Makes the user and a new app with all rights.
    async fn make(identity: &Identity, clock: &dyn Clock) -> Self {
        let now = clock.now();
        let password = SecretString::from("correct horse battery staple");
        let new = NewUser {
            tenant: TENANT.to_owned(),
            name: USER.to_owned(),
            display_name: "The operator".to_owned(),
            password: Some(password.clone()),
        };
        // A second start finds the user of the first.
        let id =
            identity.create_user("test", new, now).await.map(|user| user.id).unwrap_or_default();
        let new = NewApp {
            tenant: TENANT.to_owned(),
            name: "Test".to_owned(),
            client_id: None,
            grants: vec![
                GrantType::Password,
                GrantType::ClientCredentials,
                GrantType::RefreshToken,
            ],
            public: false,
            strict: false,
        };
        let app = identity.create_app("test", new, now).await.expect("an app can be made");
        for function in Function::ALL {
            for grantee in [Grantee::User(USER.to_owned()), Grantee::App(app.client_id.clone())] {
                let change = GrantChange {
                    tenant: TENANT.to_owned(),
                    grantee,
                    service: "*".to_owned(),
                    workspace: "*".to_owned(),
                    function,
                };
                identity.grant("test", change, now).await.expect("a function can be granted");
            }
        }
        let user = (!id.is_empty()).then(|| CallerUser { id, name: USER.to_owned() });
        let client_secret = app.secret.expect("a confidential app has a secret");
        Self {
            caller: Caller {
                tenant: TENANT.to_owned(),
                client_id: app.client_id.clone(),
                strict: false,
                scope: "urn:opc:idm:t.security.client urn:opc:idm:t.user.me".into(),
                user,
                functions: Arc::default(),
            },
            client_id: app.client_id,
            client_secret: client_secret.expose_secret().to_owned().into(),
            password,
        }
    }
}

/// The real executors are there for logs and callbacks; attempts go to the script.
struct Nobody;

impl dayend_executor::port::Reports for Nobody {
    fn report(&self, _report: dayend_executor::port::Report) {}
}

fn executor_settings(dir: &Path) -> Settings {
    Settings::new(dir.join("attempts"), dir.join("work"), BASE_URL.to_owned(), [7; 32], || {
        SystemClock.now()
    })
}
