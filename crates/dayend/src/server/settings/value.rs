//! What a setting can hold and how it is read from a text or from TOML.

use dayend_executor::Network;
use dayend_identity::issuers::IssuerSettings;
use dayend_store::PostgresStore;
use dayend_web::app::WebSettings;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use toml::de::{DeInteger, DeValue};

/// The longest text that a setting may hold, in bytes.
const TEXT_MAX_BYTES: usize = 4096;
/// The most entries that a list may hold.
const LIST_MAX: usize = 1000;

/// What a setting must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// `host:port`.
    Address,
    /// Empty, or `http://…` or `https://…`, perhaps with a path.
    Url,
    /// Empty, or `postgres://…` without a password.
    Database,
    /// Empty, or an absolute path.
    Path,
    /// A list of absolute paths.
    Paths,
    /// A list of networks such as `10.0.0.0/8`.
    Networks,
    /// `[[identity.issuers]]`.
    Issuers,
    /// Any text.
    Text,
    Switch,
    Number {
        min: u64,
        max: u64,
    },
    OneOf(&'static [&'static str]),
}

/// A setting's value, checked against its [`Kind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Switch(bool),
    List(Vec<String>),
    /// A list of tables.
    Tables(serde_json::Value),
}

impl Kind {
    /// Reads the value as it stands in the environment, in a flag or as a default; lists are separated by commas.
    pub(crate) fn parse(self, text: &str) -> Result<Value, String> {
        let value = match self {
            Self::Switch => match text {
                "true" | "1" => Value::Switch(true),
                "false" | "0" => Value::Switch(false),
                _ => return Err(format!("{text:?} is neither true nor false")),
            },
            Self::Number { .. } => {
                Value::Number(text.parse().map_err(|_| format!("{text:?} is not a whole number"))?)
            }
            Self::Paths | Self::Networks => Value::List(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
            Self::Issuers if text.is_empty() => Value::Tables(serde_json::json!([])),
            Self::Issuers => Value::Tables(
                serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?,
            ),
            Self::Address
            | Self::Url
            | Self::Database
            | Self::Path
            | Self::Text
            | Self::OneOf(_) => Value::Text(text.to_owned()),
        };
        self.check(value)
    }

    /// Reads the value as it stands in `dayend.toml`.
    pub(super) fn parse_toml(self, value: &DeValue<'_>) -> Result<Value, String> {
        let wrong = || format!("{} is expected, not a {}", self.expected(), value.type_str());
        let value = match self {
            Self::Switch => Value::Switch(value.as_bool().ok_or_else(wrong)?),
            Self::Number { .. } => Value::Number(number(value.as_integer().ok_or_else(wrong)?)?),
            Self::Paths | Self::Networks => {
                let items = value.as_array().ok_or_else(wrong)?;
                let texts = items
                    .iter()
                    .map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(wrong));
                Value::List(texts.collect::<Result<_, _>>()?)
            }
            Self::Issuers => Value::Tables(tables(value).ok_or_else(wrong)?),
            Self::Address
            | Self::Url
            | Self::Database
            | Self::Path
            | Self::Text
            | Self::OneOf(_) => Value::Text(value.as_str().ok_or_else(wrong)?.to_owned()),
        };
        self.check(value)
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Number { .. } => "a whole number",
            Self::Paths | Self::Networks => "a list of texts",
            Self::Issuers => "a list of tables",
            Self::Address
            | Self::Url
            | Self::Database
            | Self::Path
            | Self::Text
            | Self::OneOf(_) => "a text",
        }
    }

    fn check(self, value: Value) -> Result<Value, String> {
        match (&value, self) {
            (Value::Number(number), Self::Number { min, max })
                if *number < min || *number > max =>
            {
                Err(format!("{number} is not between {min} and {max}"))
            }
            (Value::List(items), _) if items.len() > LIST_MAX => {
                Err(format!("more than {LIST_MAX} entries"))
            }
            (Value::List(items), _) => {
                items.iter().try_for_each(|item| self.check_text(item)).map(|()| value)
            }
            (Value::Tables(tables), _) => issuers(tables).map(|_| value),
            (Value::Text(text), _) => self.check_text(text).map(|()| value),
            (Value::Number(_) | Value::Switch(_), _) => Ok(value),
        }
    }

    fn check_text(self, text: &str) -> Result<(), String> {
        if text.len() > TEXT_MAX_BYTES || text.chars().any(char::is_control) {
            return Err(format!(
                "longer than {TEXT_MAX_BYTES} bytes, or with control characters in it"
            ));
        }
        let complaint = match self {
            Self::Address if !is_address(text) => "is not an address such as 127.0.0.1:8443",
            Self::Url if !text.is_empty() => return check_base_url(text),
            // Never repeated: it may hold a password.
            Self::Database if !text.is_empty() => {
                return PostgresStore::check_url(text).map_err(|error| error.to_string());
            }
            Self::Path if !text.is_empty() && !Path::new(text).is_absolute() => {
                "is not an absolute path"
            }
            Self::Paths if !Path::new(text).is_absolute() => "is not an absolute path",
            Self::Networks if text.parse::<Network>().is_err() => {
                "is not a network such as 10.0.0.0/8"
            }
            Self::OneOf(choices) if !choices.contains(&text) => {
                return Err(format!("{text:?} is none of {}", choices.join(", ")));
            }
            Self::Address
            | Self::Url
            | Self::Database
            | Self::Path
            | Self::Paths
            | Self::Networks
            | Self::Issuers
            | Self::Text
            | Self::Switch
            | Self::Number { .. }
            | Self::OneOf(_) => return Ok(()),
        };
        Err(format!("{text:?} {complaint}"))
    }
}

