//! The same batch, triggered again and again, one run at a time.

use crate::bank::Bank;
use crate::processor::Used;
use crate::watch::Watch;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Runs before the first one that counts: connections, statements and caches are made by them.
const WARM: usize = 20;
/// Until a run may have ended nothing is asked; then so often.
const PAUSE: Duration = Duration::from_micros(200);

/// What was seen of many runs.
pub(super) struct Series {
    /// From the trigger's answer to the end.
    pub(super) from_answer: Vec<Duration>,
    /// From the trigger's first byte to the end.
    pub(super) from_question: Vec<Duration>,
    /// From creation to end, as the server tells it.
    recorded: Vec<Duration>,
    pub(super) used: Used,
}

impl Series {
    /// The mean time between creation and end that the server has on record, which counts whole milliseconds.
    pub(super) fn by_record(&self) -> Duration {
        let count = u32::try_from(self.recorded.len()).unwrap_or(u32::MAX).max(1);
        self.recorded.iter().sum::<Duration>() / count
    }
}

/// Runs `batch` so often; `task` is its last one.
pub(super) async fn again_and_again(
    bank: &Bank,
    batch: &str,
    task: &str,
    runs: usize,
) -> Result<Series> {
    let caller = bank.caller().await?;
    let mut watch = Watch::new(&caller, task, PAUSE).await?;
    let mut quiet = Duration::ZERO;
    for _ in 0..WARM {
        let run = watch.trigger(batch).await?;
        let answered = Instant::now();
        watch.until(&run, "0", quiet).await?;
        quiet = until_it_may_have_ended(answered.elapsed(), quiet);
    }
    let (mut from_answer, mut from_question, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let meter = bank.meter()?;
    for _ in 0..runs {
        let asked = Instant::now();
        let run = watch.trigger(batch).await?;
        let answered = Instant::now();
        watch.until(&run, "0", quiet).await?;
        from_answer.push(answered.elapsed());
        from_question.push(asked.elapsed());
        quiet = until_it_may_have_ended(answered.elapsed(), quiet);
        ids.push(run);
    }
    let used = meter.read()?;
    let mut recorded = Vec::new();
    for run in &ids {
        let record = caller.record(&mut watch.connection, run).await?;
        recorded.push(instant(&record, "endedAt")?.saturating_sub(instant(&record, "createdAt")?));
    }
    Ok(Series { from_answer, from_question, recorded, used })
}

/// Two thirds of the shortest run so far: whoever asks earlier takes time away from the server.
fn until_it_may_have_ended(taken: Duration, quiet: Duration) -> Duration {
    let most = taken * 2 / 3;
    if quiet.is_zero() { most } else { quiet.min(most) }
}

/// The time of day of a record, to the millisecond.
fn instant(record: &Value, key: &str) -> Result<Duration> {
    let text = record.get(key).and_then(Value::as_str).with_context(|| format!("no `{key}`"))?;
    let time = text.get(11..23).with_context(|| format!("`{text}` is no time"))?;
    let mut parts = time.split([':', '.']).map(str::parse::<u64>);
    let mut next =
        || parts.next().and_then(Result::ok).with_context(|| format!("`{text}` is no time"));
    let (hours, minutes, seconds, millis) = (next()?, next()?, next()?, next()?);
    Ok(Duration::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use super::instant;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_time_of_day_is_read_to_the_millisecond() {
        let record = json!({"endedAt": "2026-10-30T01:02:03.456Z", "bad": "2026-10-30"});
        assert_eq!(instant(&record, "endedAt").unwrap(), Duration::from_millis(3_723_456));
        assert!(instant(&record, "bad").is_err() && instant(&record, "none").is_err());
    }
}
