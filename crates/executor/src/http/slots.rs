//! How many requests are under way: in all, and to one host, so that hosts that hang leave room for the others.

use crate::slots::{FairSlots, Slot};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Hosts that nobody uses are forgotten when more than this many are known.
const HOSTS_BEFORE_CLEANING: usize = 1024;
/// One place in so many is kept for hosts that have no request under way.
const KEPT_ONE_IN: usize = 4;

/// The free places for requests.
#[derive(Debug)]
pub(super) struct Slots {
    /// For every request.
    common: FairSlots,
    /// Only for the one request of a host that has no other.
    kept: FairSlots,
    per_host: usize,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Clone, Debug)]
struct Host {
    all: FairSlots,
    /// Taken by the one request that stands in a kept place.
    lone: FairSlots,
    users: Arc<()>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct RequestSlot {
    _total: Slot,
    _lone: Option<Slot>,
    _host: Slot,
    _user: Arc<()>,
}

impl Slots {
    pub(super) fn new(total: usize, per_host: usize) -> Self {
        let kept = total / KEPT_ONE_IN;
        Self {
            common: FairSlots::new(total - kept),
            kept: FairSlots::new(kept),
            per_host,
            hosts: Mutex::default(),
        }
    }

    /// Waits for the host first: whoever waits for a crowded host takes no place from the others.
    pub(super) async fn acquire(&self, tenant: &Arc<str>, host: &str) -> RequestSlot {
        let Host { all, lone, users } = self.host(host);
        let of_host = all.acquire(tenant).await;
        let (total, lone) = tokio::select! {
            biased;
            total = self.common.acquire(tenant) => (total, None),
            (lone, total) = self.kept_place(tenant, &lone) => (total, Some(lone)),
        };
        RequestSlot { _total: total, _lone: lone, _host: of_host, _user: users }
    }

    async fn kept_place(&self, tenant: &Arc<str>, lone: &FairSlots) -> (Slot, Slot) {
        let lone = lone.acquire(tenant).await;
        (lone, self.kept.acquire(tenant).await)
    }

    fn host(&self, host: &str) -> Host {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > HOSTS_BEFORE_CLEANING {
            hosts.retain(|_, host| Arc::strong_count(&host.users) > 1);
        }
        let new = || Host {
            all: FairSlots::new(self.per_host),
            lone: FairSlots::new(1),
            users: Arc::new(()),
        };
        hosts.entry(host.to_owned()).or_insert_with(new).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_crowded_host_leaves_room_for_others() {
        let slots = Slots::new(3, 2);
        let tenant: Arc<str> = "bank".into();
        let taken = [slots.acquire(&tenant, "a").await, slots.acquire(&tenant, "a").await];
        assert!(slots.acquire(&tenant, "a").now_or_never().is_none());
        let other = slots.acquire(&tenant, "b").await;
        assert!(slots.acquire(&tenant, "c").now_or_never().is_none(), "three are under way");
        drop(taken);
        assert!(slots.acquire(&tenant, "a").now_or_never().is_some());
        drop(other);
    }

    #[tokio::test]
    async fn hosts_that_hang_leave_a_place_for_each_host_that_has_none() {
        let slots = Slots::new(512, 64);
        let tenant: Arc<str> = "bank".into();
        let mut hanging = Vec::new();
        for host in 0..100 {
            for _ in 0..64 {
                hanging.extend(slots.acquire(&tenant, &format!("h{host}")).now_or_never());
            }
        }
        assert_eq!(
            hanging.len(),
            384 + 94,
            "six hosts fill the common places, the others have one each"
        );
        for host in ["healthy", "other"] {
            assert!(slots.acquire(&tenant, host).now_or_never().is_some(), "{host}");
        }
    }
}
