//! Reads the body of a large `apply` without holding it: where the text of each file stands, and everything else.

use dayend_service::definitions::SourceText;
use dayend_service::requests::SourceFile;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::sync::Arc;

/// What a body says, or why it says nothing.
pub(super) fn read(file: File) -> Result<Envelope, Unreadable> {
    let file = Arc::new(file);
    let mut scanner = Scanner { source: BufReader::with_capacity(64 << 10, &*file), at: 0 };
    let mut envelope = Envelope::default();
    let (mut has_files, mut has_dry_run) = (false, false);
    scanner.object(|scanner, key| match key {
        "files" if !has_files => {
            has_files = true;
            scanner.list(|scanner| {
                envelope.files.push(source_file(scanner, &file)?);
                Ok(())
            })
        }
        "dryRun" if !has_dry_run => {
            has_dry_run = true;
            envelope.dry_run = scanner.boolean()?;
            Ok(())
        }
        "files" | "dryRun" => Err(format!("duplicate field `{key}`").into()),
        _ => Err(format!("unknown field `{key}`, expected `files` or `dryRun`").into()),
    })?;
    scanner.end()?;
    if has_files { Ok(envelope) } else { Err("missing field `files`".to_owned().into()) }
}

/// The body of an `apply`.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) files: Vec<SourceFile>,
    pub(super) dry_run: bool,
}

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    Bad(String),
    #[error("the spooled body cannot be read: {0}")]
    Lost(#[from] std::io::Error),
}

impl From<String> for Unreadable {
    fn from(problem: String) -> Self {
        Self::Bad(problem)
    }
}

type Found<T> = Result<T, Unreadable>;

/// Longer keys and names are not even held.
const SHORT_MAX_BYTES: u64 = 16 << 10;

fn source_file(scanner: &mut Scanner<'_>, file: &Arc<File>) -> Found<SourceFile> {
    let (mut name, mut text) = (None, None);
    scanner.object(|scanner, key| match key {
        "name" if name.is_none() => {
            name = Some(scanner.short()?);
            Ok(())
        }
        "text" if text.is_none() => {
            let (from, to) = scanner.long()?;
            text = Some(SourceText::Spooled { file: Arc::clone(file), from, to });
            Ok(())
        }
        "name" | "text" => Err(format!("duplicate field `{key}`").into()),
        _ => Err(format!("unknown field `{key}`, expected `name` or `text`").into()),
    })?;
    let missing = |field: &str| Unreadable::Bad(format!("missing field `{field}`"));
    Ok(SourceFile {
        name: name.ok_or_else(|| missing("name"))?,
        text: text.ok_or_else(|| missing("text"))?,
    })
}

/// Reads JSON forward.
struct Scanner<'f> {
    source: BufReader<&'f File>,
    /// How many bytes were read.
    at: u64,
}

