//! The guide's table 1-1: results of calls, and states of runs and tasks. Both travel as JSON strings.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The result of one call of the external interface: the envelope's `statusCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResultCode {
    #[serde(rename = "0")]
    Success,
    #[serde(rename = "-1")]
    Failure,
    #[serde(rename = "-3")]
    NotFound,
    #[serde(rename = "-4")]
    InvalidArguments,
    #[serde(rename = "-5")]
    InvalidHeaders,
    #[serde(rename = "-6")]
    NothingToRun,
    #[serde(rename = "-7")]
    AlreadyInterrupted,
    #[serde(rename = "-8")]
    WrongState,
}

impl ResultCode {
    /// All results, in the order of the guide.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Failure,
        Self::NotFound,
        Self::InvalidArguments,
        Self::InvalidHeaders,
        Self::NothingToRun,
        Self::AlreadyInterrupted,
        Self::WrongState,
    ];

    /// The code as it goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Failure => "-1",
            Self::NotFound => "-3",
            Self::InvalidArguments => "-4",
            Self::InvalidHeaders => "-5",
            Self::NothingToRun => "-6",
            Self::AlreadyInterrupted => "-7",
            Self::WrongState => "-8",
        }
    }

    /// The guide's description.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failure => "Failure",
            Self::NotFound => "Object does not exist",
            Self::InvalidArguments => {
                "Invalid arguments passed in request/not enough params in Request body"
            }
            Self::InvalidHeaders => "Invalid request headers/request headers missing",
            Self::NothingToRun => "No executable job is present",
            Self::AlreadyInterrupted => "Job is already interrupted",
            Self::WrongState => "Job is not ongoing/aborted",
        }
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// The state of a run, task or member by name: `batchStatus`, `taskStatus`, `status` of `/api/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    #[serde(rename = "NOT-STARTED")]
    NotStarted,
    #[serde(rename = "ON-GOING")]
    OnGoing,
    #[serde(rename = "SUCCESSFUL")]
    Successful,
    #[serde(rename = "FAILED")]
    Failed,
    #[serde(rename = "INTERRUPTED")]
    Interrupted,
    #[serde(rename = "ABORTED")]
    Aborted,
    #[serde(rename = "EXCLUDED")]
    Excluded,
    #[serde(rename = "HELD")]
    Held,
}

impl State {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::NotStarted,
        Self::OnGoing,
        Self::Successful,
        Self::Failed,
        Self::Interrupted,
        Self::Aborted,
        Self::Excluded,
        Self::Held,
    ];

    /// The name as it goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT-STARTED",
            Self::OnGoing => "ON-GOING",
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
            Self::Aborted => "ABORTED",
            Self::Excluded => "EXCLUDED",
            Self::Held => "HELD",
        }
    }

    /// The code that stands beside the name.
    pub fn code(self) -> StateCode {
        StateCode(self)
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// The state of a run, task or member by number: `batchStatusCode`, and `statusCode` beside a `taskStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateCode(pub State);

/// A text that is no state's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAStateCode;

impl fmt::Display for NotAStateCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not the code of a state")
    }
}

impl std::error::Error for NotAStateCode {}

impl StateCode {
    /// The code as it goes on the wire.
    pub fn as_str(self) -> &'static str {
        match self.0 {
            State::NotStarted => "1",
            State::OnGoing => "2",
            State::Successful => "0",
            State::Failed => "-1",
            State::Interrupted => "-2",
            State::Aborted => "3",
            State::Excluded => "4",
            State::Held => "5",
        }
    }
}

impl FromStr for StateCode {
    type Err = NotAStateCode;

    fn from_str(text: &str) -> Result<Self, NotAStateCode> {
        State::ALL
            .into_iter()
            .map(StateCode)
            .find(|code| code.as_str() == text)
            .ok_or(NotAStateCode)
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl Serialize for StateCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for StateCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_name_goes_on_the_wire_as_the_string_of_the_guide() {
        for code in ResultCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(serde_json::from_value::<ResultCode>(code.as_str().into()).unwrap(), code);
        }
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(serde_json::to_value(state.code()).unwrap(), state.code().as_str());
            assert_eq!(
                serde_json::from_value::<StateCode>(state.code().as_str().into()).unwrap(),
                state.code()
            );
        }
        assert!(
            serde_json::from_value::<StateCode>("-3".into()).is_err(),
            "-3 is the result of a call, not a state"
        );
        assert!(serde_json::from_value::<StateCode>(0.into()).is_err(), "codes are strings");
    }

    #[test]
    fn the_codes_are_those_of_table_1_1() {
        let results: Vec<String> =
            ResultCode::ALL.iter().map(|code| format!("{code} {}", code.meaning())).collect();
        insta::assert_snapshot!(results.join("\n"), @r"
        0 Success
        -1 Failure
        -3 Object does not exist
        -4 Invalid arguments passed in request/not enough params in Request body
        -5 Invalid request headers/request headers missing
        -6 No executable job is present
        -7 Job is already interrupted
        -8 Job is not ongoing/aborted
        ");
        let states: Vec<String> =
            State::ALL.iter().map(|state| format!("{} {state}", state.code())).collect();
        insta::assert_snapshot!(states.join("\n"), @r"
        1 NOT-STARTED
        2 ON-GOING
        0 SUCCESSFUL
        -1 FAILED
        -2 INTERRUPTED
        3 ABORTED
        4 EXCLUDED
        5 HELD
        ");
    }
}
