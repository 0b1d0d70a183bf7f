//! Texts with U+0000, which PostgreSQL cannot hold: they are stored escaped, so that one hostile character in a message
//! or a name does not fail the group that carries it, and read back as they were.

use std::borrow::Cow;

/// Begins an escape. It is a noncharacter: no text that means anything holds it.
const ESCAPE: char = '\u{fdd0}';
const NUL: char = '\0';

/// The text as it can be stored.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains([NUL, ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            NUL => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, '1']),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// The text as it was; none: no text is stored like this.
pub(crate) fn unescaped(stored: &str) -> Option<String> {
    if !stored.contains(ESCAPE) {
        return Some(stored.to_owned());
    }
    let mut text = String::with_capacity(stored.len());
    let mut letters = stored.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ESCAPE => text.push(match letters.next()? {
                '0' => NUL,
                '1' => ESCAPE,
                _ => return None,
            }),
            other => text.push(other),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_never_holds_a_nul(text in "[a\0\u{fdd0}01\u{1f4a5}]{0,12}") {
            let stored = escaped(&text);
            prop_assert!(!stored.contains(NUL));
            prop_assert_eq!(unescaped(&stored), Some(text));
        }
    }

    #[test]
    fn what_was_never_escaped_so_is_refused() {
        for stored in ["\u{fdd0}", "a\u{fdd0}2", "\u{fdd0}\u{fdd0}0"] {
            assert_eq!(unescaped(stored), None, "{stored:?}");
        }
    }
}