impl Scanner<'_> {
    fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Found<()>) -> Found<()> {
        self.expect(b'{')?;
        if self.peek()? == Some(b'}') {
            return self.expect(b'}');
        }
        loop {
            let key = self.short()?;
            self.expect(b':')?;
            member(self, &key)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Found<()>) -> Found<()> {
        self.expect(b'[')?;
        if self.peek()? == Some(b']') {
            return self.expect(b']');
        }
        loop {
            item(self)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Whether a comma comes, and not the end.
    fn goes_on(&mut self, end: u8) -> Found<bool> {
        if self.peek()? == Some(b',') {
            self.expect(b',')?;
            return Ok(true);
        }
        self.expect(end)?;
        Ok(false)
    }

    fn boolean(&mut self) -> Found<bool> {
        let (word, value): (&[u8], bool) =
            if self.peek()? == Some(b't') { (b"true", true) } else { (b"false", false) };
        for letter in word {
            if self.one()? != *letter {
                return Err(self.bad("a boolean is expected"));
            }
        }
        Ok(value)
    }

    /// A string that is held.
    fn short(&mut self) -> Found<String> {
        let mut inside = Vec::new();
        self.string(|run| {
            inside.extend_from_slice(run);
            inside.len() as u64 <= SHORT_MAX_BYTES
        })?;
        let quoted = [b"\"", inside.as_slice(), b"\""].concat();
        serde_json::from_slice(&quoted).map_err(|error| Unreadable::Bad(error.to_string()))
    }

    /// Where the inside of a string begins and ends.
    fn long(&mut self) -> Found<(u64, u64)> {
        self.peek()?;
        let from = self.at + 1;
        self.string(|_| true)?;
        Ok((from, self.at - 1))
    }

    /// Passes over a string, whose inside goes to `take` as it is written, until that says stop.
    fn string(&mut self, mut take: impl FnMut(&[u8]) -> bool) -> Found<()> {
        self.expect(b'"')?;
        let mut torn = Vec::new();
        loop {
            let bytes = self.source.fill_buf()?;
            let ends = |byte: &u8| matches!(*byte, b'"' | b'\\' | 0..=31);
            let run = bytes.iter().position(ends).unwrap_or(bytes.len());
            let plain = bytes.get(..run).unwrap_or_default();
            let stop = bytes.get(run).copied();
            let good = is_utf8(&mut torn, plain) && (stop.is_none() || torn.is_empty());
            let nothing = bytes.is_empty();
            let wanted = take(plain);
            self.source.consume(run);
            self.at += run as u64;
            if nothing || !wanted || !good {
                let why = if nothing {
                    "it ends in a string"
                } else {
                    "a string is too long or no UTF-8"
                };
                return Err(self.bad(why));
            }
            match stop {
                None => {}
                Some(b'"') => return self.expect(b'"'),
                Some(b'\\') => {
                    let mut escape = Vec::with_capacity(12);
                    self.escape(&mut escape)?;
                    if !take(&escape) {
                        return Err(self.bad("a string is too long"));
                    }
                }
                Some(_) => return Err(self.bad("a control character in a string is not escaped")),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Found<()> {
        out.push(self.one()?);
        let kind = self.one()?;
        out.push(kind);
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.unit(out)? {
                0xd800..=0xdbff => {
                    let (backslash, letter) = (self.one()?, self.one()?);
                    out.extend([backslash, letter]);
                    let low = (backslash, letter) == (b'\\', b'u');
                    if low && matches!(self.unit(out)?, 0xdc00..=0xdfff) {
                        return Ok(());
                    }
                    Err(self.bad("half a letter is escaped"))
                }
                0xdc00..=0xdfff => Err(self.bad("half a letter is escaped")),
                _ => Ok(()),
            },
            _ => Err(self.bad("an escape is none")),
        }
    }

    fn unit(&mut self, out: &mut Vec<u8>) -> Found<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.one()?;
            out.push(byte);
            let digit = char::from(byte).to_digit(16);
            unit = unit << 4 | digit.ok_or_else(|| self.bad("an escape is none"))?;
        }
        Ok(unit)
    }

    /// Nothing but blanks follows.
    fn end(&mut self) -> Found<()> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.bad("there is something behind the end of the object")),
        }
    }

    fn expect(&mut self, wanted: u8) -> Found<()> {
        if wanted != b'"' || self.source.buffer().first() != Some(&b'"') {
            self.peek()?;
        }
        if self.source.fill_buf()?.first() == Some(&wanted) {
            self.one().map(drop)
        } else {
            Err(self.bad(&format!("`{}` is expected", char::from(wanted))))
        }
    }

    /// The next byte that is no blank; it stays.
    fn peek(&mut self) -> Found<Option<u8>> {
        loop {
            match self.source.fill_buf()?.first().copied() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.one().map(drop)?,
                found => return Ok(found),
            }
        }
    }

    fn one(&mut self) -> Found<u8> {
        let mut byte = [0];
        if self.source.read(&mut byte)? == 0 {
            return Err(self.bad("it ends early"));
        }
        self.at += 1;
        let [byte] = byte;
        Ok(byte)
    }

    fn bad(&self, problem: &str) -> Unreadable {
        Unreadable::Bad(format!("{problem} at byte {}", self.at + 1))
    }
}

