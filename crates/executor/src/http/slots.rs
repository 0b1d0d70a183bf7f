//! How many requests are under way: in all, and to one host, so that a hanging host leaves room for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Forgotten hosts are cleared away when more than this many are known.
const HOSTS_BEFORE_CLEANING: usize = 1024;

/// The free places for requests.
#[derive(Debug)]
pub(super) struct Slots {
    total: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _host: Option<OwnedSemaphorePermit>,
    _total: Option<OwnedSemaphorePermit>,
}

impl Slots {
    pub(super) fn new(total: usize, per_host: usize) -> Self {
        Self { total: Arc::new(Semaphore::new(total)), per_host, hosts: Mutex::default() }
    }

    /// Waits for the host first: whoever waits for a crowded host takes no place from the others.
    pub(super) async fn acquire(&self, host: &str) -> Slot {
        let own = self.host(host).acquire_owned().await.ok();
        let total = Arc::clone(&self.total).acquire_owned().await.ok();
        Slot { _host: own, _total: total }
    }

    fn host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > HOSTS_BEFORE_CLEANING {
            hosts.retain(|_, slots| slots.strong_count() > 0);
        }
        if let Some(slots) = hosts.get(host).and_then(Weak::upgrade) {
            return slots;
        }
        let slots = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(host.to_owned(), Arc::downgrade(&slots));
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_crowded_host_leaves_room_for_others() {
        let slots = Slots::new(3, 2);
        let taken = [slots.acquire("a").await, slots.acquire("a").await];
        assert!(slots.acquire("a").now_or_never().is_none());
        let other = slots.acquire("b").await;
        assert!(slots.acquire("c").now_or_never().is_none(), "three are under way");
        drop(taken);
        assert!(slots.acquire("a").now_or_never().is_some());
        drop(other);
    }
}
