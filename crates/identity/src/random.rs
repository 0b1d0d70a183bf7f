//! Everything that must not be guessed.

use secrecy::SecretString;
use std::fmt::Write as _;

/// No `0 O 1 I l`: passwords are read from a screen and typed.
const PASSWORD_LETTERS: &[u8; 57] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/// 24 of 57 letters are 139 bits.
const PASSWORD_CHARS: usize = 24;

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .expect("the process's random generator cannot fail once it is seeded");
    bytes
}

/// A random id: 32 hex digits.
pub(crate) fn id() -> String {
    hex(&bytes::<16>())
}

/// A random client secret of 128 bits, grouped like a UUID.
pub(crate) fn client_secret() -> SecretString {
    let mut text = id();
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    SecretString::from(text)
}

/// A random password that needs no quoting anywhere.
pub(crate) fn password() -> SecretString {
    let mut text = String::with_capacity(PASSWORD_CHARS);
    while text.len() < PASSWORD_CHARS {
        // A byte above the largest multiple of 57 would favour the first letters: it is drawn again.
        let letters = bytes::<64>().into_iter().filter(|byte| *byte < 228);
        let letters = letters
            .filter_map(|byte| PASSWORD_LETTERS.get(usize::from(byte) % PASSWORD_LETTERS.len()));
        text.extend(letters.take(PASSWORD_CHARS - text.len()).map(|letter| char::from(*letter)));
    }
    SecretString::from(text)
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_client_secret_is_shaped_like_a_uuid_and_never_repeats() {
        let (one, other) = (client_secret(), client_secret());
        let lengths: Vec<usize> = one.expose_secret().split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(
            one.expose_secret().chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
        );
        assert_ne!(one.expose_secret(), other.expose_secret());
    }

    #[test]
    fn a_generated_password_has_24_unambiguous_characters() {
        for _ in 0..100 {
            let password = password();
            assert_eq!(password.expose_secret().len(), 24);
            assert!(
                password.expose_secret().bytes().all(|letter| PASSWORD_LETTERS.contains(&letter))
            );
        }
    }
}
