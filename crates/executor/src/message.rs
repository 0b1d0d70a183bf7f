//! Makes text from outside fit for an operator's eyes: no control characters, not too long.

use crate::port::MESSAGE_MAX_BYTES;

/// `text` with control and direction-changing characters escaped, at most [`MESSAGE_MAX_BYTES`] long.
pub(crate) fn shown(text: &str) -> String {
    shown_within(text, MESSAGE_MAX_BYTES)
}

/// `text` escaped like [`shown`] and, if longer than `max_bytes`, cut to end in `…`.
pub(crate) fn shown_within(text: &str, max_bytes: usize) -> String {
    let mut shown = String::new();
    for letter in text.trim().chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
        if shown.len() > max_bytes {
            return cut(shown, max_bytes);
        }
    }
    shown
}

/// What the operator reads of a finished process: its last words and how it ended.
pub(crate) fn last_words(line: &str, ending: &str) -> String {
    let room = MESSAGE_MAX_BYTES.saturating_sub(ending.len() + 3);
    let line = shown_within(line, room);
    if line.is_empty() { ending.to_owned() } else { format!("{line} ({ending})") }
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn cut(mut text: String, max_bytes: usize) -> String {
    let mut end = max_bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_control_characters_and_a_length_limit() {
        let cases = [
            ("plain", "plain"),
            ("  trimmed \n", "trimmed"),
            ("a\nb", "a\\nb"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("rtl\u{202e}x", "rtl\\u{202e}x"),
            ("größer", "größer"),
        ];
        for (text, want) in cases {
            assert_eq!(shown(text), want);
        }
        for letter in ["x", "ü", "\u{1b}", "…"] {
            let long = shown(&letter.repeat(5000));
            assert!(
                long.len() <= MESSAGE_MAX_BYTES && long.ends_with('…'),
                "{letter}: {}",
                long.len()
            );
        }
    }

    #[test]
    fn the_ending_survives_a_long_last_line() {
        let message = last_words(&"x".repeat(5000), "exit code 3");
        assert!(
            message.len() <= MESSAGE_MAX_BYTES && message.ends_with("… (exit code 3)"),
            "{message}"
        );
        assert_eq!(last_words("", "exit code 0"), "exit code 0");
    }
}
