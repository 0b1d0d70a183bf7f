//! From when to when a token counts.

use super::claims::seconds;
use dayend_engine::time::Timestamp;
use serde_json::Value;

/// A token may be this much younger than our clock says: the clocks of two nodes differ.
const CLOCK_SKEW_S: i64 = 60;

/// `iat`, `nbf` and `exp` in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the unit comes last")]
pub(crate) struct Times {
    issued_s: i64,
    not_before_s: i64,
    expires_s: i64,
}

impl Times {
    /// The times of a token; none: they are too large.
    pub(super) fn new(issued: u64, not_before: Option<u64>, expires: u64) -> Option<Self> {
        let issued_s = i64::try_from(issued).ok()?;
        let not_before_s = not_before.map_or(Ok(issued_s), i64::try_from).ok()?.max(issued_s);
        Some(Self { issued_s, not_before_s, expires_s: i64::try_from(expires).ok()? })
    }

    /// The times in any claims; `exp` and `iat` must be there, and all must be whole numbers.
    pub(crate) fn of(claims: &Value) -> Option<Self> {
        let number = |claim: &str| claims.get(claim).map(Value::as_u64);
        let not_before = match number("nbf") {
            None => None,
            Some(number) => Some(number?),
        };
        Self::new(number("iat")??, not_before, number("exp")??)
    }

    /// Whether the token has begun and not yet expired.
    pub(crate) fn hold_at(&self, now: Timestamp) -> bool {
        let now = seconds(now);
        self.not_before_s <= now.saturating_add(CLOCK_SKEW_S) && now < self.expires_s
    }

    /// When it expires.
    pub(crate) fn expires(&self) -> Timestamp {
        Timestamp(self.expires_s.saturating_mul(1_000_000))
    }

    /// When the token was issued.
    pub(crate) fn issued(&self) -> Timestamp {
        Timestamp(self.issued_s.saturating_mul(1_000_000))
    }
}
