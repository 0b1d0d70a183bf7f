//! The reader: one pass over the bytes, with a bound on everything.

use super::error::{JsonError, Limit, Syntax};
use super::number;
use super::value::{Json, Object};

/// Arrays and objects inside each other.
pub const DEPTH_MAX: usize = 64;
/// Keys of all objects of a text together.
pub const KEYS_MAX: usize = 10_000;
/// Values of one array.
pub const ITEMS_MAX: usize = 100_000;
/// Bytes of one string (or key), escapes resolved.
pub const TEXT_MAX_BYTES: usize = 1024 * 1024;

/// What may be wrong with a text that is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    Nothing,
    /// One comma before `}` or `]`, as in the guide's status sample.
    TrailingComma,
}

/// Reads one JSON text.
pub fn read(bytes: &[u8], repair: Repair) -> Result<Json, JsonError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(text, repair),
        Err(error) => Err(located(bytes, error.valid_up_to(), Syntax::NotUtf8)),
    }
}

/// Reads one JSON text that is known to be UTF-8.
pub fn read_text(text: &str, repair: Repair) -> Result<Json, JsonError> {
    let mut reader = Reader { text, at: 0, keys: 0, repair };
    reader.document().map_err(|problem| located(text.as_bytes(), reader.at, problem))
}

/// Lines and columns are counted only when they are needed, so that good texts do not pay for them.
fn located(bytes: &[u8], at: usize, problem: Syntax) -> JsonError {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line_start =
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.split(|byte| *byte == b'\n').count();
    // Continuation bytes of UTF-8 are no columns of their own.
    let column = 1 + before
        .iter()
        .skip(line_start)
        .filter(|byte| **byte & 0b1100_0000 != 0b1000_0000)
        .count();
    JsonError { line, column, problem }
}

struct Reader<'a> {
    text: &'a str,
    /// The byte that is looked at; in an error, the byte that is wrong.
    at: usize,
    keys: usize,
    repair: Repair,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Json, Syntax> {
        if self.text.starts_with('\u{feff}') {
            return Err(Syntax::ByteOrderMark);
        }
        self.skip_space();
        if self.peek().is_none() {
            return Err(Syntax::Empty);
        }
        let value = self.value(0)?;
        self.skip_space();
        if self.peek().is_none() { Ok(value) } else { Err(Syntax::Trailing) }
    }

    /// Recursion is as deep as the value, which [`DEPTH_MAX`] bounds.
    fn value(&mut self, depth: usize) -> Result<Json, Syntax> {
        match self.peek() {
            None => Err(Syntax::EndsEarly),
            Some(b'{' | b'[') if depth >= DEPTH_MAX => Err(Syntax::TooMuch(Limit::Depth)),
            Some(b'{') => self.object(depth + 1).map(Json::Object),
            Some(b'[') => self.list(depth + 1).map(Json::List),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(Syntax::ValueExpected),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object, Syntax> {
        let mut object = Object::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(object);
        }
        loop {
            let (key, value) = self.member(depth, &object)?;
            object.insert(key, value);
            self.skip_space();
            if self.take(b'}') {
                return Ok(object);
            }
            self.comma(Syntax::ObjectEndExpected)?;
            if self.repair == Repair::TrailingComma && self.take(b'}') {
                return Ok(object);
            }
        }
    }

    fn member(&mut self, depth: usize, object: &Object) -> Result<(String, Json), Syntax> {
        match self.peek() {
            Some(b'"') => {}
            None => return Err(Syntax::EndsEarly),
            Some(_) => return Err(Syntax::KeyExpected),
        }
        if self.keys == KEYS_MAX {
            return Err(Syntax::TooMuch(Limit::Keys));
        }
        self.keys += 1;
        let start = self.at;
        let key = self.string()?;
        if object.contains_key(&key) {
            self.at = start;
            return Err(Syntax::RepeatedKey);
        }
        self.skip_space();
        match self.peek() {
            Some(b':') => self.at += 1,
            None => return Err(Syntax::EndsEarly),
            Some(_) => return Err(Syntax::ColonExpected),
        }
        self.skip_space();
        Ok((key, self.value(depth)?))
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Json>, Syntax> {
        let mut list = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(list);
        }
        loop {
            if list.len() == ITEMS_MAX {
                return Err(Syntax::TooMuch(Limit::Items));
            }
            list.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(list);
            }
            self.comma(Syntax::ArrayEndExpected)?;
            if self.repair == Repair::TrailingComma && self.take(b']') {
                return Ok(list);
            }
        }
    }

    /// A comma and the space behind it.
    fn comma(&mut self, otherwise: Syntax) -> Result<(), Syntax> {
        if !self.take(b',') {
            return Err(if self.peek().is_none() { Syntax::EndsEarly } else { otherwise });
        }
        self.skip_space();
        Ok(())
    }

    fn string(&mut self) -> Result<String, Syntax> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            let plain = self
                .rest()
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .count();
            self.at += plain;
            string.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                None => return Err(Syntax::EndsEarly),
                Some(b'"') => break,
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(Syntax::ControlCharacter),
            }
        }
        if string.len() > TEXT_MAX_BYTES {
            return Err(Syntax::TooMuch(Limit::TextBytes));
        }
        self.at += 1;
        Ok(string)
    }

    /// Reads the escape whose backslash is looked at; on an error it stays there.
    fn escape(&mut self) -> Result<char, Syntax> {
        let letter = match self.rest().get(1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) => return Err(Syntax::Escape),
            None => return Err(Syntax::EndsEarly),
        };
        self.at += 2;
        Ok(letter)
    }

    fn unicode_escape(&mut self) -> Result<char, Syntax> {
        let first = self.code_unit(self.at).ok_or(Syntax::Escape)?;
        let (code, length) = match first {
            0xd800..=0xdbff => match self.code_unit(self.at + 6) {
                Some(second @ 0xdc00..=0xdfff) => {
                    (0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
                }
                _ => return Err(Syntax::LoneSurrogate),
            },
            _ => (first, 6),
        };
        let letter = char::from_u32(code).ok_or(Syntax::LoneSurrogate)?;
        if letter == '\0' {
            return Err(Syntax::Nul);
        }
        self.at += length;
        Ok(letter)
    }

    /// The number in the `\uXXXX` at byte `at`.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        // `from_str_radix` alone would take a sign.
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
    }

    fn number(&mut self) -> Result<Json, Syntax> {
        let length = number::measure(self.rest())?;
        let literal = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        Ok(Json::Number(literal.into()))
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Syntax> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(Syntax::ValueExpected);
        }
        self.at += word.len();
        Ok(value)
    }

    fn skip_space(&mut self) {
        self.at += self
            .rest()
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}
