//! Instants and business dates.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An instant in microseconds since the Unix epoch (UTC).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `delay_ms` later, or the latest one there is.
    #[must_use]
    pub fn plus_ms(self, delay_ms: u64) -> Self {
        let micros = i64::try_from(delay_ms).unwrap_or(i64::MAX).saturating_mul(1000);
        Self(self.0.saturating_add(micros))
    }

    /// Whole milliseconds since the Unix epoch.
    pub fn as_ms(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The UTC calendar date of this instant.
    pub fn utc_date(self) -> MisDate {
        let instant =
            jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        MisDate(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(out, "{instant:.3}"),
            Err(_) => write!(out, "{}us", self.0),
        }
    }
}

/// A text that is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an instant of the form yyyy-mm-ddThh:mm:ssZ")]
pub struct NotAnInstant;

impl FromStr for Timestamp {
    type Err = NotAnInstant;

    /// RFC 3339, with any offset.
    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| NotAnInstant)?;
        Ok(Self(instant.as_microsecond()))
    }
}

/// The business date of a run, `$FICMISDATE$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MisDate(jiff::civil::Date);

/// A text that is no `yyyy-mm-dd` date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date of the form yyyy-mm-dd")]
pub struct NotADate(pub String);

impl FromStr for MisDate {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| {
                if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
            });
        let date = text.parse::<jiff::civil::Date>().ok().filter(|date| shaped && date.year() > 0);
        date.map(Self).ok_or_else(|| NotADate(text.chars().take(40).collect()))
    }
}

impl fmt::Display for MisDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl Serialize for MisDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MisDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time of the day, as on a clock without seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    pub hour: u8,
    pub minute: u8,
}

/// A text that is no `hh:mm` time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of the day of the form hh:mm, from 00:00 to 23:59")]
pub struct NotATime(pub String);

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let number = |digits: &str, end: u8| {
            let shaped = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| shaped && *number < end)
        };
        let parsed = text.split_once(':').and_then(|(hour, minute)| {
            Some(Self { hour: number(hour, 24)?, minute: number(minute, 60)? })
        });
        parsed.ok_or_else(|| NotATime(crate::codes::shortened(text)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_is_four_digits_and_a_colon() {
        for text in ["00:00", "09:05", "22:30", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().map(|time| time.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", "24:00", "9:05", "09:60", "22:3", "2230", "+9:05", "22:30:00", "aa:bb", "é:30"]
        {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }
}
