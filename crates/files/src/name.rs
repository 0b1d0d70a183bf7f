//! The names of files: what a person or a script would write, and nothing that another system could read differently.
//!
//! A name never becomes a path: bytes are stored under ids of our own. It is refused all the same if a program that
//! takes it for a path, a shell word, a header or a line could be misled.

use std::fmt;

/// The longest name.
pub const NAME_MAX_BYTES: usize = 1024;
/// The longest part between two slashes: what file systems take.
const SEGMENT_MAX_BYTES: usize = 255;
/// Characters that mean something else on some system: separators, wildcards, redirections.
const RESERVED: &[char] = &['\\', ':', '*', '?', '"', '<', '>', '|'];
/// Devices of Windows, whatever stands behind a dot.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// Those of them that have a number.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// The name of a file: segments between single slashes, each harmless.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// What names begin with; empty for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(String);

/// Why a text is no name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("a file name must not be empty")]
    Empty,
    #[error(
        "a file name has at most {NAME_MAX_BYTES} bytes, and {SEGMENT_MAX_BYTES} between two slashes"
    )]
    TooLong,
    #[error("a file name is relative, without empty parts, `.` and `..`")]
    Path,
    #[error(
        "a part of a file name does not begin with a blank or `-`, nor end with a blank or a dot"
    )]
    Edge,
    #[error(
        "a file name has no control characters, and none that are invisible or change the direction of writing"
    )]
    Invisible,
    #[error("a file name has none of the characters \\ : * ? \" < > |")]
    Reserved,
    #[error("a file name has no percent-encoded characters")]
    Encoded,
    #[error("a part of the file name is the name of a device")]
    Device,
}

