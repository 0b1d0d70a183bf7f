//! What the YAML parser reads from: a text that may be larger than memory, of which a small piece is held.

use serde_saphyr::granit_parser::{BorrowedInput, ErrorKind, Input};
use std::io::Read;

/// So much is read at a time; in tests little, so that much happens where a piece ends.
const READ_BYTES: usize = if cfg!(test) { 1 << 10 } else { 64 << 10 };
/// So much is there after every step, unless the text ends before: more than the parser ever looks ahead.
const AHEAD_MIN_BYTES: usize = 4 * LOOKAHEAD_MAX_CHARS;
/// What the parser may look ahead.
const LOOKAHEAD_MAX_CHARS: usize = 128;

/// The piece of a text that the parser is in.
pub(super) struct Window<R> {
    source: R,
    text: String,
    /// Where in `text` the parser is.
    at: usize,
    /// The beginning of a letter whose end was not read yet.
    torn: Vec<u8>,
    lookahead: usize,
    ended: bool,
    error: Option<ErrorKind>,
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        let mut window = Self {
            source,
            text: String::new(),
            at: 0,
            torn: Vec::new(),
            lookahead: 0,
            ended: false,
            error: None,
        };
        window.refill();
        if window.text.starts_with('\u{feff}') {
            window.pass('\u{feff}'.len_utf8());
        }
        window
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn letter(&self) -> Option<char> {
        match self.byte(0) {
            Some(byte) if byte.is_ascii() => Some(char::from(byte)),
            Some(_) => self.rest().chars().next(),
            None => None,
        }
    }

    /// Leaves so many bytes, which are whole letters, behind.
    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        if self.text.len() - self.at < AHEAD_MIN_BYTES && !self.ended {
            self.refill();
        }
    }

    fn refill(&mut self) {
        self.text.drain(..self.at);
        self.at = 0;
        let mut bytes = std::mem::take(&mut self.torn);
        while self.text.len() < AHEAD_MIN_BYTES && !self.ended {
            let wanted = u64::try_from(READ_BYTES).unwrap_or(u64::MAX);
            match self.source.by_ref().take(wanted).read_to_end(&mut bytes) {
                Ok(0) => self.end(bytes.is_empty()),
                Ok(_) => self.append(&mut bytes),
                Err(_) => self.end(false),
            }
        }
        self.torn = bytes;
    }

    /// Takes over all whole letters.
    fn append(&mut self, bytes: &mut Vec<u8>) {
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return self.end(false),
        };
        let text = bytes.get(..whole).and_then(|whole| std::str::from_utf8(whole).ok());
        self.text.push_str(text.unwrap_or_default());
        bytes.drain(..whole);
    }

    fn end(&mut self, well: bool) {
        self.ended = true;
        if !well {
            self.error =
                Some(ErrorKind::InputDecoding { message: "the text ends early".to_owned() });
        }
    }
}

impl<R: Read> Input for Window<R> {
    fn lookahead(&mut self, count: usize) {
        self.lookahead = self.lookahead.max(count.min(LOOKAHEAD_MAX_CHARS));
    }

    fn buflen(&self) -> usize {
        self.lookahead
    }

    fn bufmaxlen(&self) -> usize {
        LOOKAHEAD_MAX_CHARS
    }

