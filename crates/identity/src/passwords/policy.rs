//! Which passwords people may choose.

use std::collections::BTreeSet;

/// The shortest password that a person may choose.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// The longest password; its bytes are compared as they are sent, nothing is cut off or normalised.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// Fewer different characters are no password, whatever the length.
const DISTINCT_MIN: usize = 5;

/// Beginnings of what is tried first. Compared in lower case, without digits and signs at the end.
const COMMON: [&str; 24] = [
    "password",
    "passwort",
    "motdepasse",
    "contrasena",
    "qwerty",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "admin",
    "changeme",
    "changeit",
    "dayend",
    "oracle",
    "secret",
    "default",
    "abcdefghijkl",
    "passwordpassword",
    "adminadmin",
    "qazwsxedc",
];

/// Why a chosen password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password needs at least {PASSWORD_MIN_CHARS} characters")]
    TooShort,
    #[error("a password may have at most {PASSWORD_MAX_BYTES} bytes")]
    TooLong,
    #[error("the password has too few different characters")]
    TooUniform,
    #[error("the password is among those that are tried first")]
    Common,
    #[error("the password must not contain the user name")]
    ContainsName,
}

/// Refuses passwords that are guessed early.
pub(crate) fn check(password: &str, user_name: &str) -> Result<(), WeakPassword> {
    let lower = password.to_lowercase();
    let stem = lower.trim_end_matches(|letter: char| !letter.is_alphabetic());
    if password.len() > PASSWORD_MAX_BYTES {
        Err(WeakPassword::TooLong)
    } else if password.chars().count() < PASSWORD_MIN_CHARS {
        Err(WeakPassword::TooShort)
    } else if lower.chars().collect::<BTreeSet<_>>().len() < DISTINCT_MIN {
        Err(WeakPassword::TooUniform)
    } else if stem.is_empty() && counts_up(&lower) || COMMON.contains(&stem) {
        Err(WeakPassword::Common)
    } else if user_name.chars().count() > 3 && lower.contains(&user_name.to_lowercase()) {
        Err(WeakPassword::ContainsName)
    } else {
        Ok(())
    }
}

/// `123456789012` and the like.
fn counts_up(digits: &str) -> bool {
    let steps = digits.bytes().zip(digits.bytes().skip(1));
    steps.clone().all(|(one, next)| next == one + 1 || (one, next) == (b'9', b'0'))
        || steps.clone().all(|(one, next)| one == next + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_guesses_are_refused_and_others_are_not() {
        #[rustfmt::skip]
        let cases = [
            ("twelve characters",    "tr0ub4dor&3x",             Ok(())),
            ("a passphrase",         "correct horse battery",    Ok(())),
            ("eleven characters",    "tr0ub4dor&3",              Err(WeakPassword::TooShort)),
            ("characters, no bytes", "äöüäöüäöü",                Err(WeakPassword::TooShort)),
            ("one letter",           "aaaaaaaaaaaaaaa",          Err(WeakPassword::TooUniform)),
            ("a word with a tail",   "Password@12345",           Err(WeakPassword::Common)),
            ("the keyboard",         "qwertyuiop12",             Err(WeakPassword::Common)),
            ("counting",             "123456789012",             Err(WeakPassword::Common)),
            ("the user name",        "xx-Cneadmin-xx",           Err(WeakPassword::ContainsName)),
        ];
        for (name, password, want) in cases {
            assert_eq!(check(password, "cneadmin"), want, "{name}");
        }
        assert_eq!(check(&"long ago ".repeat(200), "cneadmin"), Err(WeakPassword::TooLong));
    }
}
