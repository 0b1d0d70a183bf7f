//! Until when a file is waited for: known when the wait begins, and the same after a restart of the server.

use dayend_engine::codes::shortened;
use dayend_engine::definition::FileWork;
use dayend_engine::time::{TimeOfDay, Timestamp};
use jiff::Timestamp as Instant;
use jiff::tz::TimeZone;

/// The end of a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    pub(super) at: Timestamp,
    /// For people.
    pub(super) shown: String,
}

/// The earlier one of the two ends that a wait may have.
pub(super) fn deadline(work: &FileWork, from: Timestamp) -> Result<Deadline, String> {
    let by = work.by.map(|by| time_of_day(by, work.zone.as_deref(), from)).transpose()?;
    let within = work.within_ms.map(|within_ms| from.plus_ms(within_ms));
    let within = within.map(|at| Deadline { at, shown: at.to_string() });
    let first = by.into_iter().chain(within).min_by_key(|deadline| deadline.at);
    first.ok_or_else(|| "the wait has no end".to_owned())
}

/// The first such time after `from`. One that a change of the clocks leaves out is the time that the clocks show instead.
fn time_of_day(by: TimeOfDay, zone: Option<&str>, from: Timestamp) -> Result<Deadline, String> {
    let name = zone.unwrap_or("UTC");
    let zone = TimeZone::get(name)
        .map_err(|error| format!("the time zone `{}` is not known: {error}", shortened(name)))?;
    let odd = |error: jiff::Error| format!("the end of the wait cannot be computed: {error}");
    let start = Instant::from_microsecond(from.0).map_err(odd)?;
    let (hour, minute) = (by.hour.cast_signed(), by.minute.cast_signed());
    let mut day = start.to_zoned(zone.clone()).date();
    loop {
        let end = day.at(hour, minute, 0, 0).to_zoned(zone.clone()).map_err(odd)?.timestamp();
        if end > start {
            let at = Timestamp(end.as_microsecond());
            return Ok(Deadline { at, shown: format!("{at} ({by} in {name})") });
        }
        day = day.tomorrow().map_err(odd)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_end_after_the_beginning_counts() {
        #[rustfmt::skip]
        let cases = [
            ("2026-10-30T20:00:00Z", Some("22:30"), None, None, "2026-10-30T22:30:00.000Z"),
            ("2026-10-30T22:30:00Z", Some("22:30"), None, None, "2026-10-31T22:30:00.000Z"),
            ("2026-10-30T20:00:00Z", Some("22:30"), Some("Europe/Zurich"), None, "2026-10-30T21:30:00.000Z"),
            ("2026-10-30T21:45:00Z", Some("22:30"), Some("Europe/Zurich"), Some(8), "2026-10-31T05:45:00.000Z"),
            ("2026-10-30T20:00:00Z", Some("22:30"), Some("Europe/Zurich"), Some(1), "2026-10-30T21:00:00.000Z"),
            ("2026-10-30T20:00:00Z", None, None, Some(4), "2026-10-31T00:00:00.000Z"),
            // The night in which the clocks go back, and the one in which they leave an hour out.
            ("2026-10-24T22:00:00Z", Some("02:30"), Some("Europe/Zurich"), None, "2026-10-25T00:30:00.000Z"),
            ("2026-03-28T22:00:00Z", Some("02:30"), Some("Europe/Zurich"), None, "2026-03-29T01:30:00.000Z"),
        ];
        for (from, by, zone, within_h, want) in cases {
            let from = Timestamp(from.parse::<Instant>().unwrap().as_microsecond());
            let work = FileWork {
                by: by.map(|by| by.parse().unwrap()),
                zone: zone.map(str::to_owned),
                within_ms: within_h.map(|hours: u64| hours * 3_600_000),
                ..FileWork::default()
            };
            let got = deadline(&work, from).unwrap();
            assert_eq!(got.at.to_string(), want, "{work:?}");
            assert!(got.shown.starts_with(want), "{got:?}");
        }
    }

    #[test]
    fn a_zone_that_is_none_is_told() {
        let by = Some("22:30".parse().unwrap());
        let work = FileWork { by, zone: Some("Mars".to_owned()), ..FileWork::default() };
        assert!(deadline(&work, Timestamp(0)).unwrap_err().contains("`Mars`"));
    }
}
