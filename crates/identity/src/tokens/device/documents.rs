//! What is kept of a device that waits, and the code that its user types.

use crate::identity::Identity;
use crate::model::Document;
use crate::random;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// So long a device waits for its user, in seconds.
pub(super) const WAITS_S: u64 = 300;
/// A device may ask once in so many seconds whether its user has decided.
pub(super) const INTERVAL_S: u64 = 5;
/// No vowels: no code is a word. 8 of 20 letters are 34 bits, against which few guesses are allowed.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LETTERS: usize = 8;

/// A device that waits, under the hash of its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) client_id: String,
    pub(super) scope: String,
    /// The document of the user's code.
    pub(super) user_code: String,
    pub(super) decision: Decision,
    /// In microseconds.
    pub(super) ends_at: i64,
}

/// What its user said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Decision {
    Waiting,
    Refused,
    Approved {
        user_id: String,
        /// When the user had logged in, in microseconds.
        logged_in_at: i64,
    },
}

/// Leads from the user's code to the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserCode {
    pub(super) device: String,
}

impl Document for Device {
    const KIND: &'static str = "device";
}

impl Document for UserCode {
    const KIND: &'static str = "user-code";
}

impl Identity {
    pub(super) fn device_id(&self, device_code: &str) -> String {
        self.keys.server.secret_id("device", device_code)
    }

    /// The id of a user's code, however it is typed.
    pub(super) fn user_code_id(&self, typed: &str) -> String {
        let letters = typed.chars().filter(char::is_ascii_alphanumeric);
        let plain: String = letters.map(|letter| letter.to_ascii_uppercase()).take(32).collect();
        self.keys.server.secret_id("user-code", &plain)
    }
}

/// A device code: shaped like a UUID, as Oracle's are.
pub(super) fn new_device_code() -> SecretString {
    random::client_secret()
}

/// A code that is typed.
pub(super) fn new_user_code() -> String {
    let mut code = String::with_capacity(USER_CODE_LETTERS);
    while code.len() < USER_CODE_LETTERS {
        // A byte above the largest multiple of 20 would favour the first letters: it is drawn again.
        let fair = random::bytes::<32>().into_iter().filter(|byte| *byte < 240);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len()));
        code.extend(letters.take(USER_CODE_LETTERS - code.len()).map(|letter| char::from(*letter)));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_is_eight_letters_without_vowels_and_does_not_repeat() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| new_user_code()).collect();
        assert_eq!(codes.len(), 200);
        for code in codes {
            assert!(
                code.len() == 8 && code.bytes().all(|letter| LETTERS.contains(&letter)),
                "{code}"
            );
        }
    }
}
