//! What a JSON text says.

use std::collections::BTreeMap;

/// An object; every key is there once. The order of keys carries no meaning, so none is kept.
pub type Object = BTreeMap<String, Json>;

/// A JSON value. Numbers stay as written, so that `1.10` does not become `1.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Box<str>),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

impl Json {
    /// The kind of value in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}
