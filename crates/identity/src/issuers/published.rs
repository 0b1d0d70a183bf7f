//! The keys of an issuer, fetched when they are needed and kept when the issuer is away.

use super::key_set::KeySet;
use super::settings::{IssuerSettings, check_url};
use async_trait::async_trait;
use dayend_engine::time::Timestamp;
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// The keys are fetched again after this time, even if none is missing.
const FRESH_FOR_US: i64 = 600 * 1_000_000;
/// And for a key that is missing not more often than this: tokens of strangers name what they like.
const FETCH_EVERY_US: i64 = 60 * 1_000_000;
const DISCOVERY_MAX_BYTES: usize = 64 * 1024;

/// Reads documents from the network, within bounds of size and time.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The body of the document; `ca_file` holds the certificates to trust, if not the system's.
    async fn document(&self, url: &str, ca_file: Option<&str>) -> Result<Vec<u8>, String>;
}

/// The keys of one issuer.
pub(super) struct PublishedKeys {
    settings: IssuerSettings,
    documents: Arc<dyn Documents>,
    state: RwLock<State>,
    /// Held by the one who fetches.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct State {
    set: Option<Arc<KeySet>>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl PublishedKeys {
    pub(super) fn new(settings: IssuerSettings, documents: Arc<dyn Documents>) -> Arc<Self> {
        let (state, fetching) = (RwLock::default(), Mutex::default());
        Arc::new(Self { settings, documents, state, fetching })
    }

    /// The set in which the key is, as far as we know: fetched if it must be and may be. What is known goes on while the
    /// issuer is away.
    pub(super) async fn set_with(
        self: &Arc<Self>,
        name: Option<&str>,
        now: Timestamp,
    ) -> Option<Arc<KeySet>> {
        let (set, fresh) = self.known(now);
        if set.as_ref().is_some_and(|set| set.knows(name)) {
            if !fresh && self.may_try(now) {
                let keys = Arc::clone(self);
                drop(tokio::spawn(async move { keys.fetch(now).await }));
            }
            return set;
        }
        if self.may_try(now) {
            self.fetch(now).await;
        }
        self.known(now).0
    }

    /// The newest set that was fetched.
    pub(super) fn current(&self) -> Option<Arc<KeySet>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).set.clone()
    }

    fn known(&self, now: Timestamp) -> (Option<Arc<KeySet>>, bool) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = state.fetched_at.is_some_and(|at| is_within(now, at, FRESH_FOR_US));
        (state.set.clone(), fresh)
    }

    fn may_try(&self, now: Timestamp) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.tried_at.is_none_or(|at| !is_within(now, at, FETCH_EVERY_US))
    }

    /// Fetches the keys, unless somebody just did; whoever comes meanwhile waits for that.
    async fn fetch(&self, now: Timestamp) {
        let _one = self.fetching.lock().await;
        if !self.may_try(now) {
            return;
        }
        self.state.write().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
        let fetched = self.read().await;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(set) => {
                state.fetched_at = Some(now);
                // The same keys are the same set: what was verified with them stays so.
                if state.set.as_ref().is_none_or(|old| old.fingerprint != set.fingerprint) {
                    state.set = Some(Arc::new(set));
                }
            }
            Err(problem) => {
                let (issuer, kept) = (&self.settings.name, state.set.is_some());
                tracing::warn!(
                    issuer,
                    kept,
                    "the keys of an issuer could not be fetched: {problem}"
                );
            }
        }
    }

    async fn read(&self) -> Result<KeySet, String> {
        let ca_file = self.settings.ca_file.as_deref();
        let url = match &self.settings.jwks_url {
            Some(url) => url.clone(),
            None => self.discovered(ca_file).await?,
        };
        let bytes = self.documents.document(&url, ca_file).await?;
        KeySet::read(&bytes)
    }

    async fn discovered(&self, ca_file: Option<&str>) -> Result<String, String> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let bytes = self.documents.document(&url, ca_file).await?;
        if bytes.len() > DISCOVERY_MAX_BYTES {
            return Err("the discovery document is too large".to_owned());
        }
        let found: Discovery = serde_json::from_slice(&bytes)
            .map_err(|error| format!("its discovery document cannot be read: {error}"))?;
        if found.issuer != *issuer {
            return Err("its discovery document is of another issuer".to_owned());
        }
        check_url(&found.jwks_uri).map(|()| found.jwks_uri)
    }
}

fn is_within(now: Timestamp, at: Timestamp, period_us: i64) -> bool {
    now.0.saturating_sub(at.0).saturating_abs() < period_us
}
