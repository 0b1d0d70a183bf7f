//! The words of a filter.

use super::tree::Literal;
use crate::admin::error::ScimError;
use dayend_engine::codes::shortened;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'t> {
    Open,
    Close,
    OpenValue,
    CloseValue,
    /// A name of an attribute or an operator.
    Name(&'t str),
    Literal(Literal),
}

/// Cuts a filter into words.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, ScimError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '[' => (Word::OpenValue, 1),
            ']' => (Word::CloseValue, 1),
            '"' => text_literal(rest)?,
            _ => plain(rest)?,
        };
        found.push(word);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(found)
}

/// A JSON string.
fn text_literal(rest: &str) -> Result<(Word<'_>, usize), ScimError> {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let literal = rest.get(..=at).unwrap_or_default();
                let text = serde_json::from_str(literal)
                    .map_err(|_| refused("a text is not as in JSON", literal))?;
                return Ok((Word::Literal(Literal::Text(text)), at + 1));
            }
            _ => {}
        }
    }
    Err(refused("a text has no end", rest))
}

fn plain(rest: &str) -> Result<(Word<'_>, usize), ScimError> {
    let ends = |letter: char| letter.is_whitespace() || "()[]\"".contains(letter);
    let length = rest.find(ends).unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let literal = match word {
        "true" | "True" | "TRUE" => Some(Literal::Flag(true)),
        "false" | "False" | "FALSE" => Some(Literal::Flag(false)),
        "null" => Some(Literal::Nothing),
        _ if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            let number: f64 = word.parse().map_err(|_| refused("this is no number", word))?;
            Some(Literal::Number(number)).filter(|_| number.is_finite())
        }
        _ => None,
    };
    if let Some(literal) = literal {
        return Ok((Word::Literal(literal), length));
    }
    let lawful = |letter: char| letter.is_ascii_alphanumeric() || "$_.:-".contains(letter);
    if word.chars().all(lawful) {
        return Ok((Word::Name(word), length));
    }
    Err(refused("this is neither a name nor a value", word))
}

/// 400: the filter cannot be understood.
pub(super) fn refused(why: &str, at: &str) -> ScimError {
    ScimError::bad("invalidFilter", format!("the filter: {why}: `{}`", shortened(at)))
}
