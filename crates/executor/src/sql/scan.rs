//! Cuts a SQL text into the tokens that matter for splitting it and for finding parameters: quotes, comments, words.

use crate::sql::statement::Dialect;
use dayend_engine::params::is_name;

/// A piece of a SQL text, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Semicolon,
    /// A keyword, name or number.
    Word(&'a str),
    Comment(&'a str),
    /// A text or name in quotes of any kind, quotes included.
    Quoted(&'a str),
    /// A known name that stood between two `$`.
    Placeholder(&'a str),
    /// A parameter in the database's own notation.
    ForeignParameter(&'a str),
    /// Operators, blanks and the rest.
    Other(&'a str),
}

impl Token<'_> {
    /// Whether a statement with only such tokens does anything.
    pub(super) fn is_substantial(&self) -> bool {
        match self {
            Self::Semicolon | Self::Comment(_) => false,
            Self::Other(text) => !text.trim().is_empty(),
            Self::Word(_) | Self::Quoted(_) | Self::Placeholder(_) | Self::ForeignParameter(_) => {
                true
            }
        }
    }
}

/// Walks over a SQL text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    rest: &'a str,
    dialect: Dialect,
    last_word: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { rest: text, dialect, last_word: "" }
    }

    /// The next token; none at the end. The error says what is not closed.
    pub(super) fn next(
        &mut self,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Option<Token<'a>>, String> {
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let before = std::mem::take(&mut self.last_word);
        let sqlite = self.dialect == Dialect::Sqlite;
        let token = match first {
            ';' => {
                self.take(1);
                Token::Semicolon
            }
            '-' if self.rest.starts_with("--") => {
                Token::Comment(self.take(self.rest.find('\n').unwrap_or(self.rest.len())))
            }
            '/' if self.rest.starts_with("/*") => Token::Comment(self.block_comment()?),
            '\'' if !sqlite && before.eq_ignore_ascii_case("e") => {
                Token::Quoted(self.quoted('\'', true)?)
            }
            '\'' | '"' => Token::Quoted(self.quoted(first, false)?),
            '`' if sqlite => Token::Quoted(self.quoted('`', false)?),
            '[' if sqlite => Token::Quoted(self.until("]", "name in brackets")?),
            '$' => self.dollar(is_known, !before.is_empty())?,
            '?' | ':' | '@' | '#' if sqlite => self.foreign_parameter(first),
            _ if is_word(first) => {
                let word = self.take_while(is_word);
                self.last_word = word;
                Token::Word(word)
            }
            _ => Token::Other(self.take(first.len_utf8())),
        };
        Ok(Some(token))
    }

    /// A placeholder, else what the database takes the sign for. PostgreSQL's names may hold it.
    fn dollar(
        &mut self,
        is_known: impl Fn(&str) -> bool,
        in_name: bool,
    ) -> Result<Token<'a>, String> {
        let after = self.rest.get(1..).unwrap_or_default();
        let inner = after.find('$').and_then(|close| after.get(..close));
        if let Some(name) = inner.filter(|name| is_name(name) && is_known(name)) {
            self.take(name.len() + 2);
            return Ok(Token::Placeholder(name));
        }
        if in_name && self.dialect == Dialect::Postgres {
            return Ok(Token::Other(self.take(1)));
        }
        let is_tag = |tag: &str| {
            tag.chars().all(is_word) && !tag.starts_with(|first: char| first.is_ascii_digit())
        };
        match inner.filter(|tag| is_tag(tag)) {
            Some(tag) if self.dialect == Dialect::Postgres => {
                let mark = self.rest.get(..tag.len() + 2).unwrap_or_default();
                Ok(Token::Quoted(self.until(mark, "text in dollar quotes")?))
            }
            Some(_) | None => Ok(self.foreign_parameter('$')),
        }
    }

    /// A sign with a name or number behind it; without one it is an operator.
    fn foreign_parameter(&mut self, sign: char) -> Token<'a> {
        let name = self
            .rest
            .chars()
            .skip(1)
            .take_while(|letter| is_word(*letter))
            .map(char::len_utf8)
            .sum::<usize>();
        let text = self.take(1 + name);
        let alone = name == 0 && sign != '?';
        if alone { Token::Other(text) } else { Token::ForeignParameter(text) }
    }

    /// A text in quotes, in which the doubled quote stands for itself (and a backslash escapes, if it does).
    fn quoted(&mut self, quote: char, backslash: bool) -> Result<&'a str, String> {
        let mut letters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            if backslash && letter == '\\' {
                letters.next();
            } else if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
                return Ok(self.take(at + quote.len_utf8()));
            }
        }
        Err(format!("a text in {quote} is not closed"))
    }

    /// From here to the next `mark` behind the opening one.
    fn until(&mut self, mark: &str, what: &str) -> Result<&'a str, String> {
        let inside = self.rest.get(mark.len()..).unwrap_or_default();
        let close = inside.find(mark).ok_or_else(|| format!("a {what} is not closed"))?;
        Ok(self.take(mark.len() + close + mark.len()))
    }

    /// PostgreSQL's comments nest, SQLite's do not.
    fn block_comment(&mut self) -> Result<&'a str, String> {
        let (mut depth, mut at) = (1_u32, 2);
        while depth > 0 {
            let rest = self.rest.get(at..).unwrap_or_default();
            let close = rest.find("*/").ok_or("a comment is not closed")?;
            let open =
                rest.find("/*").filter(|open| *open < close && self.dialect == Dialect::Postgres);
            depth = if open.is_some() { depth + 1 } else { depth - 1 };
            at += open.unwrap_or(close) + 2;
        }
        Ok(self.take(at))
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|letter| !wanted(letter)).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || !letter.is_ascii()
}
