//! What the client says: results on stdout, everything else on stderr.

use indicatif::{ProgressBar, ProgressDrawTarget};
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;

/// Says things on stderr without tearing the progress bar, if there is one.
#[derive(Debug)]
pub(crate) struct Voice {
    bar: Mutex<ProgressBar>,
}

impl Voice {
    /// A voice without a progress bar.
    pub(crate) fn new() -> Self {
        Self { bar: Mutex::new(ProgressBar::hidden()) }
    }

    /// Says a line on stderr; there is nobody to tell if that fails.
    pub(crate) fn say(&self, line: &str) {
        self.bar().suspend(|| {
            let _ = writeln!(io::stderr().lock(), "{}", visible(line));
        });
    }

    /// Shows a progress bar, if stderr is a terminal.
    pub(crate) fn show_bar(&self, bar: &ProgressBar) {
        if io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        *self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = bar.clone();
    }

    /// Takes the progress bar away.
    pub(crate) fn hide_bar(&self) {
        self.bar().finish_and_clear();
    }

    fn bar(&self) -> ProgressBar {
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Prints a text on stdout as it is. A reader that went away is no failure of ours.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The text with control characters made visible: what comes from tasks and servers must not drive the terminal.
pub(crate) fn visible(text: &str) -> String {
    let is_safe = |letter: char| matches!(letter, '\n' | '\t') || !is_hidden(letter);
    if text.chars().all(is_safe) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_safe(letter) { shown.push(letter) } else { shown.extend(letter.escape_unicode()) }
    }
    shown
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_made_visible() {
        assert_eq!(visible("a\tb\nö"), "a\tb\nö");
        assert_eq!(visible("\u{1b}[2J\r\u{202e}"), "\\u{1b}[2J\\u{d}\\u{202e}");
    }
}
