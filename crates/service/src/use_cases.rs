//! The use cases: who may ask. What they do stands in `runs` and `apply`.

use crate::admission::{NotTaken, RateLimits, Rates};
use crate::clock::Clock;
use crate::conductor::Conductor;
use crate::conductor::input::{Answer, Command};
use crate::files::Exchange;
use crate::requests::Refusal;
use dayend_engine::codes::{Scope, shortened};
use dayend_engine::time::Timestamp;
use dayend_executor::{CallbackError, Executors};
use dayend_identity::Identity;
use dayend_identity::caller::{Caller, Function};
use dayend_identity::token::{TokenAnswer, TokenError, TokenRequest};
use dayend_store::port::{Store, StoreError};
use std::collections::HashSet;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Applies that are looked at or wait for that; more are refused.
const APPLIES_MAX: usize = 16;

/// When to come again if all places of the tenant are taken.
const PLACES_RETRY: Duration = Duration::from_secs(1);

/// Everything that callers may ask for.
pub struct Service {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) executors: Arc<Executors>,
    pub(crate) files: Arc<Exchange>,
    pub(crate) identity: Identity,
    clock: Arc<dyn Clock>,
    /// Scopes that were found to exist: none is ever removed.
    scopes: RwLock<HashSet<Scope>>,
    rates: Rates,
    /// One apply at a time: what it checked must still be true when it is stored.
    pub(crate) applying: tokio::sync::Mutex<()>,
    /// One permit for each apply that is looked at or waits for that.
    pub(crate) applies: Semaphore,
    pub(crate) last_version: AtomicI64,
}

/// What a [`Service`] is made of.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub conductor: Arc<Conductor>,
    pub identity: Identity,
    pub executors: Arc<Executors>,
    pub files: Arc<Exchange>,
    pub clock: Arc<dyn Clock>,
    pub rates: RateLimits,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Service").finish_non_exhaustive()
    }
}

