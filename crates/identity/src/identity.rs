//! The identity service: its parts, and how they are put together.

use crate::audit::RefusalGate;
use crate::authenticate::Authenticated;
use crate::cache::Cache;
use crate::caller::CallerUser;
use crate::issuers::{BadIssuer, Documents, IssuerSettings, Issuers};
use crate::keys::{KeyDirectory, KeyError, Keys};
use crate::known::{KnownApp, KnownUser};
use crate::origins::Origins;
use crate::passwords::{Hasher, Throttle};
use crate::tokens::{
    Buckets, LIFETIME_MAX_S, LIFETIME_MIN_S, Polls, Resources, Verified, Verifier,
};
use dayend_engine::time::Timestamp;
use dayend_store::port::{GrantRow, Outcome, Store, Write, WriteError, Writer};
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// Users, apps and grantees that are remembered at a time.
const PRINCIPALS_MAX: usize = 10_000;
/// Tenants whose resource servers are remembered at a time.
const TENANTS_MAX: usize = 1_000;
/// A change that another process made counts after this time at the latest; one made here, at once.
const PRINCIPAL_MAX_AGE_S: u32 = 5;
/// Verified tokens that are remembered at a time, until they expire, for at most this long.
const VERIFIED_MAX: usize = 20_000;
const VERIFIED_MAX_AGE_S: u32 = 3600;

/// Questions about tokens that one app may ask at once, and a minute.
const INTROSPECTIONS: u32 = 1_000;
const INTROSPECTIONS_PER_MINUTE: u32 = 12_000;
/// Devices of one tenant that may ask for codes at once, and a minute.
const DEVICES: u32 = 100;
const DEVICES_PER_MINUTE: u32 = 60;
/// Codes of devices that one user may try at once, and a minute: two for each device.
const DEVICE_GUESSES: u32 = 20;
const DEVICE_GUESSES_PER_MINUTE: u32 = 6;

/// What can be set about tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// `iss` and `aud` of every token: the server's base URL.
    pub issuer: String,
    /// Where the keys are.
    pub keys: KeyDirectory,
    /// Passwords that are hashed at the same time; each keeps a core busy that others wait for.
    pub hash_threads: usize,
    /// The lifetime of an access token when none is asked for.
    pub access_token_s: u64,
    /// The longest lifetime of an access token, whatever is asked for.
    pub max_access_token_s: u64,
    /// The time from a log-in until its refresh tokens end, however often they are exchanged.
    pub refresh_token_s: u64,
    /// The time from a log-in in the browser until it must be repeated.
    pub session_s: u64,
    /// A log-in in the browser that is not used for so long must be repeated, too.
    pub session_idle_s: u64,
    /// The tenant whose people log in where no app says which: the one that `init` made.
    pub tenant: String,
}

impl IdentitySettings {
    /// The usual settings.
    pub fn new(issuer: &str, keys_dir: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            issuer: issuer.to_owned(),
            keys: KeyDirectory::new(keys_dir, None),
            hash_threads: (cores / 2).max(1),
            access_token_s: 3600,
            max_access_token_s: 31_536_000,
            refresh_token_s: 604_800,
            session_s: 28_800,
            session_idle_s: 900,
            tenant: String::new(),
        }
    }
}

/// Who may do what: issues and checks tokens, keeps users, apps and grants.
pub struct Identity {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: Arc<dyn Writer>,
    pub(crate) settings: IdentitySettings,
    pub(crate) keys: Arc<Keys>,
    /// The number of the last change of the keys that is in the audit.
    pub(crate) keys_recorded: tokio::sync::Mutex<u64>,
    pub(crate) hasher: Hasher,
    pub(crate) throttle: Throttle,
    pub(crate) refusals: RefusalGate,
    pub(crate) verifier: Verifier,
    pub(crate) issuers: Issuers,
    /// By the SHA-256 of the token.
    pub(crate) verified: Cache<[u8; 32], Arc<Verified>>,
    pub(crate) principals: Arc<Principals>,
    /// By app: questions about tokens.
    pub(crate) introspections: Buckets,
    /// By tenant: devices that ask for their codes.
    pub(crate) devices: Buckets,
    /// By user: codes of devices that were typed.
    pub(crate) device_guesses: Buckets,
    /// By the hash of its code: how often a device asks whether its user has decided.
    pub(crate) polls: Polls,
    /// When somebody was authenticated last, in microseconds.
    pub(crate) authenticated_at: AtomicI64,
    /// Changes of users and apps read before they write: one at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Changes that rest on what their caller has looked at before: one at a time.
    pub(crate) administering: tokio::sync::Mutex<()>,
}

/// What is remembered of users, apps and grants.
pub(crate) struct Principals {
    pub(crate) apps: Cache<String, Option<Arc<KnownApp>>>,
    /// By tenant and id.
    pub(crate) users: Cache<(String, String), Option<Arc<KnownUser>>>,
    /// The only one.
    pub(crate) origins: Cache<(), Arc<Origins>>,
    /// By tenant and grantee.
    pub(crate) grants: Cache<(String, String), Arc<[GrantRow]>>,
    /// Whether a token was revoked, by its id.
    pub(crate) revoked: Cache<String, bool>,
    /// By tenant.
    pub(crate) resources: Cache<String, Arc<Resources>>,
    /// The active users, by tenant and name.
    pub(crate) names: Cache<(String, String), Option<CallerUser>>,
    /// By the SHA-256 of the token; made of the others.
    pub(crate) callers: Cache<[u8; 32], Arc<Authenticated>>,
}

