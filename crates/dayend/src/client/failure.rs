//! Why a client command stops: one sentence for people, one exit code for scripts.

use dayend_wire::exit::ExitCode;
use std::fmt;

/// A client command that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: ExitCode,
    /// What is wrong and what to do about it; lower case, without a full stop.
    pub(crate) sentence: String,
    /// Further lines, such as one for each defect of a definition.
    pub(crate) details: Vec<String>,
}

impl Failure {
    /// A failure with its sentence.
    pub(crate) fn new(exit: ExitCode, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into(), details: Vec::new() }
    }

    /// Wrong arguments, files or settings.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, sentence)
    }

    /// The server answered something that no version of it should.
    pub(crate) fn odd_answer(what: &str) -> Self {
        let sentence = format!(
            "the server's answer is not understood: {what}; is the base URL that of a Dayend server?"
        );
        Self::new(ExitCode::ServerError, sentence)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}