impl Value {
    /// As JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Switch(switch) => (*switch).into(),
            Self::List(items) => items.clone().into(),
            Self::Tables(tables) => tables.clone(),
        }
    }
}

/// As it would stand in `dayend.toml`.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "{}", toml::Value::from(text.as_str())),
            Self::Number(number) => write!(out, "{number}"),
            Self::Switch(switch) => write!(out, "{switch}"),
            Self::List(items) => write!(out, "{}", toml::Value::from(items.clone())),
            Self::Tables(tables) => {
                let shown = toml::Value::try_from(tables).map_err(|_| fmt::Error)?;
                write!(out, "{shown}")
            }
        }
    }
}

/// The issuers in a list of tables, each checked.
pub(super) fn issuers(tables: &serde_json::Value) -> Result<Vec<IssuerSettings>, String> {
    let issuers: Vec<IssuerSettings> =
        serde_json::from_value(tables.clone()).map_err(|error| error.to_string())?;
    if issuers.len() > LIST_MAX {
        return Err(format!("more than {LIST_MAX} entries"));
    }
    issuers.iter().try_for_each(IssuerSettings::check).map_err(|error| error.to_string())?;
    Ok(issuers)
}

/// As JSON; none: it is no list of tables with texts, numbers, switches, lists and tables in them.
fn tables(value: &DeValue<'_>) -> Option<serde_json::Value> {
    let items = value.as_array()?.iter().map(toml::Spanned::get_ref);
    items.map(|item| item.as_table().and_then(|_| json(item))).collect()
}

fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    if let Some(text) = value.as_str() {
        return Some(text.into());
    }
    if let Some(switch) = value.as_bool() {
        return Some(switch.into());
    }
    if let Some(integer) = value.as_integer() {
        return number(integer).ok().map(Into::into);
    }
    if let Some(items) = value.as_array() {
        return items.iter().map(|item| json(item.get_ref())).collect();
    }
    let table = value.as_table()?.iter();
    let pairs = table.map(|(key, value)| Some((key.get_ref().to_string(), json(value.get_ref())?)));
    pairs.collect::<Option<serde_json::Map<_, _>>>().map(serde_json::Value::Object)
}

fn number(integer: &DeInteger<'_>) -> Result<u64, String> {
    u64::from_str_radix(integer.as_str(), integer.radix())
        .map_err(|_| format!("{} is not a whole number from 0", integer.as_str()))
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let ip_in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host_is_good = match ip_in_brackets {
            Some(ip) => matches!(ip.parse(), Ok(IpAddr::V6(_))),
            None => !host.is_empty() && !host.contains([':', '/', '@', ' ']),
        };
        host_is_good && !port.starts_with('+') && port.parse::<u16>().is_ok()
    })
}

fn check_base_url(text: &str) -> Result<(), String> {
    WebSettings::new(text, None).map_err(|problem| format!("{text:?}: {problem}"))?;
    match reqwest::Url::parse(text) {
        Ok(_) => Ok(()),
        Err(problem) => {
            Err(format!("{text:?} is not a URL such as https://dayend.bank.example: {problem}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_it_should_and_refuses_the_rest() {
        let number = Kind::Number { min: 1, max: 64 };
        #[rustfmt::skip]
        let cases = [
            (Kind::Address,  "127.0.0.1:8443", true),  (Kind::Address,  "[::1]:0", true),       (Kind::Address, "localhost:80", true),
            (Kind::Address,  "127.0.0.1", false),      (Kind::Address,  "::1:80", false),       (Kind::Address, "a:65536", false),
            (Kind::Address,  ":8443", false),          (Kind::Address,  "a:+80", false),        (Kind::Address, "[a]:80", false),
            (Kind::Url,      "https://a.example", true), (Kind::Url,    "http://[::1]:8080/", true), (Kind::Url, "", true),
            (Kind::Url,      "ftp://a", false),        (Kind::Url,      "https://u:p@a", false), (Kind::Url, "https://a/?x", false),
            (Kind::Url,      "https://a/b", true),     (Kind::Url,      "a.example", false),    (Kind::Url, "https://a:x", false),
            (Kind::Path,     "", true),                (Kind::Path,     "/a", true),            (Kind::Path, "a", false),
            (Kind::Paths,    "/a, /b", true),          (Kind::Paths,    "/a,b", false),         (Kind::Paths, "", true),
            (Kind::Networks, "127.0.0.1/32,::1", true), (Kind::Networks, "10.0.0.0/33", false), (Kind::Networks, "bank", false),
            (number,         "64", true),              (number,         "65", false),           (number, "0", false),
            (number,         "-1", false),             (number,         "two", false),
            (Kind::Switch,   "true", true),            (Kind::Switch,   "yes", false),
            (Kind::OneOf(&["text", "json"]), "json", true), (Kind::OneOf(&["text", "json"]), "xml", false),
            (Kind::Text,     "a\nb", false),
        ];
        for (kind, text, good) in cases {
            assert_eq!(kind.parse(text).is_ok(), good, "{kind:?} {text:?}: {:?}", kind.parse(text));
        }
    }

    #[test]
    fn a_value_is_shown_as_it_would_stand_in_the_file() {
        let shown = [
            Value::Text("a \"b\"".to_owned()),
            Value::Number(5),
            Value::Switch(true),
            Value::List(vec!["/a".to_owned(), "/b".to_owned()]),
        ]
        .map(|value| value.to_string());
        assert_eq!(shown, ["'a \"b\"'", "5", "true", r#"["/a", "/b"]"#]);
    }
}
