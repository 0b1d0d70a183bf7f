//! Names of files: patterns of what a night waits for, and paths below an attempt's directory.

use crate::params::{Params, Piece, pieces};
use std::fmt;

/// The longest path below an attempt's directory.
pub const LOCAL_PATH_MAX_BYTES: usize = 1024;
/// The longest part of one between two slashes: what file systems take.
const SEGMENT_MAX_BYTES: usize = 255;

/// Which names of files are meant: `?` is any character and `*` any number of them, both but for `/`; `**` is anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    tokens: Vec<Token>,
    /// What all names begin with that match.
    prefix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Letter(char),
    One,
    Some,
    Anything,
}

/// Why a text is no path below a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLocalPath {
    #[error("the path is empty")]
    Empty,
    #[error(
        "a path has at most {LOCAL_PATH_MAX_BYTES} bytes, and {SEGMENT_MAX_BYTES} between two slashes"
    )]
    TooLong,
    #[error(
        "a path is relative, without empty parts, `.` and `..`, so that it stays in the attempt's directory"
    )]
    Leaves,
    #[error("a path has no control characters")]
    Control,
}

impl NamePattern {
    /// The pattern of a text as it was written.
    pub fn parse(text: &str) -> Self {
        let mut pattern = Building::default();
        pattern.add_pattern(text);
        pattern.finish()
    }

    /// The pattern of a text whose placeholders are filled. Values are plain letters, whatever they hold.
    pub fn fill(text: &str, params: &Params) -> Self {
        let mut pattern = Building::default();
        for piece in pieces(text, |name| params.declared.contains_key(name)) {
            match piece {
                Piece::Literal(literal) => pattern.add_pattern(literal),
                Piece::Name(name) => {
                    let value = params.declared.get(name).map_or("", String::as_str);
                    pattern.tokens.extend(value.chars().map(Token::Letter));
                }
            }
        }
        pattern.finish()
    }

    /// What all names begin with that match.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The only name that matches, if there are no wildcards.
    pub fn exact(&self) -> Option<&str> {
        let is_letter = |token: &Token| matches!(token, Token::Letter(_));
        self.tokens.iter().all(is_letter).then_some(self.prefix.as_str())
    }

    /// Whether a name is meant. Takes time in proportion to both lengths, whatever they hold.
    pub fn matches(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(self.prefix.as_str()) else { return false };
        let tokens = self.tokens.get(self.prefix.chars().count()..).unwrap_or_default();
        let mut reached = vec![false; tokens.len() + 1];
        reach(&mut reached, tokens, 0);
        for letter in rest.chars() {
            let mut next = vec![false; tokens.len() + 1];
            for (at, token) in tokens.iter().enumerate() {
                if reached.get(at) != Some(&true) {
                    continue;
                }
                match token {
                    Token::Letter(wanted) if *wanted == letter => reach(&mut next, tokens, at + 1),
                    Token::One if letter != '/' => reach(&mut next, tokens, at + 1),
                    Token::Some if letter != '/' => reach(&mut next, tokens, at),
                    Token::Anything => reach(&mut next, tokens, at),
                    Token::Letter(_) | Token::One | Token::Some => {}
                }
            }
            reached = next;
        }
        reached.last() == Some(&true)
    }
}

/// Reaches a place, and those behind wildcards that may stand for nothing.
fn reach(reached: &mut [bool], tokens: &[Token], mut at: usize) {
    loop {
        if let Some(place) = reached.get_mut(at) {
            *place = true;
        }
        match tokens.get(at) {
            Some(Token::Some | Token::Anything) => at += 1,
            Some(Token::Letter(_) | Token::One) | None => return,
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| match token {
            Token::Letter(letter) => write!(out, "{letter}"),
            Token::One => out.write_str("?"),
            Token::Some => out.write_str("*"),
            Token::Anything => out.write_str("**"),
        })
    }
}

#[derive(Default)]
struct Building {
    tokens: Vec<Token>,
}

impl Building {
    fn add_pattern(&mut self, text: &str) {
        for letter in text.chars() {
            match (letter, self.tokens.last_mut()) {
                ('*', Some(last @ Token::Some)) => *last = Token::Anything,
                ('*', Some(Token::Anything)) => {}
                ('*', _) => self.tokens.push(Token::Some),
                ('?', _) => self.tokens.push(Token::One),
                (letter, _) => self.tokens.push(Token::Letter(letter)),
            }
        }
    }

    fn finish(self) -> NamePattern {
        let letters = self.tokens.iter().map_while(|token| match token {
            Token::Letter(letter) => Some(*letter),
            Token::One | Token::Some | Token::Anything => None,
        });
        NamePattern { prefix: letters.collect(), tokens: self.tokens }
    }
}

