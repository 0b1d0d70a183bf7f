//! The secret in a link: 384 random bits, of which only a keyed hash is kept.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::fmt::Write as _;

const SECRET_BYTES: usize = 48;
/// As it stands in the URL.
const SECRET_CHARS: usize = SECRET_BYTES / 3 * 4;

/// What makes a URL a key to a file. Whoever has it needs nothing else.
pub struct LinkSecret(SecretString);

/// The key under which secrets are hashed, so that nobody who can write to the database can make a link.
pub struct SecretKey(hmac::Key);

impl LinkSecret {
    /// A new one.
    pub fn generate() -> Self {
        let mut bytes = [0; SECRET_BYTES];
        aws_lc_rs::rand::fill(&mut bytes)
            .expect("the process's random generator cannot fail once it is seeded");
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret in a URL, if it can be one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (text.len() == SECRET_CHARS && text.bytes().all(is_letter))
            .then(|| Self(SecretString::from(text)))
    }

    /// The text, for the URL that is shown once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl SecretKey {
    /// The key of a server.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The form in which a secret is kept and looked up: 64 hex digits.
    pub fn hash(&self, secret: &LinkSecret) -> String {
        let tag = hmac::sign(&self.0, secret.expose().as_bytes());
        tag.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes any text");
            text
        })
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LinkSecret(…)")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_repeats_and_stands_in_a_url_as_it_is() {
        let (one, other) = (LinkSecret::generate(), LinkSecret::generate());
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(LinkSecret::parse(one.expose()).unwrap().expose(), one.expose());
        for bad in [
            "",
            "abc",
            &"x".repeat(63),
            &"x".repeat(65),
            &format!("{}%", "x".repeat(63)),
            &"é".repeat(32),
        ] {
            assert!(LinkSecret::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_kept_as_a_hash_that_needs_the_key_and_is_never_shown() {
        let secret = LinkSecret::parse(&"s".repeat(64)).unwrap();
        let hash = SecretKey::new(&[1; 32]).hash(&secret);
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, SecretKey::new(&[1; 32]).hash(&secret));
        assert_ne!(hash, SecretKey::new(&[2; 32]).hash(&secret));
        assert!(!format!("{secret:?}").contains("sss"));
    }
}
