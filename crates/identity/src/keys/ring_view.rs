//! The signing keys as administrators see them.

use super::ring::{Ring, RingKey};
use super::{KeyDirectory, KeyError};
use dayend_engine::time::Timestamp;

/// One signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    pub kid: String,
    pub state: KeyState,
    /// From when it signs, or signed; none: since `init`.
    pub signs_from: Option<Timestamp>,
    /// From when on nothing counts that it signed; none: it is not replaced yet.
    pub verifies_until: Option<Timestamp>,
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published; signs later.
    Next,
    /// Signs and verifies.
    Signing,
    /// Verifies what it signed.
    Verifying,
    /// Nothing that it signed counts.
    Ended,
}

impl KeyState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
        }
    }
}

impl KeyDirectory {
    /// All signing keys, oldest first.
    pub fn list(&self, now: Timestamp) -> Result<Vec<KeyView>, KeyError> {
        self.check()?;
        let ring = self.ring()?;
        Ok(ring.keys.iter().map(|key| view(&ring, key, now)).collect())
    }

    /// Whether a master key encrypts the files.
    pub fn has_master(&self) -> bool {
        self.master().is_some()
    }
}

fn view(ring: &Ring, key: &RingKey, now: Timestamp) -> KeyView {
    let signs = ring.signer(now).is_some_and(|signer| signer.kid == key.kid);
    let state = match () {
        () if signs => KeyState::Signing,
        () if !key.verifies_at(now) => KeyState::Ended,
        () if key.signs_from > now.0 => KeyState::Next,
        () => KeyState::Verifying,
    };
    KeyView {
        kid: key.kid.clone(),
        state,
        signs_from: (key.signs_from > 0).then_some(Timestamp(key.signs_from)),
        verifies_until: key.verifies_until.map(Timestamp),
    }
}
