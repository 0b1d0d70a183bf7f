//! Where the demo tells its story: stdout for people, stderr if stdout is for a machine.

use crate::client::{Voice, print, visible};
use std::sync::Arc;

/// Tells the story.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    pub(super) voice: Arc<Voice>,
    pub(super) json: bool,
}

impl Teller {
    /// Tells a line, or several.
    pub(super) fn tell(&self, text: &str) {
        if self.json { self.voice.say(text) } else { print(&format!("{}\n", visible(text))) }
    }
}
