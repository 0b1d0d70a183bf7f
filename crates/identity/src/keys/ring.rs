//! Which signing keys there are, and from when to when each one signs and verifies. Pure: nothing is read or written here.

use dayend_engine::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of the first key in tokens and in the published set.
pub(super) const FIRST_KEY_ID: &str = "SIGNING_KEY";
const VERSION: u32 = 1;
/// Changes of which the ring still knows, so that a server can put them into the audit.
const CHANGES_KEPT: usize = 200;

/// All signing keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ring {
    version: u32,
    /// The number of the newest key that there ever was: a name is never used again.
    last_number: u32,
    pub(super) keys: Vec<RingKey>,
    /// What administrators did, oldest first.
    pub(super) changes: Vec<KeyChange>,
}

/// One signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RingKey {
    pub(super) kid: String,
    number: u32,
    /// In microseconds since the Unix epoch, as all instants here; 0: unknown.
    pub(super) made_at: i64,
    /// It signs from then until the next one does.
    pub(super) signs_from: i64,
    /// Nothing that it signed counts from then on; none: it is not replaced yet.
    pub(super) verifies_until: Option<i64>,
    /// Its private part is still there.
    pub(super) private: bool,
    /// What verifies it, once the private part is gone.
    pub(super) public: Option<PublicParts>,
}

/// Modulus and exponent, base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicParts {
    pub(super) n: String,
    pub(super) e: String,
}

/// What an administrator did to the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyChange {
    pub(super) number: u64,
    pub(super) at: i64,
    pub(super) by: String,
    /// `rotate`, `retire`, `encrypt`, …
    pub(super) action: String,
    pub(super) kid: Option<String>,
    /// From when it counts.
    pub(super) effective: i64,
}

impl RingKey {
    /// The key that `init` made.
    pub(super) fn first() -> Self {
        Self {
            kid: FIRST_KEY_ID.to_owned(),
            number: 1,
            made_at: 0,
            signs_from: 0,
            verifies_until: None,
            private: true,
            public: None,
        }
    }

    pub(super) fn private_file(&self) -> String {
        format!("{}.key", self.stem())
    }

    pub(super) fn certificate_file(&self) -> String {
        format!("{}.der", self.stem())
    }

    fn stem(&self) -> String {
        if self.number == 1 { "signing".to_owned() } else { format!("signing-{}", self.number) }
    }

    /// Whether what it signed counts.
    pub(super) fn verifies_at(&self, now: Timestamp) -> bool {
        self.verifies_until.is_none_or(|until| now.0 < until)
    }
}