/// The parts of a path that stays below a directory.
pub fn local_path(text: &str) -> Result<Vec<&str>, BadLocalPath> {
    if text.is_empty() {
        return Err(BadLocalPath::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(BadLocalPath::Control);
    }
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return Err(BadLocalPath::Leaves);
    }
    if text.len() > LOCAL_PATH_MAX_BYTES || parts.iter().any(|part| part.len() > SEGMENT_MAX_BYTES)
    {
        return Err(BadLocalPath::TooLong);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wildcard_stands_for_what_the_manual_says() {
        #[rustfmt::skip]
        let cases = [
            ("rates.csv", "rates.csv", true), ("rates.csv", "rates.csv2", false), ("rates.csv", "Rates.csv", false),
            ("*.csv", "a.csv", true), ("*.csv", ".csv", true), ("*.csv", "in/a.csv", false), ("in/*.csv", "in/a.csv", true),
            ("in/*/b", "in/a/b", true), ("in/*/b", "in/a/c/b", false), ("in/**/b", "in/a/c/b", true), ("in/**b", "in/b", true),
            ("a?c", "abc", true), ("a?c", "a/c", false), ("a?c", "ac", false), ("a?c", "aüc", true),
            ("**", "any/thing", true), ("*", "", true), ("", "", true), ("", "a", false),
            ("*a*b*c", "xaxbxc", true), ("*a*b*c", "xaxcxb", false), ("a***b", "a/x/b", true), ("x[12]", "x1", false), ("x[12]", "x[12]", true),
        ];
        for (pattern, name, want) in cases {
            assert_eq!(NamePattern::parse(pattern).matches(name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn the_value_of_a_parameter_is_never_a_wildcard() {
        let declared = [("P", "*"), ("FICMISDATE", "2026-10-30")];
        let declared = declared.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let params = Params { declared, ..Params::default() };
        let pattern = NamePattern::fill("in/$P$-$FICMISDATE$-*.csv", &params);
        assert!(pattern.matches("in/*-2026-10-30-1.csv"));
        assert!(!pattern.matches("in/x-2026-10-30-1.csv"));
        assert_eq!(pattern.prefix(), "in/*-2026-10-30-");
        assert_eq!(pattern.exact(), None);
        assert_eq!(pattern.to_string(), "in/*-2026-10-30-*.csv");
        assert_eq!(NamePattern::fill("a$P$", &params).exact(), Some("a*"));
    }

    #[test]
    fn many_wildcards_take_no_time() {
        let pattern = NamePattern::parse(&"*a".repeat(500));
        assert!(!pattern.matches(&"a".repeat(400)));
        assert!(pattern.matches(&"a".repeat(1000)));
    }

    #[test]
    fn a_path_stays_in_its_directory() {
        let long = "x".repeat(256);
        let cases = [
            ("report.csv", Ok(1)),
            ("out/report 1.csv", Ok(2)),
            ("...", Ok(1)),
            ("", Err(BadLocalPath::Empty)),
            ("..", Err(BadLocalPath::Leaves)),
            ("a/../b", Err(BadLocalPath::Leaves)),
            ("./a", Err(BadLocalPath::Leaves)),
            ("/etc/passwd", Err(BadLocalPath::Leaves)),
            ("a//b", Err(BadLocalPath::Leaves)),
            ("a/", Err(BadLocalPath::Leaves)),
            ("a\0b", Err(BadLocalPath::Control)),
            ("a\nb", Err(BadLocalPath::Control)),
            (long.as_str(), Err(BadLocalPath::TooLong)),
        ];
        for (path, want) in cases {
            assert_eq!(local_path(path).map(|parts| parts.len()), want, "{path:?}");
        }
    }

    /// The same as [`NamePattern::matches`], slowly.
    fn model(pattern: &[char], name: &[char]) -> bool {
        match (pattern, name) {
            ([], _) => name.is_empty(),
            (['*', '*', rest @ ..], _) => (0..=name.len()).any(|skip| model(rest, &name[skip..])),
            (['*', rest @ ..], _) => {
                let most = name.iter().position(|letter| *letter == '/').unwrap_or(name.len());
                (0..=most).any(|skip| model(rest, &name[skip..]))
            }
            (['?', rest @ ..], [first, later @ ..]) => *first != '/' && model(rest, later),
            ([wanted, rest @ ..], [first, later @ ..]) => wanted == first && model(rest, later),
            (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_means_what_its_model_means(pattern in "[ab/?*]{0,8}", name in "[ab/]{0,8}") {
            // Three stars in a row are two, as the manual says.
            let mut plain = pattern.clone();
            while plain.contains("***") {
                plain = plain.replace("***", "**");
            }
            let (letters, wanted): (Vec<char>, Vec<char>) = (name.chars().collect(), plain.chars().collect());
            prop_assert_eq!(NamePattern::parse(&pattern).matches(&name), model(&wanted, &letters));
        }
    }
}
