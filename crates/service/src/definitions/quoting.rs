//! Writes texts so that every YAML reader, old or new, reads them back unchanged.

use super::scalars::is_hidden;
use std::fmt::Write;

/// Words that some YAML version takes for a boolean, a number or nothing.
const RESERVED: [&str; 11] =
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"];
/// A longer text is always quoted.
const PLAIN_MAX_BYTES: usize = 200;

/// A text as a value or key: unquoted if it cannot be misread.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, as in JSON, with everything invisible escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if needs_escape(letter) => escape(&mut out, letter),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A text of several lines as a literal block indented by `indent`, if it can be written so.
pub(super) fn block(text: &str, indent: usize) -> Option<String> {
    let (body, header) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let starts_well =
        !body.starts_with([' ', '\t', '\n']) && !body.lines().any(|line| line.starts_with('\t'));
    let ends_well = body.lines().next_back().is_some_and(|line| !line.trim().is_empty())
        && !body.ends_with('\n');
    let readable =
        !body.chars().any(|letter| letter != '\n' && letter != '\t' && needs_escape(letter));
    let blank_lines_are_empty = body.lines().all(|line| line.is_empty() || !line.trim().is_empty());
    if !(body.contains('\n') && starts_well && ends_well && readable && blank_lines_are_empty) {
        return None;
    }
    let mut out = header.to_owned();
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    Some(out)
}

fn needs_escape(letter: char) -> bool {
    is_hidden(letter)
        || matches!(letter, '\u{fffe}' | '\u{ffff}')
        || u32::from(letter) & 0xffff >= 0xfffe
}

fn escape(out: &mut String, letter: char) {
    let mut units = [0; 2];
    for unit in letter.encode_utf16(&mut units) {
        write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail");
    }
}

fn is_plain(text: &str) -> bool {
    let starts_well = text
        .starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '/' | '$'));
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./$@+=?',;()%& ".contains(&byte);
    let colons_are_inner = text.split(':').skip(1).all(|after| after.starts_with('/'));
    let shaped = text.bytes().all(|byte| is_safe(byte) || byte == b':')
        && colons_are_inner
        && !text.ends_with(' ');
    let reserved = RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word));
    starts_well && shaped && !reserved && text.len() <= PLAIN_MAX_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_could_be_misread_is_quoted() {
        let cases = [
            ("ecb", "ecb"),
            ("FX rates and revaluation", "FX rates and revaluation"),
            ("$RATE_SOURCE$", "$RATE_SOURCE$"),
            ("https://host/x?d=$D$", "https://host/x?d=$D$"),
            ("", "\"\""),
            ("NO", "\"NO\""),
            ("Null", "\"Null\""),
            ("007", "\"007\""),
            ("1e5", "\"1e5\""),
            ("2026-10-30", "\"2026-10-30\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("a #b", "\"a #b\""),
            ("- a", "\"- a\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("a\nb", "\"a\\nb\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("\u{202e}x", "\"\\u202ex\""),
            ("\u{7f}\u{85}\u{feff}\0", "\"\\u007f\\u0085\\ufeff\\u0000\""),
            ("\u{e0001}", "\"\\udb40\\udc01\""),
            ("Übertrag", "\"Übertrag\""),
        ];
        for (text, want) in cases {
            assert_eq!(scalar(text), want, "{text:?}");
        }
    }
}
