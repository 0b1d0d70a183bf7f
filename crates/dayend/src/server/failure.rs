//! Why a server command stops: one sentence for people, one exit code for scripts.

use super::say::complain;
use std::fmt;
use std::process::ExitCode;

/// A server command that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// One sentence, lower case, that says what to do about it where we know.
    pub(crate) sentence: String,
}

/// The exit codes of the server commands. `docs/operating.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The audit shows defects.
    Defects,
    /// Wrong arguments or settings, or not a data directory.
    Usage,
    /// An object that was named does not exist.
    NotFound,
    /// Another process holds the data directory or the port, or the name is taken.
    InUse,
    /// Disk, permissions or damaged data.
    CannotServe,
}

impl FailureKind {
    /// The process's exit code.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Defects => 1,
            Self::Usage => 2,
            Self::NotFound => 6,
            Self::InUse => 8,
            Self::CannotServe => 11,
        }
    }
}

impl Failure {
    /// Wrong arguments or settings.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { kind: FailureKind::Usage, sentence: sentence.into() }
    }

    /// Something named does not exist.
    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self { kind: FailureKind::NotFound, sentence: sentence.into() }
    }

    /// Somebody else holds what we need.
    pub(crate) fn in_use(sentence: impl Into<String>) -> Self {
        Self { kind: FailureKind::InUse, sentence: sentence.into() }
    }

    /// The machine does not let us.
    pub(crate) fn cannot_serve(sentence: impl Into<String>) -> Self {
        Self { kind: FailureKind::CannotServe, sentence: sentence.into() }
    }

    /// Says the sentence on stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        complain(&format!("dayend: {}", self.sentence));
        ExitCode::from(self.kind.exit_code())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

/// Turns the result of a server command into the process's exit code.
pub(super) fn exit_code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