impl Principals {
    fn new() -> Self {
        Self {
            apps: Cache::new(PRINCIPALS_MAX, PRINCIPAL_MAX_AGE_S),
            users: Cache::new(PRINCIPALS_MAX, PRINCIPAL_MAX_AGE_S),
            origins: Cache::new(1, PRINCIPAL_MAX_AGE_S),
            grants: Cache::new(PRINCIPALS_MAX, PRINCIPAL_MAX_AGE_S),
            revoked: Cache::new(VERIFIED_MAX, PRINCIPAL_MAX_AGE_S),
            resources: Cache::new(TENANTS_MAX, PRINCIPAL_MAX_AGE_S),
            names: Cache::new(PRINCIPALS_MAX, PRINCIPAL_MAX_AGE_S),
            callers: Cache::new(VERIFIED_MAX, PRINCIPAL_MAX_AGE_S),
        }
    }

    pub(crate) fn clear(&self) {
        self.apps.clear();
        self.users.clear();
        self.origins.clear();
        self.grants.clear();
        self.resources.clear();
        self.revoked.clear();
        self.names.clear();
        // Last: what is made of the others in the meantime must not be kept.
        self.callers.clear();
    }
}

/// Why the identity service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("{setting} is {seconds} s, but must be {LIFETIME_MIN_S} to {LIFETIME_MAX_S} s")]
    Lifetime { setting: &'static str, seconds: u64 },
    #[error("the issuer `{0}` is not an http or https URL without query and fragment")]
    Issuer(String),
}

impl Identity {
    /// Loads the keys and gets ready.
    pub fn open(
        store: Arc<dyn Store>,
        writer: Arc<dyn Writer>,
        settings: IdentitySettings,
    ) -> Result<Self, OpenError> {
        let schemed =
            settings.issuer.starts_with("https://") || settings.issuer.starts_with("http://");
        let clean = settings
            .issuer
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'\\'));
        if !schemed || !clean {
            return Err(OpenError::Issuer(dayend_engine::codes::shortened(&settings.issuer)));
        }
        check_lifetimes(&settings)?;
        Ok(Self {
            store,
            writer,
            keys: Arc::new(Keys::open(&settings.keys)?),
            keys_recorded: tokio::sync::Mutex::new(0),
            hasher: Hasher::new(settings.hash_threads),
            throttle: Throttle::new(),
            refusals: RefusalGate::new(),
            verifier: Verifier::new(&settings.issuer),
            issuers: Issuers::none(),
            verified: Cache::new(VERIFIED_MAX, VERIFIED_MAX_AGE_S),
            principals: Arc::new(Principals::new()),
            introspections: Buckets::new(INTROSPECTIONS, INTROSPECTIONS_PER_MINUTE),
            devices: Buckets::new(DEVICES, DEVICES_PER_MINUTE),
            device_guesses: Buckets::new(DEVICE_GUESSES, DEVICE_GUESSES_PER_MINUTE),
            polls: Polls::default(),
            authenticated_at: AtomicI64::new(0),
            changing: tokio::sync::Mutex::new(()),
            administering: tokio::sync::Mutex::new(()),
            settings,
        })
    }

    /// Accepts access tokens of these issuers, too; their keys are fetched through `documents`.
    pub fn trust(
        &mut self,
        issuers: Vec<IssuerSettings>,
        documents: &Arc<dyn Documents>,
    ) -> Result<(), BadIssuer> {
        self.issuers = Issuers::new(&self.settings.issuer, issuers, documents)?;
        Ok(())
    }

    /// The public signing keys, a JWK set.
    pub fn jwks(&self, now: Timestamp) -> Value {
        self.keys.signing.jwks(now)
    }

    /// The `iss` of every token.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The tenant whose people log in where no app says which.
    pub fn tenant(&self) -> &str {
        &self.settings.tenant
    }

    /// A key for one purpose (signing callback URLs, for example), the same one at every start.
    pub fn derive_key(&self, label: &str) -> [u8; 32] {
        self.keys.derive(label)
    }

    /// Begins a change that rests on what its caller looks at first; until it is dropped, no other one begins.
    pub async fn administering(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.administering.lock().await
    }

    /// Makes changes of users, apps and grants that were written past this service effective at once.
    pub fn forget_cached(&self) {
        self.principals.clear();
    }

    /// Writes, even if the caller goes away meanwhile.
    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, WriteError> {
        let writer = Arc::clone(&self.writer);
        let writing = tokio::spawn(async move { writer.write(write).await });
        writing.await.unwrap_or_else(|error| Err(WriteError(error.to_string())))
    }

    /// Writes a change of a user, app or grant; it is effective when this returns, also if the caller goes away meanwhile.
    pub(crate) async fn write_principal(&self, write: Write) -> Result<Outcome, WriteError> {
        let (writer, principals) = (Arc::clone(&self.writer), Arc::clone(&self.principals));
        let writing = tokio::spawn(async move {
            let outcome = writer.write(write).await;
            principals.clear();
            outcome
        });
        writing.await.unwrap_or_else(|error| Err(WriteError(error.to_string())))
    }
}

fn check_lifetimes(settings: &IdentitySettings) -> Result<(), OpenError> {
    let lifetimes = [
        ("access_token_s", settings.access_token_s),
        ("max_access_token_s", settings.max_access_token_s),
        ("refresh_token_s", settings.refresh_token_s),
        ("session_s", settings.session_s),
        ("session_idle_s", settings.session_idle_s),
    ];
    let allowed = LIFETIME_MIN_S..=LIFETIME_MAX_S;
    let wrong = lifetimes.into_iter().find(|(_, seconds)| !allowed.contains(seconds));
    wrong.map_or(Ok(()), |(setting, seconds)| Err(OpenError::Lifetime { setting, seconds }))
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Identity").field("settings", &self.settings).finish_non_exhaustive()
    }
}
