//! A column's value on its way into a statement, a fingerprint or a compact history detail.

use dayend_engine::time::Timestamp;

/// One value, borrowed from the row it belongs to; `None` is NULL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl Value<'_> {
    /// Whether the value is NULL.
    pub(crate) fn is_null(self) -> bool {
        matches!(self, Self::Int(None) | Self::Text(None) | Self::Bytes(None))
    }
}

/// A value that outlives the row it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Owned {
    /// A copy.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match *value {
            Value::Int(number) => Self::Int(number),
            Value::Bool(flag) => Self::Bool(flag),
            Value::Text(text) => Self::Text(text.map(str::to_owned)),
            Value::Bytes(bytes) => Self::Bytes(bytes.map(<[u8]>::to_vec)),
        }
    }

    /// The value.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Text(text) => Value::Text(text.as_deref()),
            Self::Bytes(bytes) => Value::Bytes(bytes.as_deref()),
        }
    }
}

/// A row on its way into a statement: `N` values.
pub(crate) trait Row<const N: usize>: Sync {
    /// The values, in the order of the statement's columns.
    fn values(&self) -> [Value<'_>; N];
}

/// The values with one more behind them: `M` is `N + 1`.
pub(crate) fn and<'a, const N: usize, const M: usize>(
    first: [Value<'a>; N],
    last: impl Into<Value<'a>>,
) -> [Value<'a>; M] {
    const { assert!(M == N + 1) };
    let last = last.into();
    std::array::from_fn(|index| first.get(index).copied().unwrap_or(last))
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<i32> for Value<'_> {
    fn from(value: i32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<u8> for Value<'_> {
    fn from(value: u8) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.0))
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(|instant| instant.0))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'a> From<&'a [u8; 32]> for Value<'a> {
    fn from(value: &'a [u8; 32]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'a> From<Option<&'a [u8; 32]>> for Value<'a> {
    fn from(value: Option<&'a [u8; 32]>) -> Self {
        Self::Bytes(value.map(<[u8; 32]>::as_slice))
    }
}
