//! Why a text was not read.

use std::fmt;

/// What is wrong with a JSON text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (line {line}, column {column})")]
pub struct JsonError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub problem: Syntax,
}

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Syntax {
    #[error("the text is empty")]
    Empty,
    #[error("the text ends too early")]
    EndsEarly,
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the text begins with a byte order mark")]
    ByteOrderMark,
    #[error("something stands behind the end of the value")]
    Trailing,
    #[error("a value is expected")]
    ValueExpected,
    #[error("a key in double quotes is expected")]
    KeyExpected,
    #[error("a colon is expected")]
    ColonExpected,
    #[error("a comma or the end of the object is expected")]
    ObjectEndExpected,
    #[error("a comma or the end of the array is expected")]
    ArrayEndExpected,
    #[error("the key stands in this object twice")]
    RepeatedKey,
    #[error("a control character in a string is not escaped")]
    ControlCharacter,
    #[error("the escape in a string is unknown")]
    Escape,
    #[error("a string holds the character NUL")]
    Nul,
    #[error("a string holds half a surrogate pair")]
    LoneSurrogate,
    #[error("the number is malformed")]
    Number,
    #[error("the number cannot be kept without rounding; send it as a string")]
    InexactNumber,
    #[error("{0}")]
    TooMuch(Limit),
}

/// A limit that a JSON text exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Depth,
    Keys,
    Items,
    TextBytes,
    NumberDigits,
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth => write!(out, "values are nested deeper than {}", super::DEPTH_MAX),
            Self::Keys => write!(out, "there are more than {} keys", super::KEYS_MAX),
            Self::Items => write!(out, "an array has more than {} values", super::ITEMS_MAX),
            Self::TextBytes => {
                write!(out, "a string has more than {} bytes", super::TEXT_MAX_BYTES)
            }
            Self::NumberDigits => write!(
                out,
                "a number has more than {} characters",
                super::number::LITERAL_MAX_BYTES
            ),
        }
    }
}