    fn raw_read_ch(&mut self) -> char {
        let letter = self.letter();
        self.pass(letter.map_or(0, char::len_utf8));
        letter.unwrap_or('\0')
    }

    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        let letter = self.letter().filter(|letter| !matches!(letter, '\0' | '\n' | '\r'))?;
        self.pass(letter.len_utf8());
        Some(letter)
    }

    fn skip(&mut self) {
        self.pass(self.letter().map_or(0, char::len_utf8));
    }

    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    fn peek(&self) -> char {
        self.letter().unwrap_or('\0')
    }

    fn peek_nth(&self, n: usize) -> char {
        match (n, self.byte(0), self.byte(1)) {
            (0, ..) => self.peek(),
            (1, Some(first), Some(second)) if first.is_ascii() && second.is_ascii() => {
                char::from(second)
            }
            _ => self.rest().chars().nth(n).unwrap_or('\0'),
        }
    }

    fn take_source_error(&mut self) -> Option<ErrorKind> {
        self.error.take_if(|_| self.ended && self.text.len() == self.at)
    }

    fn next_is_z(&self) -> bool {
        self.byte(0).is_none()
    }

    fn skip_while_blank(&mut self) -> usize {
        let mut passed = 0;
        loop {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let run = self.rest().bytes().take_while(blank).count();
            if run == 0 {
                return passed;
            }
            passed += run;
            self.pass(run);
        }
    }

    fn take_quoted_scalar_ascii_chunk(&mut self, single: bool) -> &str {
        let quote = if single { b'\'' } else { b'"' };
        let plain =
            |byte: &u8| matches!(byte, b'!'..=b'~') && *byte != quote && (single || *byte != b'\\');
        // Short of the end by what must be there afterwards: no piece is read while this one is borrowed.
        let most = if self.ended { usize::MAX } else { self.rest().len() - AHEAD_MIN_BYTES };
        let run = self.rest().bytes().take(most).take_while(plain).count();
        let start = self.at;
        self.at += run;
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn fetch_plain_scalar_chunk(
        &mut self,
        out: &mut String,
        _count: usize,
        in_flow: bool,
    ) -> (bool, usize) {
        let (mut bytes, mut letters) = (0, 0);
        let ends = |byte: Option<u8>| match byte {
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | 0) => true,
            Some(b',' | b'[' | b']' | b'{' | b'}') => in_flow,
            Some(_) => false,
        };
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        // What follows a `:` must be known.
        let last = if self.ended { rest.len() } else { rest.len().saturating_sub(1) };
        let stopped = loop {
            let byte = rest.get(bytes).copied();
            if byte.is_some() && bytes >= last {
                break false;
            }
            let colon_ends = byte == Some(b':') && ends(rest.get(bytes + 1).copied());
            if colon_ends || ends(byte) {
                break bytes < last || self.ended;
            }
            // The bytes of one letter behind its first one begin with the bits 10.
            letters += usize::from(byte.is_some_and(|byte| byte & 0xc0 != 0x80));
            bytes += 1;
        };
        // Never a part of a letter.
        let mut whole = bytes;
        while !self.text.is_char_boundary(self.at + whole) {
            whole -= 1;
        }
        letters -= usize::from(whole < bytes);
        out.push_str(self.text.get(self.at..self.at + whole).unwrap_or_default());
        self.pass(whole);
        (stopped, letters)
    }
}

impl<R: Read> BorrowedInput<'static> for Window<R> {
    fn slice_borrowed(&self, _start: usize, _end: usize) -> Option<&'static str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_saphyr::granit_parser::{Parser, StrInput};

    /// Gives a few bytes at a time, so that letters are torn.
    struct Drip<'t>(&'t [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn events<'t, I: BorrowedInput<'t>>(parser: &mut Parser<'t, I>) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => {
                    let (start, end) = (&span.start, &span.end);
                    let place = (start.line(), start.col(), end.line(), end.col());
                    seen.push(format!("{event:?} {place:?}"));
                }
                Err(error) => {
                    let place = (error.marker().line(), error.marker().col());
                    seen.push(format!("{} {place:?}", error.info()));
                    break;
                }
            }
        }
        seen
    }

    fn same(text: &str, step: usize) -> Result<(), TestCaseError> {
        let mut whole = Parser::new(StrInput::new(text));
        let mut dripping = Parser::new(Window::new(Drip(text.as_bytes(), step)));
        prop_assert_eq!(events(&mut dripping), events(&mut whole), "{:?}", text);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn a_window_reads_as_the_whole_text_does(
            text in "([\\[\\]{}:,&*!|>'\"%#\\-?a-c0-9 \t\nüß€\u{1f600}]|- a: |\n  ){0,120}",
            step in 1..40_usize,
        ) {
            same(&text, step)?;
            // Far from the beginning, where a window ends.
            let before = "- aä\n".repeat((READ_BYTES - 100) / 6);
            same(&format!("{before}{text}"), READ_BYTES)?;
        }

        #[test]
        fn scalars_of_any_length_are_whole(
            length in 300..3000_usize, letter in "[aü€\u{1f600}]", kind in 0..5_u8,
        ) {
            let long = letter.repeat(length / letter.len());
            let text = match kind {
                0 => format!("a: {long}\nb: c"),
                1 => format!("[{long}, {long}: x]"),
                2 => format!("a: \"{long}\\n{long}\""),
                3 => format!("a: '{long} {long}'"),
                _ => format!("a: |\n  {long}\n  {long}\n"),
            };
            same(&text, READ_BYTES)?;
        }
    }

    #[test]
    fn a_byte_order_mark_at_the_beginning_is_no_part_of_the_text() {
        let mut window = Window::new("\u{feff}a".as_bytes());
        assert_eq!((window.raw_read_ch(), window.raw_read_ch()), ('a', '\0'));
    }

    #[test]
    fn a_text_that_is_torn_or_no_text_is_an_error_at_its_end() {
        for bytes in [&b"a\xff"[..], b"a\xe2\x82"] {
            let mut window = Window::new(bytes);
            while window.raw_read_ch() != '\0' {}
            assert!(window.take_source_error().is_some(), "{bytes:?}");
        }
    }
}
