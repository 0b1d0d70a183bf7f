//! Who waits for which files: a file that arrives wakes those that it concerns, and nobody else.

use dayend_engine::codes::Scope;
use dayend_engine::file_names::NamePattern;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How often each looks by itself, should nobody have told of a file.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The more there are, the less often: all of them together look so often at most.
const LOOKS_APART: Duration = Duration::from_millis(20);

/// All that wait in this process.
#[derive(Default)]
pub(crate) struct Waits(Mutex<State>);

#[derive(Default)]
struct State {
    scopes: HashMap<Scope, HashMap<u64, Arc<Ear>>>,
    count: u32,
    last: u64,
}

struct Ear {
    pattern: NamePattern,
    marker: Option<String>,
    woken: Notify,
}

/// One that waits, until it is dropped.
pub(super) struct Waiting<'w> {
    waits: &'w Waits,
    scope: &'w Scope,
    number: u64,
    ear: Arc<Ear>,
}

impl Waits {
    /// Begins to listen.
    pub(super) fn enter<'w>(
        &'w self,
        scope: &'w Scope,
        pattern: NamePattern,
        marker: Option<String>,
    ) -> Waiting<'w> {
        let ear = Arc::new(Ear { pattern, marker, woken: Notify::new() });
        let mut state = self.locked();
        state.last += 1;
        state.count += 1;
        let number = state.last;
        state.scopes.entry(scope.clone()).or_default().insert(number, Arc::clone(&ear));
        Waiting { waits: self, scope, number, ear }
    }

    /// Tells those who wait for it that a file is there, or another one of the same name.
    pub(crate) fn arrived(&self, scope: &Scope, name: &str) {
        let state = self.locked();
        for ear in state.scopes.get(scope).into_iter().flat_map(HashMap::values) {
            if ear.pattern.matches(name) || ear.marker.as_deref() == Some(name) {
                ear.woken.notify_one();
            }
        }
    }

    /// How long one that nobody wakes waits before it looks by itself.
    pub(super) fn look_after(&self) -> Duration {
        LOOK_EVERY.max(LOOKS_APART.saturating_mul(self.locked().count))
    }

    /// A panic elsewhere leaves the table as good as it was.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// Resolves when a file has come since it resolved last.
    pub(super) async fn woken(&self) {
        self.ear.woken.notified().await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.waits.locked();
        state.count = state.count.saturating_sub(1);
        if let Some(ears) = state.scopes.get_mut(self.scope) {
            ears.remove(&self.number);
            if ears.is_empty() {
                state.scopes.remove(self.scope);
            }
        }
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Waits").field("count", &self.locked().count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn scope(workspace: &str) -> Scope {
        let (tenant, service) = ("bank".to_owned(), "OFS".to_owned());
        Scope { tenant, service, workspace: workspace.to_owned() }
    }

    #[tokio::test]
    async fn a_file_wakes_those_that_wait_for_it_and_nobody_else() {
        let (waits, here, there) = (Waits::default(), scope("A"), scope("B"));
        let enter = |scope, pattern, marker: Option<&str>| {
            waits.enter(scope, NamePattern::parse(pattern), marker.map(str::to_owned))
        };
        let waiting = [
            enter(&here, "in/*.csv", None),
            enter(&here, "in/rates.csv", None),
            enter(&here, "other", Some("in/rates.csv")),
            enter(&here, "other", None),
            enter(&there, "**", None),
        ];
        waits.arrived(&here, "in/rates.csv");
        let woken = waiting.each_ref().map(|one| one.woken().now_or_never().is_some());
        assert_eq!(woken, [true, true, true, false, false]);
        let again = waiting.each_ref().map(|one| one.woken().now_or_never().is_some());
        assert_eq!(again, [false; 5]);
        drop(waiting);
        assert!(waits.locked().scopes.is_empty());
    }

    #[test]
    fn many_that_wait_look_less_often() {
        let (waits, scope) = (Waits::default(), scope("A"));
        assert_eq!(waits.look_after(), LOOK_EVERY);
        let pattern = NamePattern::parse("x");
        let waiting: Vec<_> =
            (0..10_000).map(|_| waits.enter(&scope, pattern.clone(), None)).collect();
        assert_eq!(waits.look_after(), Duration::from_secs(200));
        drop(waiting);
        assert_eq!(waits.look_after(), LOOK_EVERY);
    }
}
