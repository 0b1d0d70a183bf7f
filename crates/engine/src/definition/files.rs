//! What tasks have to do with the file exchange.

use crate::time::TimeOfDay;
use serde::{Deserialize, Serialize};

/// The most files that a command takes in, and the most that it leaves.
pub const COMMAND_FILES_MAX: usize = 64;

/// A file to wait for, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileWork {
    /// A pattern; may hold placeholders.
    pub name: String,
    /// The first such time after the beginning ends the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<TimeOfDay>,
    /// Where `by` is meant; none = UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How long the wait may take from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// Another file that must be there too; may hold placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Smaller files do not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_bytes: u64,
    /// How long the file must not have been replaced.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stable_ms: u64,
}

/// What a command reads from the file exchange and leaves there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandFiles {
    /// Fetched into the attempt's directory before the command starts.
    #[serde(default, rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputFile>,
    /// Collected from there after the command succeeded.
    #[serde(default, rename = "out", skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputFile>,
}

/// A file that a command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// A pattern, of whose files the newest is taken; may hold placeholders.
    pub name: String,
    /// Where it is put, below the attempt's directory; none = the last part of the file's name. May hold placeholders.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether the command runs without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// A file that a command leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Where the command writes it, below the attempt's directory; may hold placeholders.
    pub path: String,
    /// Its name in the file exchange; none = the path. May hold placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the command may leave it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

impl CommandFiles {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.outputs.is_empty()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to it")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to it")]
fn is_false(value: &bool) -> bool {
    !*value
}
