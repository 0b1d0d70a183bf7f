//! Finds the addresses of host names, so that a name server that does not answer holds up only those who ask for its names.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// How many names are looked up at a time: a slow name server must not use up the threads for blocking work.
const LOOKUPS_MAX: usize = 64;

/// Asks for the addresses of a host name; blocks.
pub type Lookup = fn(&str) -> io::Result<Vec<IpAddr>>;

/// Asks the system, as all its programs do.
pub(crate) fn of_the_system(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|found| found.ip()).collect())
}

type Found = Result<Arc<[IpAddr]>, String>;
type Flights = Arc<Mutex<HashMap<String, Shared<BoxFuture<'static, Found>>>>>;

/// The lookups that are under way: one a name, however many ask for it.
pub(super) struct Lookups {
    ask: Lookup,
    threads: Arc<Semaphore>,
    flights: Flights,
}

impl Lookups {
    pub(super) fn new(ask: Lookup) -> Self {
        Self { ask, threads: Arc::new(Semaphore::new(LOOKUPS_MAX)), flights: Flights::default() }
    }

    /// The addresses of a name. An answer is never older than the question.
    pub(super) async fn addresses(&self, host: &str) -> Found {
        let flight = {
            let mut flights = locked(&self.flights);
            if let Some(flight) = flights.get(host) {
                flight.clone()
            } else {
                let flight = self.begin(host.to_owned());
                flights.insert(host.to_owned(), flight.clone());
                flight
            }
        };
        flight.await
    }

    /// Looks up on a thread that counts until it is done, also when nobody waits for it any more.
    fn begin(&self, host: String) -> Shared<BoxFuture<'static, Found>> {
        let (ask, threads, flights) =
            (self.ask, Arc::clone(&self.threads), Arc::clone(&self.flights));
        let lookup = tokio::spawn(async move {
            let turn = threads.acquire_owned().await;
            let name = host.clone();
            let asked = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                ask(&name)
            })
            .await;
            locked(&flights).remove(&host);
            match asked {
                Ok(Ok(found)) => Ok(found.iter().map(IpAddr::to_canonical).collect()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("internal error".to_owned()),
            }
        });
        lookup
            .map(|done| done.unwrap_or_else(|_| Err("internal error".to_owned())))
            .boxed()
            .shared()
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Lookups")
            .field("names", &locked(&self.flights).len())
            .finish_non_exhaustive()
    }
}

/// A panic elsewhere leaves the map as good as it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, LazyLock};

    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static OPEN: LazyLock<(Mutex<bool>, Condvar)> = LazyLock::new(Default::default);

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a lookup that can fail")]
    fn slow_or_fast(host: &str) -> io::Result<Vec<IpAddr>> {
        if host == "slow" {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let (open, changed) = &*OPEN;
            drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        }
        Ok(vec!["::ffff:192.0.2.1".parse().unwrap()])
    }

    #[tokio::test]
    async fn a_name_that_is_slow_to_find_takes_one_thread_and_holds_up_no_other_name() {
        let lookups = Arc::new(Lookups::new(slow_or_fast));
        let waiting: Vec<_> = (0..10 * LOOKUPS_MAX)
            .map(|_| {
                let lookups = Arc::clone(&lookups);
                tokio::spawn(async move { lookups.addresses("slow").await })
            })
            .collect();
        let want: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(lookups.addresses("fast").await.unwrap()[..], [want]);
        *OPEN.0.lock().unwrap() = true;
        OPEN.1.notify_all();
        for found in waiting {
            assert_eq!(found.await.unwrap().unwrap()[..], [want]);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
        lookups.addresses("slow").await.unwrap();
        assert_eq!(ASKED.load(Ordering::SeqCst), 2, "an answer is not remembered");
    }
}
