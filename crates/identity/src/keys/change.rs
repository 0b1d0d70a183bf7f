//! What administrators do to the keys; all of it also while a server runs.

use super::ring::{Ring, RingKey};
use super::signing_key::{SigningKey, generate};
use super::{KeyDirectory, KeyError, MasterKey, RING_FILE, SERVER_KEY_FILE};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use std::fs::File;

/// Why the keys stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyChangeError {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("the key `{0}` does not exist: `dayend admin keys list` shows those that do")]
    Unknown(String),
    #[error("{0} is published already and signs soon: wait for it, or use --now")]
    NextExists(String),
    #[error("{0} signs tokens, or will soon: rotate first")]
    InUse(String),
    #[error("a new key could not be made: {0}")]
    NotMade(String),
    #[error("no master key is configured: name its file in `identity.master_key_file`")]
    NoMasterKey,
}

/// The next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub kid: String,
    pub signs_from: Timestamp,
    /// Until when the keys before it verify.
    pub old_until: Timestamp,
}

impl KeyDirectory {
    /// Publishes another key, which signs from `signs_from` on; what the others signed counts for `longest_s` after that,
    /// the longest life of a token. If one is published already that does not sign yet, that one begins, if it is `now`.
    pub fn rotate(
        &self,
        by: &str,
        (now, signs_from): (Timestamp, Timestamp),
        longest_s: u64,
    ) -> Result<Rotation, KeyChangeError> {
        let _lock = self.begin_change()?;
        let mut ring = self.whole_ring()?;
        let lives_us = i64::try_from(longest_s.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        let kid = match ring.next(now).map(|next| next.kid.clone()) {
            Some(next) if signs_from > now => return Err(KeyChangeError::NextExists(next)),
            Some(next) => {
                ring.begin(&next, now, lives_us);
                next
            }
            None => {
                let key = self.made(ring.vacancy(now, signs_from))?;
                let kid = key.kid.clone();
                ring.add(key, lives_us);
                kid
            }
        };
        ring.note(by, ("rotate", Some(&kid)), now, signs_from);
        self.commit(ring, now)?;
        let old_until = Timestamp(signs_from.0.saturating_add(lives_us));
        Ok(Rotation { kid, signs_from, old_until })
    }

    /// Says until when a replaced key verifies; with `at_once`, that is now.
    pub fn retire(
        &self,
        by: &str,
        kid: &str,
        now: Timestamp,
        at_once: bool,
    ) -> Result<Timestamp, KeyChangeError> {
        let _lock = self.begin_change()?;
        let mut ring = self.whole_ring()?;
        let key = ring.key(kid).ok_or_else(|| KeyChangeError::Unknown(shortened(kid)))?;
        let signs = ring.signer(now).is_some_and(|signer| signer.kid == kid);
        let until = match key.verifies_until {
            Some(until) if !signs => Timestamp(until),
            Some(_) | None => return Err(KeyChangeError::InUse(kid.to_owned())),
        };
        if !at_once {
            return Ok(until);
        }
        ring.end(kid, now);
        ring.note(by, ("retire", Some(kid)), now, now);
        self.commit(ring, now)?;
        Ok(now)
    }

    /// Encrypts all key files in place, under the directory's master key. Begun again, it goes on.
    pub fn encrypt(&self, by: &str, now: Timestamp) -> Result<(), KeyChangeError> {
        if !self.has_master() {
            return Err(KeyChangeError::NoMasterKey);
        }
        self.rewrite(by, "encrypt", (&self.under(None), self), now)
    }

    /// Decrypts all key files in place. Begun again, it goes on.
    pub fn decrypt(&self, by: &str, now: Timestamp) -> Result<(), KeyChangeError> {
        if !self.has_master() {
            return Err(KeyChangeError::NoMasterKey);
        }
        self.rewrite(by, "decrypt", (self, &self.under(None)), now)
    }

    /// Encrypts all key files anew, under another master key. Begun again, it goes on.
    pub fn rewrap(&self, by: &str, to: MasterKey, now: Timestamp) -> Result<(), KeyChangeError> {
        if !self.has_master() {
            return Err(KeyChangeError::NoMasterKey);
        }
        self.rewrite(by, "rewrap", (self, &self.under(Some(to))), now)
    }

    /// Every secret file is either in the old form or in the new one. Nothing is written before all can be read.
    fn rewrite(
        &self,
        by: &str,
        action: &str,
        (from, to): (&Self, &Self),
        now: Timestamp,
    ) -> Result<(), KeyChangeError> {
        let _lock = self.begin_change()?;
        let ring_left = to.ring();
        let mut ring = match &ring_left {
            Ok(ring) if self.path(RING_FILE).exists() => ring.clone(),
            Ok(_) | Err(_) => from.ring()?,
        };
        let private = ring.keys.iter().filter(|key| key.private).map(RingKey::private_file);
        let names: Vec<String> = private.chain([SERVER_KEY_FILE.to_owned()]).collect();
        let mut left = Vec::new();
        for name in names {
            let Err(not_new) = to.read(&name) else { continue };
            match from.read(&name) {
                Ok(content) => left.push((name, content)),
                // Encrypted, but under neither key.
                Err(KeyError::Encrypted { .. }) => return Err(not_new.into()),
                Err(error) => return Err(error.into()),
            }
        }
        for (name, content) in left {
            to.replace(&name, &content)?;
        }
        ring.note(by, (action, None), now, now);
        to.put_ring(&ring)?;
        Ok(())
    }

    fn begin_change(&self) -> Result<File, KeyChangeError> {
        self.check()?;
        Ok(self.lock()?)
    }

    /// The ring, with the public part of each key in it.
    fn whole_ring(&self) -> Result<Ring, KeyError> {
        let mut ring = self.ring()?;
        for key in ring.keys.iter_mut().filter(|key| key.public.is_none()) {
            key.public = Some(SigningKey::load(self, key)?.public.parts);
        }
        Ok(ring)
    }

    /// Makes the key for a place in the ring. Until the ring names them, its files belong to nobody.
    fn made(&self, mut key: RingKey) -> Result<RingKey, KeyChangeError> {
        let fresh = generate(&key.kid).map_err(KeyChangeError::NotMade)?;
        self.replace_public(&key.certificate_file(), &fresh.certificate)?;
        self.replace(&key.private_file(), fresh.pem.as_bytes())?;
        key.public = Some(SigningKey::load(self, &key)?.public.parts);
        Ok(key)
    }

    /// Puts the ring in its place, which is when the change counts; then removes what nobody needs any more.
    fn commit(&self, mut ring: Ring, now: Timestamp) -> Result<(), KeyError> {
        let mut unneeded = ring.without_old_private_parts(now);
        let ended = ring.without_ended(now);
        self.put_ring(&ring)?;
        unneeded.extend(ended.iter().cloned());
        for key in &unneeded {
            self.remove(&key.private_file())?;
        }
        for key in &ended {
            self.remove(&key.certificate_file())?;
        }
        self.sync()
    }
}
