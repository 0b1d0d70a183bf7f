//! What the history says about tokens, users, apps and grants; never a secret.

use crate::identity::Identity;
use crate::token::TokenError;
use crate::tokens::{Asking, GrantType};
use dayend_engine::time::Timestamp;
use dayend_store::port::{HistoryRecord, Write};
use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};

/// Refusals that are recorded at once, and how many a second after that: who has no password must not fill the disk.
const REFUSALS_AT_ONCE: u32 = 100;
const REFUSALS_PER_S: i64 = 10;

/// Lets a bounded number of refusals into the history and counts the others.
#[derive(Debug)]
pub struct RefusalGate {
    state: Mutex<GateState>,
}

#[derive(Debug)]
struct GateState {
    free: u32,
    refilled: Timestamp,
    left_out: u64,
}

impl RefusalGate {
    /// Lets the first ones in.
    #[expect(clippy::new_without_default, reason = "a gate is made once")]
    pub fn new() -> Self {
        Self {
            state: Mutex::new(GateState {
                free: REFUSALS_AT_ONCE,
                refilled: Timestamp(i64::MIN),
                left_out: 0,
            }),
        }
    }

    /// Whether a refusal is recorded, and how many were left out since the last one that was.
    pub fn admit(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let earned = now.0.saturating_sub(state.refilled.0).max(0).saturating_mul(REFUSALS_PER_S)
            / 1_000_000;
        if earned > 0 || now < state.refilled {
            state.free = REFUSALS_AT_ONCE
                .min(state.free.saturating_add(u32::try_from(earned).unwrap_or(u32::MAX)));
            state.refilled = now;
        }
        if state.free == 0 {
            state.left_out = state.left_out.saturating_add(1);
            return None;
        }
        state.free -= 1;
        Some(std::mem::take(&mut state.left_out))
    }
}

impl Identity {
    /// Records a refused token request. Names are recorded only if they exist: people type passwords into the wrong field.
    pub(crate) async fn record_refusal(
        &self,
        asking: &Asking,
        refused: &TokenError,
        now: Timestamp,
    ) {
        self.record_refusal_of("token-refused", asking, refused, now).await;
    }

    /// As [`Identity::record_refusal`], for another event: refused log-ins on a page, for example.
    pub(crate) async fn record_refusal_of(
        &self,
        event: &str,
        asking: &Asking,
        refused: &TokenError,
        now: Timestamp,
    ) {
        // A request that the store could not answer was not refused, and could not be recorded either.
        // A device that still waits was not refused either.
        let waits = matches!(refused, TokenError::AuthorizationPending | TokenError::SlowDown);
        if asking.recorded || waits || matches!(refused, TokenError::Unavailable) {
            return;
        }
        let Some(left_out) = self.refusals.admit(now) else { return };
        let detail = json!({
            "client": asking.client, "client_proven": asking.proven, "user": asking.user,
            "grant": asking.grant.map(GrantType::as_str), "reason": reason(refused), "left_out_before": left_out,
        });
        let proven = asking.client.as_deref().filter(|_| asking.proven).unwrap_or("anonymous");
        let history = record(proven, event, &detail, now);
        if let Err(error) = self.write(Write::Audit { history }).await {
            tracing::error!(%error, "a refused token request could not be recorded");
        }
    }
}

/// A history record that belongs to no run.
pub(crate) fn record(actor: &str, event: &str, detail: &Value, at: Timestamp) -> HistoryRecord {
    HistoryRecord {
        run: None,
        at,
        actor: actor.to_owned(),
        event: event.to_owned(),
        detail: detail.to_string(),
    }
}

fn reason(refused: &TokenError) -> &'static str {
    match refused {
        TokenError::InvalidRequest(_) => "invalid_request",
        TokenError::InvalidClient => "invalid_client",
        TokenError::InvalidGrant(_) => "invalid_grant",
        TokenError::UnauthorizedClient(_) => "unauthorized_client",
        TokenError::UnsupportedGrantType => "unsupported_grant_type",
        TokenError::InvalidScope(_) => "invalid_scope",
        TokenError::InvalidTarget(_) => "invalid_target",
        TokenError::AuthorizationPending => "authorization_pending",
        TokenError::SlowDown => "slow_down",
        TokenError::ExpiredToken => "expired_token",
        TokenError::AccessDenied => "access_denied",
        TokenError::TooMany { .. } => "too_many",
        TokenError::Unavailable => "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_recorded_in_part_and_counted_whole() {
        let (gate, now) = (RefusalGate::new(), Timestamp(1_790_000_000_000_000));
        let recorded = (0..1000).filter(|_| gate.admit(now).is_some()).count();
        assert_eq!(recorded, 100);
        assert_eq!(gate.admit(now.plus_ms(99)), None);
        assert_eq!(gate.admit(now.plus_ms(100)), Some(901));
        assert_eq!(gate.admit(now.plus_ms(200)), Some(0));
        assert_eq!(gate.admit(now.plus_ms(200)), None);
    }
}
