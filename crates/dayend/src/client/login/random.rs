//! Texts that nobody guesses, and the proof key of RFC 7636.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 43 unreserved characters that hold 256 random bits.
pub(super) fn unguessable() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)
        .expect("the process's random generator cannot fail once it is seeded");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The challenge (`S256`) of a verifier.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn unguessable_texts_never_repeat_and_may_be_verifiers() {
        let (one, other) = (unguessable(), unguessable());
        assert_ne!(one, other);
        assert_eq!(one.len(), 43);
        assert!(
            one.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        );
    }
}
