//! What is done once a day, and what is looked at all the time.

use dayend_engine::time::Timestamp;
use dayend_executor::Executors;
use dayend_service::clock::Clock;
use dayend_service::use_cases::Service;
use dayend_store::port::{RunRow, Store};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// A database that nobody writes to is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A key that was rotated or retired counts here after this time at the latest.
const LOOK_AT_KEYS_EVERY: Duration = Duration::from_secs(2);
const DAY_MICROS: i64 = 86_400_000_000;

/// How many runs' directories are removed before others get the disk for a moment.
const PORTION: usize = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// What is forgotten, and when.
pub(super) struct Housekeeping {
    pub(super) store: Arc<dyn Store>,
    pub(super) executors: Arc<Executors>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keep_keys_days: u64,
    /// None: for ever.
    pub(super) keep_attempts_days: Option<u64>,
}

impl Housekeeping {
    /// Forgets idempotency keys, expired refresh tokens and what attempts left: at start, then every day, for ever.
    pub(super) async fn daily(self) {
        let mut daily = tokio::time::interval(DAY);
        daily.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            daily.tick().await;
            let now = self.clock.now();
            if let Err(error) = self.store.forget(horizon(now, self.keep_keys_days)).await {
                tracing::warn!(%error, "old idempotency keys could not be deleted; it is tried again tomorrow");
            }
            if let Some(days) = self.keep_attempts_days
                && let Err(error) = self.forget_attempts(horizon(now, days)).await
            {
                tracing::warn!(%error, "old logs of attempts could not be deleted; it is tried again tomorrow");
            }
        }
    }

    async fn forget_attempts(&self, before: Timestamp) -> anyhow::Result<()> {
        let executors = Arc::clone(&self.executors);
        let old = move || executors.runs_with_old_attempts(before);
        let mut forgotten = 0;
        for (done, run) in tokio::task::spawn_blocking(old).await??.into_iter().enumerate() {
            if done % PORTION == PORTION - 1 {
                tokio::time::sleep(PAUSE).await;
            }
            if has_ended(self.store.run_by_key(run).await?, before) {
                let executors = Arc::clone(&self.executors);
                let forget = move || executors.forget_attempts(run, before);
                forgotten += tokio::task::spawn_blocking(forget).await??;
            }
        }
        if forgotten > 0 {
            tracing::info!(attempts = forgotten, "logs and outcomes of old attempts were deleted");
        }
        Ok(())
    }
}

/// A run that the store does not know is over, too: it was left behind when a backup was restored.
fn has_ended(run: Option<RunRow>, before: Timestamp) -> bool {
    run.is_none_or(|run| run.state.ended && run.state.ended_at.is_some_and(|at| at < before))
}

/// Tells when the database can be used no more, and when it can again, although nobody writes to it.
pub(super) async fn watch(store: Arc<dyn Store>) {
    let mut often = tokio::time::interval(LOOK_EVERY);
    often.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut usable = true;
    loop {
        often.tick().await;
        let looked = store.usable().await;
        match &looked {
            Err(error) if usable => tracing::error!("nothing is accepted any more: {error}"),
            Ok(()) if !usable => tracing::info!("the database can be used again"),
            Ok(()) | Err(_) => {}
        }
        usable = looked.is_ok();
    }
}

/// Takes up keys that an administrator changes while the server runs.
pub(super) async fn keys(service: Arc<Service>) {
    let mut often = tokio::time::interval(LOOK_AT_KEYS_EVERY);
    often.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        often.tick().await;
        service.identity().refresh_keys(service.now()).await;
    }
}

fn horizon(now: Timestamp, keep_days: u64) -> Timestamp {
    let kept = i64::try_from(keep_days).unwrap_or(i64::MAX).saturating_mul(DAY_MICROS);
    Timestamp(now.0.saturating_sub(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_executor::port::{Report, Reports};
    use dayend_executor::settings::Settings;
    use dayend_service::clock::SystemClock;
    use dayend_testkit::app::TestApp;
    use dayend_testkit::scripted::Act;
    use std::path::Path;

    struct Nobody;

    impl Reports for Nobody {
        fn report(&self, _report: Report) {}
    }

    #[tokio::test]
    async fn what_attempts_left_goes_when_their_run_has_ended_for_long_enough() {
        let app = TestApp::new().await;
        for code in ["ENDS", "HANGS"] {
            app.apply(&format!("apiVersion: dayend/v1\nkind: Batch\ncode: {code}\ntasks: [{{ code: {code}, command: {{ argv: [x] }} }}]\n")).await;
        }
        app.scripted.script("HANGS", &[Act::Hang]);
        let root = tempfile::tempdir().unwrap();
        let attempts = root.path().join("attempts");
        let leave = |run: &str| {
            let dir = attempts.join(run).join("0-1");
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("log"), "words\n").unwrap();
        };
        let mut keys = Vec::new();
        for code in ["ENDS", "HANGS"] {
            let run = app.trigger(code).await;
            let row = app.store.run_by_id(&app.scope.tenant, &run.parse().unwrap()).await;
            let key = row.unwrap().unwrap().key.0.to_string();
            leave(&key);
            keys.push(key);
            if code == "ENDS" {
                app.ended(&run).await;
            }
        }
        for other in ["123456789", "notes"] {
            leave(other);
        }
        let now = || SystemClock.now();
        let settings =
            Settings::new(attempts.clone(), root.path().join("work"), String::new(), [0; 32], now);
        let housekeeping = Housekeeping {
            store: Arc::clone(&app.store),
            executors: Executors::new(settings, Arc::new(Nobody)),
            clock: app.clock.clone(),
            keep_keys_days: 8,
            keep_attempts_days: Some(30),
        };
        let there = |run: &str| attempts.join(run).exists();
        let in_days = |days: i64| horizon(Timestamp(now().0 + days * DAY_MICROS), 30);
        housekeeping.forget_attempts(in_days(29)).await.unwrap();
        assert!(keys.iter().all(|run| there(run)) && there("123456789"));
        housekeeping.forget_attempts(in_days(31)).await.unwrap();
        assert_eq!([there(&keys[0]), there(&keys[1])], [false, true]);
        assert_eq!([there("123456789"), there("notes")], [false, true]);
        let nowhere = Settings::new(
            Path::new("/no/such/place").into(),
            root.path().join("work"),
            String::new(),
            [0; 32],
            now,
        );
        let housekeeping =
            Housekeeping { executors: Executors::new(nowhere, Arc::new(Nobody)), ..housekeeping };
        housekeeping.forget_attempts(in_days(31)).await.unwrap();
    }

    #[test]
    fn keys_are_kept_for_the_days_that_were_set() {
        assert_eq!(horizon(Timestamp(10 * DAY_MICROS), 8), Timestamp(2 * DAY_MICROS));
        assert_eq!(horizon(Timestamp(0), u64::MAX), Timestamp(-i64::MAX));
    }
}
