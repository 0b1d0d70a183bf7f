//! The CLI's exit codes: distinct, at most 99, so that they clash neither with shells nor with "positive means success".

use crate::codes::{ResultCode, State};
use crate::problem::ProblemCode;

/// What the process says when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// The run is SUCCESSFUL, or the call was accepted and nobody waited.
    Success = 0,
    /// The run FAILED.
    RunFailed = 1,
    /// Wrong usage, or arguments or headers that the server refused.
    Usage = 2,
    /// The run is INTERRUPTED or ABORTED.
    RunStopped = 3,
    /// The limit of the wait was reached and the run still goes on.
    StillRunning = 4,
    /// The run waits for a person: something is HELD.
    Held = 5,
    /// There is no such object or run.
    NotFound = 6,
    /// There was nothing to run, or everything is EXCLUDED.
    NothingToRun = 7,
    /// The run's state does not allow it, or the key was used with another request.
    WrongState = 8,
    /// Not authenticated or not allowed.
    NotAllowed = 9,
    /// The server could not be reached: the outcome is unknown, and repeating with the same key is safe.
    Unreachable = 10,
    /// The server failed.
    ServerError = 11,
    /// The run's outcome is unknown and needs a decision.
    UnknownOutcome = 12,
    /// A defect of the client.
    Bug = 99,
}

impl ExitCode {
    /// All exit codes, by number.
    pub const ALL: [Self; 14] = [
        Self::Success,
        Self::RunFailed,
        Self::Usage,
        Self::RunStopped,
        Self::StillRunning,
        Self::Held,
        Self::NotFound,
        Self::NothingToRun,
        Self::WrongState,
        Self::NotAllowed,
        Self::Unreachable,
        Self::ServerError,
        Self::UnknownOutcome,
        Self::Bug,
    ];

    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// One line for the manual and `--help`.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "run SUCCESSFUL, or call accepted without waiting",
            Self::RunFailed => "run FAILED",
            Self::Usage => "wrong usage, or invalid arguments or headers",
            Self::RunStopped => "run INTERRUPTED or ABORTED",
            Self::StillRunning => "wait limit reached, the run still goes on",
            Self::Held => "blocked by HELD, needs a person",
            Self::NotFound => "object or run not found",
            Self::NothingToRun => "nothing to run, or all excluded",
            Self::WrongState => "wrong state, or key used with another request",
            Self::NotAllowed => "not authenticated or not allowed",
            Self::Unreachable => {
                "server not reachable: outcome unknown, safe to repeat with the same key"
            }
            Self::ServerError => "server error",
            Self::UnknownOutcome => "outcome unknown, needs a decision",
            Self::Bug => "defect of the client",
        }
    }

    /// The exit code of a wait that ended with the run in this state.
    pub fn of_state(state: State) -> Self {
        match state {
            State::Successful => Self::Success,
            State::Failed => Self::RunFailed,
            State::Interrupted | State::Aborted => Self::RunStopped,
            State::NotStarted | State::OnGoing => Self::StillRunning,
            State::Held => Self::Held,
            State::Excluded => Self::NothingToRun,
        }
    }

    /// The exit code of a call of the external interface that answered this.
    pub fn of_result(result: ResultCode) -> Self {
        match result {
            ResultCode::Success => Self::Success,
            ResultCode::Failure => Self::ServerError,
            ResultCode::NotFound => Self::NotFound,
            ResultCode::InvalidArguments | ResultCode::InvalidHeaders => Self::Usage,
            ResultCode::NothingToRun => Self::NothingToRun,
            ResultCode::AlreadyInterrupted | ResultCode::WrongState => Self::WrongState,
        }
    }

    /// The exit code of a call of `/api/v1` that was refused with this problem.
    pub fn of_problem(problem: ProblemCode) -> Self {
        match problem {
            ProblemCode::InvalidRequest
            | ProblemCode::BadDefinitions
            | ProblemCode::MethodNotAllowed
            | ProblemCode::BodyTooLarge
            | ProblemCode::UnsupportedMediaType => Self::Usage,
            ProblemCode::NotAuthenticated | ProblemCode::NotAllowed => Self::NotAllowed,
            ProblemCode::UnknownScope | ProblemCode::NotFound => Self::NotFound,
            ProblemCode::NothingToRun => Self::NothingToRun,
            ProblemCode::AlreadyInterrupted
            | ProblemCode::WrongState
            | ProblemCode::PreconditionFailed
            | ProblemCode::KeyReused => Self::WrongState,
            ProblemCode::RequestTimeout | ProblemCode::Busy | ProblemCode::Unavailable => {
                Self::Unreachable
            }
            ProblemCode::Internal | ProblemCode::InsufficientStorage => Self::ServerError,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_codes_are_what_the_manual_says() {
        let lines: Vec<String> = ExitCode::ALL
            .iter()
            .map(|code| format!("{:>2} {}", code.number(), code.meaning()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
         0 run SUCCESSFUL, or call accepted without waiting
         1 run FAILED
         2 wrong usage, or invalid arguments or headers
         3 run INTERRUPTED or ABORTED
         4 wait limit reached, the run still goes on
         5 blocked by HELD, needs a person
         6 object or run not found
         7 nothing to run, or all excluded
         8 wrong state, or key used with another request
         9 not authenticated or not allowed
        10 server not reachable: outcome unknown, safe to repeat with the same key
        11 server error
        12 outcome unknown, needs a decision
        99 defect of the client
        ");
    }

    #[test]
    fn every_state_result_and_problem_has_its_exit_code() {
        let states: Vec<u8> =
            State::ALL.into_iter().map(|state| ExitCode::of_state(state).number()).collect();
        assert_eq!(states, [4, 4, 0, 1, 3, 3, 7, 5]);
        let results: Vec<u8> =
            ResultCode::ALL.into_iter().map(|code| ExitCode::of_result(code).number()).collect();
        assert_eq!(results, [0, 11, 6, 2, 2, 7, 8, 8]);
        for problem in ProblemCode::ALL {
            assert_ne!(ExitCode::of_problem(problem), ExitCode::Success, "{problem}");
        }
    }
}
