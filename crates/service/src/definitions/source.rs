//! Where the text of a file is: in memory, or, of a large one, in a spooled file, perhaps as the JSON string it came in.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// A text that is read forward, as often as needed.
#[derive(Clone, Debug)]
pub enum SourceText {
    Memory(Arc<str>),
    /// The inside of a JSON string, which is known to be one: the bytes of the file from the first to before the second number.
    Spooled {
        file: Arc<File>,
        from: u64,
        to: u64,
    },
}

impl From<&str> for SourceText {
    fn from(text: &str) -> Self {
        Self::Memory(text.into())
    }
}

impl From<String> for SourceText {
    fn from(text: String) -> Self {
        Self::Memory(text.into())
    }
}

impl SourceText {
    /// How many bytes there are at most.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Memory(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
            Self::Spooled { from, to, .. } => to.saturating_sub(*from),
        }
    }

    /// The whole text, if it is in memory.
    pub(super) fn held(&self) -> Option<&str> {
        match self {
            Self::Memory(text) => Some(text),
            Self::Spooled { .. } => None,
        }
    }

    /// The text from its beginning.
    pub(super) fn open(&self) -> Box<dyn Read> {
        match self {
            Self::Memory(text) => Box::new(Held { text: Arc::clone(text), at: 0 }),
            Self::Spooled { file, from, to } => {
                let piece = Piece { file: Arc::clone(file), at: *from, to: *to };
                Box::new(Unescaped::new(BufReader::with_capacity(BUFFER_BYTES, piece)))
            }
        }
    }
}

const BUFFER_BYTES: usize = 64 << 10;

/// A text in memory.
struct Held {
    text: Arc<str>,
    at: usize,
}

impl Read for Held {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let mut rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.read(into)?;
        self.at += count;
        Ok(count)
    }
}

/// A part of a file. It has no place in the file of its own, so that many can be read at once.
struct Piece {
    file: Arc<File>,
    at: u64,
    to: u64,
}

impl Read for Piece {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.to.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = left.min(into.len());
        let count = self.file.read_at(into.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += u64::try_from(count).unwrap_or_default();
        Ok(count)
    }
}

/// The text that the inside of a JSON string means.
struct Unescaped<R> {
    source: R,
    /// What an escape stands for, and how much of it was given.
    letter: [u8; 4],
    given: usize,
    length: usize,
}

impl<R: BufRead> Unescaped<R> {
    fn new(source: R) -> Self {
        Self { source, letter: [0; 4], given: 0, length: 0 }
    }

    /// Reads an escape behind its backslash.
    fn escape(&mut self) -> std::io::Result<()> {
        let letter = match self.one()? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => self.numbered()?,
            other => char::from(other),
        };
        self.length = letter.encode_utf8(&mut self.letter).len();
        self.given = 0;
        Ok(())
    }

    fn numbered(&mut self) -> std::io::Result<char> {
        let first = self.unit()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) {
            // The backslash and the `u` of the other half.
            self.one()?;
            self.one()?;
            units.push(self.unit()?);
        }
        let letter = char::decode_utf16(units).next().and_then(Result::ok);
        letter.ok_or_else(|| std::io::Error::other("a JSON escape is half a letter"))
    }

    fn unit(&mut self) -> std::io::Result<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.one()?).to_digit(16);
            let digit = digit.ok_or_else(|| std::io::Error::other("a JSON escape is no number"))?;
            unit = unit << 4 | u16::try_from(digit).unwrap_or_default();
        }
        Ok(unit)
    }

    fn one(&mut self) -> std::io::Result<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        let [byte] = byte;
        Ok(byte)
    }
}

impl<R: BufRead> Read for Unescaped<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.length {
            let bytes = self.source.fill_buf()?;
            if bytes.first() == Some(&b'\\') {
                self.source.consume(1);
                self.escape()?;
            } else {
                let run = bytes.iter().take(into.len()).take_while(|byte| **byte != b'\\').count();
                let count = bytes.get(..run).unwrap_or_default().read(into)?;
                self.source.consume(count);
                return Ok(count);
            }
        }
        let mut rest = self.letter.get(self.given..self.length).unwrap_or_default();
        let count = rest.read(into)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn spooled(before: &str, inside: &str) -> SourceText {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "{before}{inside}\"").unwrap();
        let from = u64::try_from(before.len()).unwrap();
        let to = from + u64::try_from(inside.len()).unwrap();
        SourceText::Spooled { file: Arc::new(file), from, to }
    }

    fn read(text: &SourceText) -> String {
        let mut read = String::new();
        text.open().read_to_string(&mut read).unwrap();
        read
    }

    proptest! {
        #[test]
        fn a_spooled_text_is_the_text_that_was_written_as_json(text in "\\PC{0,60}|([a\\\\\"\n\t\u{8}\u{c}\r/\u{1f600}\u{1}]{0,40})") {
            let json = serde_json::to_string(&text).unwrap();
            let inside = json.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            let spooled = spooled("{\"files\":", inside);
            prop_assert_eq!(read(&spooled), text.as_str());
            prop_assert_eq!(read(&spooled), text.as_str());
            prop_assert_eq!(read(&SourceText::from(text.clone())), text);
        }
    }

    #[test]
    fn every_escape_of_json_is_known() {
        let inside = r#"\"\\\/\b\f\n\r\t\u00e4\u20AC\ud83d\ude00x"#;
        assert_eq!(read(&spooled("", inside)), "\"\\/\u{8}\u{c}\n\r\tä€\u{1f600}x");
    }
}
