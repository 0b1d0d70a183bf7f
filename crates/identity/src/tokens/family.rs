//! What a token descends from, written into its id.

use crate::random;
use dayend_engine::time::Timestamp;

/// Hex digits of the millisecond in which the family began.
const BEGAN_DIGITS: usize = 11;
/// Hex digits of a family's name: the beginning, and 40 random bits.
const FAMILY_DIGITS: usize = 21;
/// Hex digits of a token's id: its family, and 44 random bits.
const TOKEN_ID_DIGITS: usize = 32;

/// All tokens that descend from one log-in, one assertion, or one request of an app for itself.
///
/// The id (`jti`) of each begins with the family's name. So a family can be revoked without a list of its tokens, and a token
/// tells when the log-in was that it rests on: a change of the password in between makes it worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Family(String);

impl Family {
    /// A new family of what begins at this instant.
    pub(crate) fn begun_at(began: Timestamp) -> Self {
        let ms = u64::try_from(began.0.div_euclid(1000)).unwrap_or_default();
        let mut name = format!("{:0BEGAN_DIGITS$x}{}", ms & 0xfff_ffff_ffff, random::id());
        name.truncate(FAMILY_DIGITS);
        Self(name)
    }

    /// The family with this name.
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The family of the token with this id; none if it is not one of ours.
    pub(crate) fn of_token(jti: &str) -> Option<Self> {
        let shaped =
            jti.len() == TOKEN_ID_DIGITS && jti.bytes().all(|digit| digit.is_ascii_hexdigit());
        jti.get(..FAMILY_DIGITS).filter(|_| shaped).map(Self::named)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The id of another token of the family.
    pub(crate) fn token_id(&self) -> String {
        let mut id = format!("{}{}", self.0, random::id());
        id.truncate(TOKEN_ID_DIGITS);
        id
    }

    /// When it began, to the millisecond.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        let ms = i64::from_str_radix(self.0.get(..BEGAN_DIGITS)?, 16).ok()?;
        Some(Timestamp(ms.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const NOW: Timestamp = Timestamp(1_790_000_000_123_000);

    #[test]
    fn a_token_tells_its_family_and_when_that_began() {
        let family = Family::begun_at(NOW);
        let id = family.token_id();
        assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        assert_eq!(Family::of_token(&id), Some(family.clone()));
        assert_eq!(family.began(), Some(NOW));
        assert_ne!(
            Family::begun_at(NOW),
            family,
            "two log-ins in one millisecond are two families"
        );
    }

    #[test]
    fn the_ids_of_a_family_do_not_repeat() {
        let family = Family::begun_at(NOW);
        let ids: HashSet<String> = (0..1000).map(|_| family.token_id()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn what_is_no_id_of_ours_has_no_family() {
        for id in ["", "x", &"g".repeat(32), &"a".repeat(31), &"a".repeat(33), &"é".repeat(16)] {
            assert_eq!(Family::of_token(id), None, "{id}");
        }
    }
}
