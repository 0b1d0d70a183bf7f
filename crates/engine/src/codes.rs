//! Identifiers that are valid by construction.

use crate::time::{MisDate, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// The longest code a batch, group, task or connection may have.
pub const CODE_MAX_CHARS: usize = 60;
/// The longest id of a tenant, service, workspace or user that is accepted.
pub const SCOPE_ID_MAX_CHARS: usize = 128;

/// A unique name of a batch, group, task or connection: a letter, then letters, digits and `_`, at most 60.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(Box<str>);

/// A text that is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a code: a letter, then letters, digits or `_`, at most {CODE_MAX_CHARS} characters"
)]
pub struct NotACode(pub String);

impl Code {
    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let shaped = text.len() <= CODE_MAX_CHARS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if starts_well && shaped { Ok(Self(text.into())) } else { Err(NotACode(shortened(text))) }
    }
}

impl Borrow<str> for Code {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Cuts hostile text down to what an error message may repeat: 60 characters, controls made visible.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(CODE_MAX_CHARS).flat_map(visible).collect();
    if text.chars().nth(CODE_MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn visible(letter: char) -> Vec<char> {
    let hidden = letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if hidden { letter.escape_unicode().collect() } else { vec![letter] }
}

/// Where a definition, run or grant lives: the three `ofs_*` ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub tenant: String,
    pub service: String,
    pub workspace: String,
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", self.tenant, self.service, self.workspace)
    }
}

/// The public id of a run: `<code>_<MIS date>_<epoch ms>_1`. Clients treat it as opaque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(Box<str>);

/// A text that cannot be the id of any run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a run id")]
pub struct NotARunId(pub String);

impl RunId {
    /// The id of the run of `code` created at `created_ms` for `date`.
    pub fn new(code: &Code, date: MisDate, created_ms: i64) -> Self {
        Self(format!("{code}_{date}_{created_ms}_1").into())
    }

    /// The id as it goes on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code in the id, found from the right because codes may hold underscores.
    pub fn code(&self) -> &str {
        self.0.rsplitn(4, '_').last().unwrap_or_default()
    }
}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        let refused = || NotARunId(shortened(text));
        let mut fields = text.rsplitn(4, '_');
        let (Some(count), Some(ms), Some(date), Some(code)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(refused());
        };
        let numbers = [count, ms].iter().all(|part| {
            !part.is_empty() && part.len() < 19 && part.bytes().all(|byte| byte.is_ascii_digit())
        });
        let shaped = numbers && date.parse::<MisDate>().is_ok() && code.parse::<Code>().is_ok();
        if shaped { Ok(Self(text.into())) } else { Err(refused()) }
    }
}

impl Borrow<str> for RunId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The store's own number of a run; never leaves the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunKey(pub i64);

/// One try of one task: what every report about it must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    pub run: RunKey,
    /// The task's index in the plan.
    pub node: u32,
    /// The fencing token: grows by one with each attempt of the task, over all generations.
    pub epoch: u32,
}

/// The latest instant a run id may carry, so that ids stay parseable.
pub fn created_ms(now: Timestamp) -> i64 {
    now.as_ms().clamp(0, 9_999_999_999_999)
}