/// Why a bearer token was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthenticated {
    #[error("the access token is invalid, expired or revoked")]
    InvalidToken,
    #[error("the server cannot check tokens now: {0}")]
    Unavailable(String),
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            last_version: AtomicI64::new(parts.conductor.last_version.0),
            store: parts.store,
            conductor: parts.conductor,
            executors: parts.executors,
            files: parts.files,
            identity: parts.identity,
            clock: parts.clock,
            scopes: RwLock::default(),
            rates: Rates::new(parts.rates),
            applying: tokio::sync::Mutex::new(()),
            applies: Semaphore::new(APPLIES_MAX),
        })
    }

    /// The time, from the one clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The identity service: its faces have no other use case than its own.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Issues a token (RFC 6749).
    pub async fn token(&self, request: TokenRequest) -> Result<TokenAnswer, TokenError> {
        self.identity.token(request, self.now()).await
    }

    /// Counts a change that the caller asks for, before anything is looked up for it.
    pub fn count(&self, caller: &Caller) -> Result<(), Refusal> {
        let who = caller.user.as_ref().map_or(&caller.client_id, |user| &user.id);
        self.rates.take(&caller.tenant, who, Instant::now()).map_err(too_many)
    }

    /// The caller behind a bearer token.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller, NotAuthenticated> {
        self.identity.authenticate(bearer, self.now()).await.map_err(|error| match error {
            dayend_identity::AuthenticateError::InvalidToken => NotAuthenticated::InvalidToken,
            dayend_identity::AuthenticateError::Unavailable(error) => {
                NotAuthenticated::Unavailable(error.to_string())
            }
        })
    }

    /// The public signing keys, a JWK set.
    pub fn jwks(&self) -> serde_json::Value {
        self.identity.jwks(self.now())
    }

    /// Whether the scope exists and is the caller's, `remote_user` may be named, and one of `functions` is held; in this
    /// order. The answer is the caller to act as: the remote user, where one is named.
    pub async fn authorise(
        &self,
        caller: &Caller,
        scope: &Scope,
        remote_user: Option<&str>,
        functions: &[Function],
    ) -> Result<Caller, Refusal> {
        if scope.tenant != caller.tenant || !self.scope_exists(scope).await? {
            return Err(Refusal::ForeignScope);
        }
        let acting = match remote_user {
            Some(name) => self.act_as(caller, scope, name, functions).await?,
            None => caller.clone(),
        };
        self.require(&acting, scope, functions).await?;
        Ok(acting)
    }

    async fn scope_exists(&self, scope: &Scope) -> Result<bool, Refusal> {
        if self.scopes.read().unwrap_or_else(PoisonError::into_inner).contains(scope) {
            return Ok(true);
        }
        let exists = self.store.scope_exists(scope).await.map_err(unavailable)?;
        if exists {
            let mut scopes = self.scopes.write().unwrap_or_else(PoisonError::into_inner);
            scopes.insert(scope.clone());
        }
        Ok(exists)
    }

    async fn act_as(
        &self,
        caller: &Caller,
        scope: &Scope,
        name: &str,
        functions: &[Function],
    ) -> Result<Caller, Refusal> {
        if caller.user.as_ref().is_some_and(|user| user.name == name) {
            return Ok(caller.clone());
        }
        if !self.holds(caller, scope, Function::Impersonate).await? {
            return Err(not_allowed(caller.actor(), &[Function::Impersonate], scope));
        }
        let user = self.identity.active_user(caller, name).await.map_err(unavailable)?;
        let user = user.ok_or_else(|| not_allowed(shortened(name), functions, scope))?;
        // What the caller's own token allows is not the other user's.
        Ok(Caller { user: Some(user), functions: Arc::default(), ..caller.clone() })
    }

    /// One of the functions is held in the scope.
    pub(crate) async fn require(
        &self,
        caller: &Caller,
        scope: &Scope,
        functions: &[Function],
    ) -> Result<(), Refusal> {
        let held = self.identity.holds_any(caller, scope, functions).await.map_err(unavailable)?;
        if held { Ok(()) } else { Err(not_allowed(caller.actor(), functions, scope)) }
    }

    pub(crate) async fn holds(
        &self,
        caller: &Caller,
        scope: &Scope,
        function: Function,
    ) -> Result<bool, Refusal> {
        self.identity.holds(caller, scope, function).await.map_err(unavailable)
    }

    /// The only service of the caller's tenant, if there is just one: the default where the header is optional.
    pub async fn default_service(&self, caller: &Caller) -> Result<Option<String>, Refusal> {
        let scopes = self.store.scopes(&caller.tenant).await.map_err(unavailable)?;
        let first = scopes.first().map(|scope| scope.service.clone());
        Ok(first.filter(|first| scopes.iter().all(|scope| scope.service == *first)))
    }

    /// The result of an asynchronous HTTP attempt, posted to its one-time URL.
    ///
    /// It is accepted only once it is on disk: the endpoint will not send it again.
    pub async fn callback(&self, token: &str, body: &[u8]) -> Result<(), Refusal> {
        self.executors.callback(token, body).map_err(|error| match error {
            CallbackError::Forged => Refusal::NotFound { what: "callback", id: shortened(token) },
            CallbackError::NotRunning => Refusal::WrongState(error.to_string()),
            CallbackError::Unreadable(problem) => {
                Refusal::Invalid { key: "STATUS".to_owned(), problem }
            }
        })?;
        match self.conductor.command("", Command::Flush).await? {
            Answer::NotStored(why) | Answer::InDoubt(why) => Err(Refusal::Unavailable(why)),
            Answer::Done
            | Answer::Created(_)
            | Answer::Rejected(_)
            | Answer::Raced
            | Answer::Written(_) => Ok(()),
        }
    }

    /// Whether writes can be stored now.
    pub async fn ready(&self) -> bool {
        self.conductor.is_healthy() && self.store.usable().await.is_ok()
    }
}

fn not_allowed(who: String, functions: &[Function], scope: &Scope) -> Refusal {
    let names: Vec<&str> = functions.iter().map(|function| function.as_str()).collect();
    Refusal::NotAllowed { who, function: names.join(" or "), scope: scope.to_string() }
}

/// Whole seconds: that is what `Retry-After` can say.
fn too_many(wait: Duration) -> Refusal {
    Refusal::TooMany { retry_after_s: wait.as_secs() + u64::from(wait.subsec_nanos() > 0) }
}

impl From<NotTaken> for Refusal {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::TenantFull => too_many(PLACES_RETRY),
            NotTaken::Full => Self::Overloaded,
            NotTaken::Closed => Self::Unavailable(not_taken.to_string()),
        }
    }
}

/// The store could not be asked.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn unavailable(error: StoreError) -> Refusal {
    if matches!(error, StoreError::Inconsistent(_)) {
        tracing::error!("{error}");
    }
    Refusal::Unavailable(error.to_string())
}
