//! A YAML value with the place it was written at.

/// A place in a file; line and column count from 1, 0 means not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A single value exactly as written, without its quotes.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Written without quotes, so that it may mean something else than a text.
    pub(super) plain: bool,
}

/// A key of a map and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) node: Node,
}

/// What a scalar means by the YAML 1.2 core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    Boolean(bool),
    Number,
    Text,
}

impl Node {
    /// What this is, for a message such as "is a list".
    pub(super) fn described(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Nothing => "empty",
                Meaning::Boolean(_) => "a boolean",
                Meaning::Number => "a number",
                Meaning::Text => "a text",
            },
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.meaning() == Meaning::Nothing)
    }
}

impl Scalar {
    pub(super) fn meaning(&self) -> Meaning {
        match self.text.as_str() {
            _ if !self.plain => Meaning::Text,
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Nothing,
            "true" | "True" | "TRUE" => Meaning::Boolean(true),
            "false" | "False" | "FALSE" => Meaning::Boolean(false),
            text if is_number(text) => Meaning::Number,
            _ => Meaning::Text,
        }
    }
}

/// Whether an unquoted text is a number for the YAML 1.2 core schema.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let good_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && good_exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_scalars_mean_what_the_core_schema_says() {
        let cases = [
            ("", Meaning::Nothing),
            ("~", Meaning::Nothing),
            ("NULL", Meaning::Nothing),
            ("True", Meaning::Boolean(true)),
            ("false", Meaning::Boolean(false)),
            ("NO", Meaning::Text),
            ("yes", Meaning::Text),
            ("007", Meaning::Number),
            ("-1.5e+9", Meaning::Number),
            (".5", Meaning::Number),
            ("1.", Meaning::Number),
            ("0x1F", Meaning::Number),
            ("0o17", Meaning::Number),
            ("-.inf", Meaning::Number),
            (".nan", Meaning::Number),
            ("0x", Meaning::Text),
            (".", Meaning::Text),
            ("1e", Meaning::Text),
            ("1.2.3", Meaning::Text),
            ("2026-10-30", Meaning::Text),
            ("1_000", Meaning::Text),
            ("-", Meaning::Text),
        ];
        for (text, want) in cases {
            assert_eq!(Scalar { text: text.to_owned(), plain: true }.meaning(), want, "{text}");
            assert_eq!(
                Scalar { text: text.to_owned(), plain: false }.meaning(),
                Meaning::Text,
                "quoted {text}"
            );
        }
    }
}
