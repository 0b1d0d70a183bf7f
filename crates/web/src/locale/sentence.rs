//! Everything that can be said: a summary and its details, with the names and values that they repeat.

use fluent_bundle::FluentArgs;

/// What a key of the request should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Text,
    /// A comma-separated string, or an array of strings.
    Codes,
    Object,
    /// A string, a number or a boolean.
    Value,
    /// An object, or a string that holds one.
    BatchParams,
    /// An array, or a string that holds one.
    GroupParams,
}

impl Wanted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Codes => "codes",
            Self::Object => "object",
            Self::Value => "value",
            Self::BatchParams => "batch-params",
            Self::GroupParams => "group-params",
        }
    }
}

/// One outcome of a call in words. Texts that come from the caller are expected to be cut to size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    Triggered { run: String },
    Interrupted { run: String },
    Restarted { run: String },
    Rerun { run: String },
    TokenMissing,
    TokenInvalid,
    TokenRepeated,
    TokenNarrow,
    HeaderMissing { header: &'static str },
    HeaderInvalid { header: &'static str },
    KeyHeaderInvalid,
    UnknownScope,
    NotAllowed { who: String, function: String, scope: String },
    BodyNotJson { problem: String, line: usize, column: usize },
    NestedNotJson { key: String, problem: String, line: usize, column: usize },
    BodyNotObject,
    BodyBroken,
    BodyTooLarge { limit: usize },
    BodyTooSlow,
    NotJsonType,
    MethodNotAllowed { method: String },
    KeyMissing { key: String },
    KeyWrong { key: String, wanted: Wanted },
    KeysContradict { key: String, other: String },
    TooManyCodes { key: String, limit: usize },
    NotABatchType { value: String },
    NotADate { key: String, value: String },
    NotAName { key: String },
    DateOfTask { key: String },
    MemberRepeated { batch: String },
    UnknownTask { key: String, task: String },
    ExternalIdInvalid,
    Invalid { key: String, problem: String },
    KeyReused { key: String },
    NotFound { what: String, id: String },
    NothingToRun { reason: String },
    AlreadyInterrupted { run: String },
    WrongState { reason: String },
    TooMany { seconds: u64 },
    Overloaded,
    Unavailable,
    DefinitionsRefused { count: usize },
}

impl Sentence {
    /// The message in the `.ftl` files: its value is the summary, its attribute `details` the details.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Triggered { .. } => "triggered",
            Self::Interrupted { .. } => "interrupted",
            Self::Restarted { .. } => "restarted",
            Self::Rerun { .. } => "rerun",
            Self::TokenMissing => "token-missing",
            Self::TokenInvalid => "token-invalid",
            Self::TokenNarrow => "token-narrow",
            Self::TokenRepeated => "token-repeated",
            Self::HeaderMissing { .. } => "header-missing",
            Self::HeaderInvalid { .. } => "header-invalid",
            Self::KeyHeaderInvalid => "key-header-invalid",
            Self::UnknownScope => "unknown-scope",
            Self::NotAllowed { .. } => "not-allowed",
            Self::BodyNotJson { .. } => "body-not-json",
            Self::NestedNotJson { .. } => "nested-not-json",
            Self::BodyNotObject => "body-not-object",
            Self::BodyBroken => "body-broken",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::BodyTooSlow => "body-too-slow",
            Self::NotJsonType => "not-json-type",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::KeyMissing { .. } => "key-missing",
            Self::KeyWrong { .. } => "key-wrong",
            Self::KeysContradict { .. } => "keys-contradict",
            Self::TooManyCodes { .. } => "too-many-codes",
            Self::NotABatchType { .. } => "not-a-batch-type",
            Self::NotADate { .. } => "not-a-date",
            Self::NotAName { .. } => "not-a-name",
            Self::DateOfTask { .. } => "date-of-task",
            Self::MemberRepeated { .. } => "member-repeated",
            Self::UnknownTask { .. } => "unknown-task",
            Self::ExternalIdInvalid => "external-id-invalid",
            Self::Invalid { .. } => "invalid",
            Self::KeyReused { .. } => "key-reused",
            Self::NotFound { .. } => "not-found",
            Self::NothingToRun { .. } => "nothing-to-run",
            Self::AlreadyInterrupted { .. } => "already-interrupted",
            Self::WrongState { .. } => "wrong-state",
            Self::TooMany { .. } => "too-many",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::DefinitionsRefused { .. } => "definitions-refused",
        }
    }

    /// The names and values that the text repeats. Numbers go as text: they are no quantities to be formatted.
    pub(super) fn arguments(&self) -> FluentArgs<'static> {
        let pairs: Vec<(&'static str, String)> = match self {
            Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenRepeated
            | Self::TokenNarrow
            | Self::KeyHeaderInvalid
            | Self::UnknownScope
            | Self::BodyNotObject
            | Self::BodyBroken
            | Self::BodyTooSlow
            | Self::NotJsonType
            | Self::ExternalIdInvalid
            | Self::Overloaded
            | Self::Unavailable => vec![],
            Self::Triggered { run }
            | Self::Interrupted { run }
            | Self::Restarted { run }
            | Self::Rerun { run }
            | Self::AlreadyInterrupted { run } => vec![("run", run.clone())],
            Self::HeaderMissing { header } | Self::HeaderInvalid { header } => {
                vec![("header", (*header).to_owned())]
            }
            Self::NotAllowed { who, function, scope } => {
                vec![("who", who.clone()), ("function", function.clone()), ("scope", scope.clone())]
            }
            Self::BodyNotJson { problem, line, column } => {
                vec![
                    ("problem", problem.clone()),
                    ("line", line.to_string()),
                    ("column", column.to_string()),
                ]
            }
            Self::NestedNotJson { key, problem, line, column } => vec![
                ("key", key.clone()),
                ("problem", problem.clone()),
                ("line", line.to_string()),
                ("column", column.to_string()),
            ],
            Self::BodyTooLarge { limit } => vec![("limit", limit.to_string())],
            Self::MethodNotAllowed { method } => vec![("method", method.clone())],
            Self::KeyMissing { key }
            | Self::NotAName { key }
            | Self::DateOfTask { key }
            | Self::KeyReused { key } => {
                vec![("key", key.clone())]
            }
            Self::KeyWrong { key, wanted } => {
                vec![("key", key.clone()), ("wanted", wanted.as_str().to_owned())]
            }
            Self::KeysContradict { key, other } => {
                vec![("key", key.clone()), ("other", other.clone())]
            }
            Self::TooManyCodes { key, limit } => {
                vec![("key", key.clone()), ("limit", limit.to_string())]
            }
            Self::NotABatchType { value } => vec![("value", value.clone())],
            Self::NotADate { key, value } => vec![("key", key.clone()), ("value", value.clone())],
            Self::MemberRepeated { batch } => vec![("batch", batch.clone())],
            Self::UnknownTask { key, task } => vec![("key", key.clone()), ("task", task.clone())],
            Self::Invalid { key, problem } => {
                vec![("key", key.clone()), ("problem", problem.clone())]
            }
            Self::NotFound { what, id } => vec![("what", what.clone()), ("id", id.clone())],
            Self::NothingToRun { reason } | Self::WrongState { reason } => {
                vec![("reason", reason.clone())]
            }
            Self::TooMany { seconds } => vec![("seconds", seconds.to_string())],
            Self::DefinitionsRefused { count } => vec![("count", count.to_string())],
        };
        pairs.into_iter().collect()
    }
}
