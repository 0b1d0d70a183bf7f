//! What a verb has to say: lines for people, one object for scripts.

use super::super::failure::Failure;
use super::super::say::say;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

/// The answer to a verb that was carried out.
#[derive(Default)]
pub(super) struct Answer {
    lines: Vec<String>,
    object: Map<String, Value>,
}

impl Answer {
    /// Begins with nothing to say.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a line for people.
    pub(super) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Puts a line for people before all others.
    pub(super) fn first(mut self, line: impl Into<String>) -> Self {
        self.lines.insert(0, line.into());
        self
    }

    /// Adds a value for scripts.
    pub(super) fn value(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.object.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a secret that is shown this once, if there is one.
    pub(super) fn secret(self, key: &str, secret: Option<&SecretString>) -> Self {
        let Some(secret) = secret.map(|secret| secret.expose_secret().to_owned()) else {
            return self;
        };
        self.line(format!("{}: {secret}", key.replace('_', " "))).value(key, secret)
    }

    /// Says it on stdout.
    pub(super) fn say(self, json: bool) -> Result<(), Failure> {
        if json {
            return say(&Value::Object(self.object).to_string());
        }
        self.lines.iter().try_for_each(|line| say(line))
    }
}
