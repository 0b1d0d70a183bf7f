//! How a command ended, as its shim writes it down.

use crate::attempt_dir::AttemptDir;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::time::Duration;

/// How often, and how long apart, a shim tries to write an outcome while the disk is full.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_secs(1);

/// The content of an attempt's outcome file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrittenOutcome {
    pub(crate) succeeded: bool,
    pub(crate) message: String,
}

impl WrittenOutcome {
    pub(super) fn failed(message: String) -> Self {
        Self { succeeded: false, message }
    }

    /// The outcome of the attempt, if it has one.
    pub(crate) fn read(dir: &AttemptDir) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dir.outcome()).ok()?).ok()
    }

    /// Writes it down; keeps trying while there is no room for it.
    pub(super) fn write(&self, dir: &AttemptDir) -> std::io::Result<()> {
        let content = serde_json::to_vec(self)?;
        let mut tries = 1;
        loop {
            match dir.write_durably(&dir.outcome(), &content) {
                Ok(()) => return Ok(()),
                // Without its directory nobody will ever look for it.
                Err(error) if tries == TRIES || error.kind() == ErrorKind::NotFound => {
                    return Err(error);
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
            tries += 1;
        }
    }
}
