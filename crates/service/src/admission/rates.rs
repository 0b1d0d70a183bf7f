//! How often a caller may ask for a change: a bucket of tokens for each caller, and one for each tenant.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A bucket that was not used for so long is full.
const BURST: Duration = Duration::from_secs(2);
/// Tenants, and callers of one tenant, whose buckets are kept at a time; full ones need not be.
const BUCKETS_MAX: usize = 10_000;

/// Changes in a second, on average over [`BURST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one user or app.
    pub caller_per_s: u32,
    /// Of all users and apps of one tenant.
    pub tenant_per_s: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { caller_per_s: 20_000, tenant_per_s: 50_000 }
    }
}

/// Counts changes.
#[derive(Debug)]
pub(crate) struct Rates {
    limits: RateLimits,
    tenants: Mutex<HashMap<String, Tenant>>,
}

#[derive(Debug)]
struct Tenant {
    bucket: Bucket,
    callers: HashMap<String, Bucket>,
}

/// A bucket of tokens, told by the moment at which it is full again.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Instant,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, tenants: Mutex::default() }
    }

    /// Takes a token of the caller's and one of the tenant's; or none, and says when there will be both.
    pub(crate) fn take(&self, tenant: &str, caller: &str, now: Instant) -> Result<(), Duration> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = entry(
            &mut tenants,
            tenant,
            now,
            |tenant| tenant.bucket,
            |bucket| Tenant { bucket, callers: HashMap::new() },
        );
        let Some(of_tenant) = of_tenant else { return Ok(()) };
        let mut tenant = of_tenant.bucket;
        tenant.take(self.limits.tenant_per_s, now)?;
        let of_caller =
            entry(&mut of_tenant.callers, caller, now, |bucket| *bucket, |bucket| bucket);
        if let Some(of_caller) = of_caller {
            of_caller.take(self.limits.caller_per_s, now)?;
        }
        of_tenant.bucket = tenant;
        Ok(())
    }
}

/// What is kept under a name, begun with a full bucket; none if there is no room for it.
fn entry<'a, T>(
    kept: &'a mut HashMap<String, T>,
    name: &str,
    now: Instant,
    bucket: impl Fn(&T) -> Bucket,
    begin: impl FnOnce(Bucket) -> T,
) -> Option<&'a mut T> {
    if !kept.contains_key(name) {
        if kept.len() >= BUCKETS_MAX {
            // A full bucket and none are the same.
            kept.retain(|_, one| bucket(one).full_at > now);
        }
        if kept.len() >= BUCKETS_MAX {
            return None;
        }
        kept.insert(name.to_owned(), begin(Bucket { full_at: now }));
    }
    kept.get_mut(name)
}

impl Bucket {
    fn take(&mut self, per_s: u32, now: Instant) -> Result<(), Duration> {
        let token = Duration::from_secs(1) / per_s.max(1);
        let after = self.full_at.max(now) + token;
        // A rate below one in a burst's time still allows one.
        let wait = after.saturating_duration_since(now).saturating_sub(BURST.max(token));
        if wait.is_zero() {
            self.full_at = after;
            return Ok(());
        }
        Err(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Ten in a second for a caller, 16 for the tenant: all times are whole milliseconds or less.
    const LIMITS: RateLimits = RateLimits { caller_per_s: 10, tenant_per_s: 16 };

    /// A bucket as one would draw it: tokens in millionths, filled as time goes by.
    struct Drawn {
        millionths: u64,
        per_s: u64,
    }

    impl Drawn {
        fn new(per_s: u32) -> Self {
            Self { millionths: u64::from(per_s) * 2_000_000, per_s: per_s.into() }
        }

        fn fill(&mut self, micros: u64) {
            self.millionths = (self.millionths + micros * self.per_s).min(self.per_s * 2_000_000);
        }
    }

    proptest! {
        #[test]
        fn the_buckets_agree_with_drawn_ones(asked in vec((0..3_usize, 0..400_u64), 0..200)) {
            let (rates, mut now) = (Rates::new(LIMITS), Instant::now());
            let mut tenant = Drawn::new(LIMITS.tenant_per_s);
            let mut callers = [(); 3].map(|()| Drawn::new(LIMITS.caller_per_s));
            for (caller, millis) in asked {
                now += Duration::from_millis(millis);
                tenant.fill(millis * 1000);
                for drawn in &mut callers {
                    drawn.fill(millis * 1000);
                }
                let both = [&mut tenant, &mut callers[caller]];
                let wanted = both.iter().all(|drawn| drawn.millionths >= 1_000_000);
                if wanted {
                    for drawn in both {
                        drawn.millionths -= 1_000_000;
                    }
                }
                let taken = rates.take("T", ["a", "b", "c"][caller], now);
                prop_assert_eq!(taken.is_ok(), wanted);
                if let Err(wait) = taken {
                    prop_assert!(rates.take("T", ["a", "b", "c"][caller], now + wait / 2).is_err());
                }
            }
        }
    }

    #[test]
    fn the_time_to_wait_is_the_time_until_the_next_token() {
        let (rates, now) = (Rates::new(LIMITS), Instant::now());
        for _ in 0..20 {
            rates.take("T", "a", now).unwrap();
        }
        let wait = rates.take("T", "a", now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        rates.take("T", "a", now + wait).unwrap();
        for _ in 0..12 {
            rates.take("T", "b", now + wait).unwrap();
        }
        rates.take("T", "b", now + wait).expect_err("the tenant's bucket is empty");
        rates.take("U", "b", now + wait).expect("another tenant has its own");
    }

    #[test]
    fn names_are_forgotten_when_their_buckets_are_full() {
        let (rates, now) = (Rates::new(LIMITS), Instant::now());
        for number in 0..BUCKETS_MAX + 10 {
            rates.take(&number.to_string(), "a", now).unwrap();
        }
        let held = |rates: &Rates| rates.tenants.lock().unwrap().len();
        assert_eq!(held(&rates), BUCKETS_MAX);
        rates.take("late", "a", now + BURST).unwrap();
        assert_eq!(held(&rates), 1);
    }

    #[test]
    fn a_rate_below_one_in_the_time_of_a_burst_still_lets_one_through() {
        let limits = RateLimits { caller_per_s: 0, tenant_per_s: 1 };
        let (rates, now) = (Rates::new(limits), Instant::now());
        rates.take("T", "a", now).unwrap();
        rates.take("T", "a", now).unwrap();
        rates.take("T", "a", now).unwrap_err();
    }
}