/// Whether `run` continues a good text; `torn` holds the beginning of a letter that is not whole yet.
fn is_utf8(torn: &mut Vec<u8>, run: &[u8]) -> bool {
    let (mut from, before) = (0, torn.len());
    while !torn.is_empty() {
        let Some(byte) = run.get(from) else { return torn.len() < 4 };
        torn.push(*byte);
        from += 1;
        match std::str::from_utf8(torn) {
            Ok(_) => torn.clear(),
            Err(error) if error.error_len().is_none() => {}
            Err(_) => return false,
        }
    }
    debug_assert!(before < 4, "a letter has at most four bytes");
    match std::str::from_utf8(run.get(from..).unwrap_or_default()) {
        Ok(_) => true,
        Err(error) if error.error_len().is_none() => {
            torn.extend_from_slice(run.get(from + error.valid_up_to()..).unwrap_or_default());
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_wire::definitions::ApplyRequest;
    use std::io::Write as _;

    fn spooled(body: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(body).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        file
    }

    /// Whether both readers of bodies take it or refuse it, and see the same names.
    fn agrees(body: &[u8]) -> bool {
        let small: Result<ApplyRequest, _> = serde_json::from_slice(body);
        let large = read(spooled(body));
        match (&small, &large) {
            (Ok(small), Ok(large)) => {
                small.dry_run == large.dry_run
                    && small.files.len() == large.files.len()
                    && small.files.iter().zip(&large.files).all(|(a, b)| a.name == b.name)
            }
            (Err(_), Err(Unreadable::Bad(_))) => true,
            _ => false,
        }
    }

    #[test]
    fn a_spooled_body_is_taken_exactly_if_a_held_one_is() {
        let cases: &[&[u8]] = &[
            br#"{"files":[]}"#,
            br#" { "files" : [ { "name" : "a\u00e4\n" , "text" : "x\"\\\u20ac" } ] , "dryRun" : true } "#,
            br#"{"dryRun":false,"files":[{"text":"","name":""},{"name":"b","text":"y"}]}"#,
            br#"{"files":[{"name":"a","text":"\ud83d\ude00"}]}"#,
            "{\"files\":[{\"name\":\"ü\",\"text\":\"€\u{1f600}\"}]}".as_bytes(),
            b"",
            b"{",
            b"{}",
            b"[]",
            br#"{"files":[],}"#,
            br#"{"files":[],"files":[]}"#,
            br#"{"files":[]}{}"#,
            br#"{"files":[]} x"#,
            br#"{"files":{}}"#,
            br#"{"files":[{"name":"a"}]}"#,
            br#"{"files":[{"text":"a"}]}"#,
            br#"{"files":[{"name":"a","text":"b","text":"c"}]}"#,
            br#"{"files":[{"name":"a","text":"b","x":1}]}"#,
            br#"{"files":[{"name":"a","text":5}]}"#,
            br#"{"files":[],"dryRun":1}"#,
            br#"{"files":[],"dryRun":truE}"#,
            br#"{"files":[{"name":"a","text":"b}]}"#,
            br#"{"files":[{"name":"a","text":"\x"}]}"#,
            br#"{"files":[{"name":"a","text":"\u12g4"}]}"#,
            br#"{"files":[{"name":"a","text":"\ud83d"}]}"#,
            br#"{"files":[{"name":"a","text":"\ude00"}]}"#,
            b"{\"files\":[{\"name\":\"a\",\"text\":\"\xff\"}]}",
            b"{\"files\":[{\"name\":\"a\",\"text\":\"\xe2\x82\"}]}",
            b"{\"files\":[{\"name\":\"a\",\"text\":\"\xe2\\n\"}]}",
            b"{\"files\":[{\"name\":\"a\",\"text\":\"a\nb\"}]}",
            b"{\"files\":[{\"name\":\"a\",\"text\":\" \t\"}]}",
        ];
        for case in cases {
            assert!(agrees(case), "{}", String::from_utf8_lossy(case));
        }
    }

    #[test]
    fn letters_torn_between_two_reads_are_letters() {
        for shift in 0..8 {
            let text = format!("{}{}", "x".repeat(shift), "€ü\u{1f600}".repeat(30_000));
            let request = ApplyRequest {
                files: vec![dayend_wire::definitions::SourceFile { name: "a".to_owned(), text }],
                dry_run: false,
            };
            assert!(agrees(&serde_json::to_vec(&request).unwrap()), "{shift}");
        }
    }
}