impl Ring {
    /// The ring of a server whose keys were never changed.
    pub(super) fn of_one() -> Self {
        Self { version: VERSION, last_number: 1, keys: vec![RingKey::first()], changes: Vec::new() }
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let ring: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if ring.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", ring.version));
        }
        if !ring.keys.iter().any(|key| key.private && key.verifies_until.is_none()) {
            return Err("no key in it can sign".to_owned());
        }
        let mut kids: Vec<_> = ring.keys.iter().map(|key| &key.kid).collect();
        kids.sort_unstable();
        let before = kids.len();
        kids.dedup();
        if kids.len() == before { Ok(ring) } else { Err("a key is in it twice".to_owned()) }
    }

    pub(super) fn written(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a ring is texts and numbers")
    }

    /// The key that signs now: of those whose time has come, the last. Before the time of all of them (the clock went back),
    /// the one that comes first.
    pub(super) fn signer(&self, now: Timestamp) -> Option<&RingKey> {
        let able = || self.keys.iter().filter(|key| key.private && key.verifies_at(now));
        let begun = able().filter(|key| key.signs_from <= now.0);
        begun
            .max_by_key(|key| (key.signs_from, key.number))
            .or_else(|| able().min_by_key(|key| (key.signs_from, key.number)))
    }

    /// The key that is published already and does not sign yet.
    pub(super) fn next(&self, now: Timestamp) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.signs_from > now.0)
    }

    pub(super) fn key(&self, kid: &str) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The place of a key that is still to be made.
    pub(super) fn vacancy(&self, now: Timestamp, signs_from: Timestamp) -> RingKey {
        let number = self.last_number + 1;
        RingKey {
            kid: format!("{FIRST_KEY_ID}_{number}"),
            number,
            made_at: now.0,
            signs_from: signs_from.0,
            verifies_until: None,
            private: true,
            public: None,
        }
    }

    /// Adds a key; those before it verify for as long as a token can live that they signed last.
    pub(super) fn add(&mut self, key: RingKey, longest_us: i64) {
        self.last_number = self.last_number.max(key.number);
        let (kid, from) = (key.kid.clone(), key.signs_from);
        self.keys.push(key);
        self.succeed(&kid, from, longest_us);
    }

    /// Lets the published key sign from now on.
    pub(super) fn begin(&mut self, kid: &str, now: Timestamp, longest_us: i64) {
        if let Some(key) = self.keys.iter_mut().find(|key| key.kid == kid) {
            key.signs_from = now.0;
        }
        self.succeed(kid, now.0, longest_us);
    }

    /// `kid` signs from then on, so all others end when their last token has expired.
    fn succeed(&mut self, kid: &str, from: i64, longest_us: i64) {
        for key in self.keys.iter_mut().filter(|key| key.kid != kid) {
            let until = from.saturating_add(longest_us);
            let until = match key.verifies_until {
                // A switch that comes earlier than planned also ends earlier; what ended before stays ended.
                Some(planned) => planned.min(until),
                None => until,
            };
            key.verifies_until = Some(until);
        }
    }

    /// Ends a key at once.
    pub(super) fn end(&mut self, kid: &str, now: Timestamp) {
        if let Some(key) = self.keys.iter_mut().find(|key| key.kid == kid) {
            key.verifies_until = Some(key.verifies_until.map_or(now.0, |until| until.min(now.0)));
        }
    }

    /// Says that the private parts of keys that sign no more are to be removed; the answer names them.
    pub(super) fn without_old_private_parts(&mut self, now: Timestamp) -> Vec<RingKey> {
        let signer = self.signer(now).map(|key| key.kid.clone());
        let mut gone = Vec::new();
        for key in &mut self.keys {
            let old = key.signs_from <= now.0 && signer.as_ref() != Some(&key.kid);
            if key.private && old && key.public.is_some() {
                key.private = false;
                gone.push(key.clone());
            }
        }
        gone
    }

    /// Forgets keys that verify no more; the answer names them.
    pub(super) fn without_ended(&mut self, now: Timestamp) -> Vec<RingKey> {
        let (kept, ended) = self.keys.drain(..).partition(|key: &RingKey| key.verifies_at(now));
        self.keys = kept;
        ended
    }

    /// Puts down what was done, for the audit.
    pub(super) fn note(
        &mut self,
        by: &str,
        (action, kid): (&str, Option<&str>),
        now: Timestamp,
        effective: Timestamp,
    ) {
        let number = self.changes.last().map_or(1, |last| last.number + 1);
        let (by, action, kid) = (by.to_owned(), action.to_owned(), kid.map(str::to_owned));
        self.changes.push(KeyChange { number, at: now.0, by, action, kid, effective: effective.0 });
        let beyond = self.changes.len().saturating_sub(CHANGES_KEPT);
        self.changes.drain(..beyond);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    fn at(hours: i64) -> Timestamp {
        Timestamp(NOW.0 + hours * HOUR)
    }

    fn rotated(ring: &mut Ring, now: Timestamp, from: Timestamp) {
        let key = ring.vacancy(now, from);
        ring.add(key, 24 * HOUR);
        for key in &mut ring.keys {
            key.public = Some(PublicParts { n: key.kid.clone(), e: "AQAB".to_owned() });
        }
    }

    fn signer(ring: &Ring, now: Timestamp) -> &str {
        &ring.signer(now).unwrap().kid
    }

    #[test]
    fn keys_take_turns_and_each_verifies_as_long_as_its_last_token_lives() {
        let mut ring = Ring::of_one();
        rotated(&mut ring, at(0), at(1));
        assert_eq!(signer(&ring, at(0)), "SIGNING_KEY");
        assert_eq!(ring.next(at(0)).unwrap().kid, "SIGNING_KEY_2");
        assert_eq!(signer(&ring, at(1)), "SIGNING_KEY_2");
        assert_eq!(ring.next(at(1)), None);
        rotated(&mut ring, at(10), at(11));
        let verifies = |kid: &str, now| ring.key(kid).unwrap().verifies_at(now);
        assert!(verifies("SIGNING_KEY", at(24)) && !verifies("SIGNING_KEY", at(25)));
        assert!(verifies("SIGNING_KEY_2", at(34)) && !verifies("SIGNING_KEY_2", at(35)));
        assert!(verifies("SIGNING_KEY_3", at(1_000_000)));
        assert_eq!(signer(&ring, at(-5)), "SIGNING_KEY", "the clock went back");
    }

    #[test]
    fn private_parts_and_keys_go_when_nobody_needs_them_and_names_do_not_come_back() {
        let mut ring = Ring::of_one();
        rotated(&mut ring, at(0), at(1));
        assert_eq!(ring.without_old_private_parts(at(0)), [], "the first still signs");
        let gone = ring.without_old_private_parts(at(1));
        assert_eq!(gone.iter().map(RingKey::private_file).collect::<Vec<_>>(), ["signing.key"]);
        assert_eq!(ring.without_ended(at(24)), []);
        assert_eq!(ring.without_ended(at(25)).len(), 1);
        ring.end("SIGNING_KEY_2", at(26));
        rotated(&mut ring, at(26), at(26));
        assert_eq!(ring.without_ended(at(26)).len(), 1);
        assert_eq!(signer(&ring, at(26)), "SIGNING_KEY_3");
    }

    #[test]
    fn a_published_key_can_begin_earlier_and_an_ended_one_stays_ended() {
        let mut ring = Ring::of_one();
        rotated(&mut ring, at(0), at(10));
        ring.begin("SIGNING_KEY_2", at(1), 24 * HOUR);
        assert_eq!(signer(&ring, at(1)), "SIGNING_KEY_2");
        assert_eq!(ring.key("SIGNING_KEY").unwrap().verifies_until, Some(at(25).0));
        ring.end("SIGNING_KEY", at(2));
        rotated(&mut ring, at(3), at(3));
        assert_eq!(ring.key("SIGNING_KEY").unwrap().verifies_until, Some(at(2).0));
    }

    #[test]
    fn a_ring_is_read_as_it_was_written_and_nonsense_is_none() {
        let mut ring = Ring::of_one();
        rotated(&mut ring, at(0), at(1));
        ring.note("uid0@admin", ("rotate", Some("SIGNING_KEY_2")), at(0), at(1));
        assert_eq!(Ring::read(&ring.written()).unwrap(), ring);
        let mut twice = ring.clone();
        twice.keys.push(ring.keys[1].clone());
        let mut none = Ring::of_one();
        none.keys[0].private = false;
        let other = Ring { version: 2, ..ring };
        for bad in [twice.written(), none.written(), other.written(), b"{}".to_vec(), Vec::new()] {
            assert!(Ring::read(&bad).is_err(), "{}", String::from_utf8_lossy(&bad));
        }
    }

    #[test]
    fn only_the_last_changes_are_kept_and_their_numbers_go_on() {
        let mut ring = Ring::of_one();
        for _ in 0..250 {
            ring.note("x", ("rotate", None), NOW, NOW);
        }
        let numbers = (ring.changes.first().unwrap().number, ring.changes.last().unwrap().number);
        assert_eq!((ring.changes.len(), numbers), (200, (51, 250)));
    }
}