impl FileName {
    /// The name, if it is harmless.
    pub fn new(text: &str) -> Result<Self, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        check(text)?;
        text.split('/').try_for_each(check_segment)?;
        Ok(Self(text.to_owned()))
    }

    /// The name of `file` below a folder, which may be empty.
    pub fn below(folder: &str, file: &str) -> Result<Self, BadName> {
        match folder.trim_end_matches('/') {
            "" => Self::new(file),
            folder => Self::new(&format!("{folder}/{file}")),
        }
    }

    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last slash.
    pub fn last_segment(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl Prefix {
    /// The beginning of names: whole segments, and perhaps a part of the next one.
    pub fn new(text: &str) -> Result<Self, BadName> {
        check(text)?;
        let (whole, begun) =
            text.rsplit_once('/').map_or((None, text), |(whole, begun)| (Some(whole), begun));
        if let Some(whole) = whole {
            whole.split('/').try_for_each(check_segment)?;
        }
        if matches!(begun, "." | "..") || begun.starts_with([' ', '-']) {
            return Err(BadName::Edge);
        }
        Ok(Self(text.to_owned()))
    }

    /// The prefix as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name begins so.
    pub fn holds(&self, name: &FileName) -> bool {
        name.0.starts_with(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn check(text: &str) -> Result<(), BadName> {
    if text.len() > NAME_MAX_BYTES {
        return Err(BadName::TooLong);
    }
    if text.chars().any(is_invisible) {
        return Err(BadName::Invisible);
    }
    if text.contains(RESERVED) {
        return Err(BadName::Reserved);
    }
    let is_encoded = |window: &[u8]| matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    if text.as_bytes().windows(3).any(is_encoded) { Err(BadName::Encoded) } else { Ok(()) }
}

fn check_segment(segment: &str) -> Result<(), BadName> {
    if matches!(segment, "" | "." | "..") {
        return Err(BadName::Path);
    }
    if segment.len() > SEGMENT_MAX_BYTES {
        return Err(BadName::TooLong);
    }
    let (first, last) = (segment.chars().next(), segment.chars().next_back());
    let is_blank = |letter: Option<char>| letter.is_some_and(char::is_whitespace);
    if is_blank(first) || first == Some('-') || is_blank(last) || last == Some('.') {
        return Err(BadName::Edge);
    }
    if is_device(segment) { Err(BadName::Device) } else { Ok(()) }
}

/// Control characters, separators of lines, marks of direction, and what has no width.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment).trim_end();
    let named = |device: &str| stem.eq_ignore_ascii_case(device);
    DEVICES.into_iter().any(named)
        || NUMBERED_DEVICES.into_iter().any(|device| is_numbered(stem, device))
}

/// `COM1` to `COM9`, and the three with a raised digit.
fn is_numbered(stem: &str, device: &str) -> bool {
    let (Some(name), Some(number)) = (stem.get(..device.len()), stem.get(device.len()..)) else {
        return false;
    };
    let mut digits = number.chars();
    let is_digit = |letter: char| letter.is_ascii_digit() || matches!(letter, '¹' | '²' | '³');
    name.eq_ignore_ascii_case(device)
        && digits.next().is_some_and(is_digit)
        && digits.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_night_are_taken_as_they_are() {
        for name in [
            "testtoken",
            "rates_2026-10-30.csv",
            "in/ecb/rates.csv",
            "Übersicht März.xlsx",
            "a b.txt",
            ".profile",
            "100%.csv",
            "日報.txt",
            "report (1).pdf",
            "a,b;c=d&e+f@g!h~i'j#k$l{m}[n]^`o",
            "CONTROL.csv",
            "COM.csv",
            "COM10",
            "nul_file",
        ] {
            assert_eq!(
                FileName::new(name).map(|name| name.to_string()),
                Ok(name.to_owned()),
                "{name}"
            );
        }
    }

    #[test]
    fn whatever_could_mislead_somebody_is_refused() {
        let (long, longest) = ("x".repeat(256), "x/".repeat(512) + "x");
        let ten_kib = "x".repeat(10 * 1024);
        #[rustfmt::skip]
        let cases = [
            ("", BadName::Empty),
            ("../etc/passwd", BadName::Path), ("a/../../b", BadName::Path), ("..", BadName::Path), (".", BadName::Path), ("a/./b", BadName::Path),
            ("/etc/passwd", BadName::Path), ("a//b", BadName::Path), ("a/", BadName::Path), ("//server/share", BadName::Path),
            ("..\\windows", BadName::Reserved), ("C:\\x", BadName::Reserved), ("C:x", BadName::Reserved), ("file:stream", BadName::Reserved),
            ("a*", BadName::Reserved), ("a?", BadName::Reserved), ("a\"b", BadName::Reserved), ("a|b", BadName::Reserved), ("<a>", BadName::Reserved),
            ("%2e%2e%2fx", BadName::Encoded), ("%2E%2E/x", BadName::Encoded), ("%252e%252e%252f", BadName::Encoded), ("%00", BadName::Encoded), ("a%c0%ae", BadName::Encoded),
            ("a\0b", BadName::Invisible), ("a\nb", BadName::Invisible), ("a\r\nSet-Cookie: x", BadName::Invisible), ("a\tb", BadName::Invisible),
            ("a\u{7f}", BadName::Invisible), ("a\u{85}", BadName::Invisible), ("a\u{202e}fdp.exe", BadName::Invisible), ("a\u{2066}b", BadName::Invisible),
            ("a\u{200b}b", BadName::Invisible), ("\u{feff}a", BadName::Invisible), ("a\u{fffd}", BadName::Invisible), ("a\u{2028}b", BadName::Invisible),
            ("a.", BadName::Edge), ("a ", BadName::Edge), (" a", BadName::Edge), ("-rf", BadName::Edge), ("a/-rf", BadName::Edge), ("a./b", BadName::Edge), ("...", BadName::Edge), ("a\u{a0}", BadName::Edge),
            ("CON", BadName::Device), ("nul", BadName::Device), ("NUL.txt", BadName::Device), ("a/aux.tar.gz", BadName::Device), ("com1", BadName::Device), ("LPT9.x", BadName::Device), ("COM¹", BadName::Device), ("con .txt", BadName::Device),
            (long.as_str(), BadName::TooLong), (longest.as_str(), BadName::TooLong), (ten_kib.as_str(), BadName::TooLong),
        ];
        for (name, want) in cases {
            assert_eq!(FileName::new(name), Err(want), "{name:?}");
        }
    }

    #[test]
    fn a_folder_is_part_of_the_name_and_just_as_harmless() {
        let below = |folder, file| FileName::below(folder, file).map(|name| name.to_string());
        assert_eq!(below("", "a"), Ok("a".to_owned()));
        assert_eq!(below("in/", "a"), Ok("in/a".to_owned()));
        assert_eq!(below("in", "b/a"), Ok("in/b/a".to_owned()));
        assert_eq!(below("..", "a"), Err(BadName::Path));
        assert_eq!(below("/", "a"), Ok("a".to_owned()));
    }

    #[test]
    fn a_prefix_is_the_beginning_of_a_name() {
        for (prefix, good) in [
            ("", true),
            ("in", true),
            ("in/", true),
            ("in/ra", true),
            ("in/rates.", true),
            ("/", false),
            ("/in", false),
            ("../", false),
            ("..", false),
            ("a/..", false),
            ("a//", false),
            ("-", false),
            ("a\n", false),
            ("%2e", false),
        ] {
            assert_eq!(Prefix::new(prefix).is_ok(), good, "{prefix:?}");
        }
        let (rates, other) =
            (FileName::new("in/rates.csv").unwrap(), FileName::new("out/rates.csv").unwrap());
        let prefix = Prefix::new("in/").unwrap();
        assert_eq!([prefix.holds(&rates), prefix.holds(&other)], [true, false]);
    }

    proptest! {
        /// Whatever is accepted stays below the directory it is joined to, on one line.
        #[test]
        fn an_accepted_name_is_a_plain_relative_path(text in "\\PC{0,40}|[./\\\\%2eE0-9a-c -]{0,12}") {
            if let Ok(name) = FileName::new(&text) {
                let path = std::path::Path::new(name.as_str());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert_eq!(path.components().count(), name.as_str().split('/').count());
                prop_assert!(!name.as_str().contains(['\n', '\r', '\0', '\\']));
            }
        }
    }
}
