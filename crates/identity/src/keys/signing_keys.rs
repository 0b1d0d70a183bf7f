//! The signing keys in memory: which one signs, and which ones verify.

use super::directory::Stamp;
use super::ring::{KeyChange, Ring, RingKey};
use super::signing_key::{PublicKey, SigningKey};
use super::{KeyDirectory, KeyError};
use dayend_engine::time::Timestamp;
use jsonwebtoken::DecodingKey;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A longer name of a key is none of ours.
const KEY_ID_MAX_BYTES: usize = 64;

/// The signing keys of a running server; they can be exchanged under it.
pub(crate) struct SigningKeys {
    directory: KeyDirectory,
    state: RwLock<State>,
    /// The last reason why changed keys could not be loaded, told once.
    complaint: Mutex<String>,
}

struct State {
    loaded: Arc<Loaded>,
    signer: Arc<SigningKey>,
}

/// The keys as they lie on the disk.
struct Loaded {
    stamp: Stamp,
    ring: Ring,
    /// By name.
    keys: HashMap<String, Arc<LoadedKey>>,
}

/// What verifies what a key signed.
pub(crate) struct LoadedKey {
    entry: RingKey,
    part: Part,
}

enum Part {
    Whole(Arc<SigningKey>),
    Public(PublicKey),
}

/// What was found when the keys were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Unchanged,
    Exchanged,
    /// Those in memory go on.
    Unreadable,
}

impl SigningKeys {
    /// Loads the keys of the ring. Which one signs is decided by [`SigningKeys::look`]; until then it is the first that can.
    pub(super) fn load(directory: &KeyDirectory) -> Result<Self, KeyError> {
        let loaded = Arc::new(Loaded::load(directory)?);
        let signer = loaded.signer(Timestamp(i64::MIN), directory)?;
        let state = RwLock::new(State { loaded, signer });
        Ok(Self { directory: directory.clone(), state, complaint: Mutex::default() })
    }

    /// Signs claims into a compact token, with the key whose turn it is.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> String {
        let claims = serde_json::to_vec(claims).expect("claims are strings, numbers and lists");
        let signer = Arc::clone(&self.state().signer);
        signer.sign(&claims)
    }

    /// The key of this name, if what it signed counts now. A lookup in memory: the name is whatever a stranger wrote.
    pub(crate) fn verifying(&self, kid: &str, now: Timestamp) -> Option<Arc<LoadedKey>> {
        if kid.len() > KEY_ID_MAX_BYTES {
            return None;
        }
        let found = self.state().loaded.keys.get(kid).cloned();
        found.filter(|key| key.entry.verifies_at(now))
    }

    /// The public parts of all keys that verify now or soon, a JWK set.
    pub(crate) fn jwks(&self, now: Timestamp) -> Value {
        let loaded = Arc::clone(&self.state().loaded);
        let published = loaded.ring.keys.iter().filter(|key| key.verifies_at(now));
        let jwk = |key: &RingKey| loaded.keys.get(&key.kid).map(|key| key.public().jwk.clone());
        json!({ "keys": published.filter_map(jwk).collect::<Vec<_>>() })
    }

    /// Loads the keys anew if they have changed on the disk, and decides which one signs now. Reads files.
    pub(super) fn look(&self, now: Timestamp) -> Looked {
        let known = self.state().loaded.stamp;
        let fresh = (self.directory.stamp() != known)
            .then(|| self.directory.check().and_then(|()| Loaded::load(&self.directory)));
        let (loaded, looked) = match fresh {
            None => (Arc::clone(&self.state().loaded), Looked::Unchanged),
            Some(Ok(fresh)) => (Arc::new(fresh), Looked::Exchanged),
            Some(Err(error)) => {
                self.complain(&error);
                (Arc::clone(&self.state().loaded), Looked::Unreadable)
            }
        };
        match loaded.signer(now, &self.directory) {
            Ok(signer) => {
                *self.state.write().unwrap_or_else(PoisonError::into_inner) =
                    State { loaded, signer };
                looked
            }
            Err(error) => {
                self.complain(&error);
                Looked::Unreadable
            }
        }
    }

    /// What was done to the keys since the change of this number.
    pub(super) fn changes_since(&self, number: u64) -> Vec<KeyChange> {
        let loaded = Arc::clone(&self.state().loaded);
        loaded.ring.changes.iter().filter(|change| change.number > number).cloned().collect()
    }

    fn complain(&self, error: &KeyError) {
        let text = error.to_string();
        let mut complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        if *complaint != text {
            tracing::error!(
                "the keys have changed, but cannot be loaded; the old ones go on: {text}"
            );
            *complaint = text;
        }
    }

    fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl SigningKeys {
    /// Signs any header and claims, to see what a verifier makes of them.
    pub(crate) fn sign_anything(&self, header: &str, claims: &str) -> String {
        use base64::Engine as _;
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        self.state().signer.sign_parts(&header, claims.as_bytes())
    }
}

impl Loaded {
    fn load(directory: &KeyDirectory) -> Result<Self, KeyError> {
        // The stamp first: a change in the meantime is seen next time.
        let stamp = directory.stamp();
        let ring = directory.ring()?;
        let mut keys = HashMap::new();
        for entry in &ring.keys {
            let part = if entry.private {
                Part::Whole(Arc::new(SigningKey::load(directory, entry)?))
            } else {
                Part::Public(PublicKey::load(directory, entry)?)
            };
            let key = Arc::new(LoadedKey { entry: entry.clone(), part });
            keys.insert(entry.kid.clone(), key);
        }
        Ok(Self { stamp, ring, keys })
    }

    fn signer(
        &self,
        now: Timestamp,
        directory: &KeyDirectory,
    ) -> Result<Arc<SigningKey>, KeyError> {
        let signer = self.ring.signer(now).and_then(|entry| self.keys.get(&entry.kid));
        match signer.map(|key| &key.part) {
            Some(Part::Whole(key)) => Ok(Arc::clone(key)),
            Some(Part::Public(_)) | None => Err(KeyError::Invalid {
                path: directory.path(super::RING_FILE),
                reason: "no key in it signs now".to_owned(),
            }),
        }
    }
}

impl LoadedKey {
    /// What the library verifies with.
    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.public().decoding
    }

    fn public(&self) -> &PublicKey {
        match &self.part {
            Part::Whole(key) => &key.public,
            Part::Public(key) => key,
        }
    }
}
