//! Refresh tokens: opaque to everybody, shaped like those of Oracle's identity service.

use crate::keys::Keys;
use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use dayend_store::port::SecretHash;
use secrecy::{ExposeSecret as _, SecretString};

/// 106 bytes in padded base64.
const TOKEN_CHARS: usize = 144;

/// A new token: a version, the id of the server's key, then 64 random bytes in two fields.
pub(super) fn new(keys: &Keys) -> SecretString {
    let mut bytes = vec![0x02, 0x00, 0x20];
    bytes.extend_from_slice(keys.server.refresh_key_id.as_bytes());
    bytes.extend_from_slice(&[0x08, 0x00, 0x10]);
    bytes.extend_from_slice(&random::bytes::<16>());
    bytes.extend_from_slice(&[0x00, 0x00, 0x00, 0x30]);
    bytes.extend_from_slice(&random::bytes::<48>());
    SecretString::from(URL_SAFE.encode(bytes))
}

/// The stored form of a token; none if it cannot be one, so that no hostile text reaches the database.
pub(super) fn hash(keys: &Keys, token: &SecretString) -> Option<SecretHash> {
    is_shaped(token).then(|| keys.server.hash_refresh_token(token.expose_secret()))
}

/// Whether a text can be a token of this shape.
pub(super) fn is_shaped(token: &SecretString) -> bool {
    let text = token.expose_secret();
    text.len() == TOKEN_CHARS && text.starts_with("AgAg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::create;

    #[test]
    fn a_refresh_token_has_the_bytes_of_an_oracle_one() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path()).unwrap();
        let keys = Keys::load(dir.path()).unwrap();
        let (token, other) = (new(&keys), new(&keys));
        let bytes = URL_SAFE.decode(token.expose_secret()).unwrap();
        assert!(token.expose_secret().starts_with("AgAg") && token.expose_secret().ends_with("=="));
        assert_eq!((token.expose_secret().len(), bytes.len()), (144, 106));
        assert_eq!(bytes[..3], [2, 0, 0x20]);
        assert!(bytes[3..35].iter().all(u8::is_ascii_hexdigit));
        assert_eq!(bytes[35..38], [8, 0, 0x10]);
        assert_eq!(bytes[54..58], [0, 0, 0, 0x30]);
        let other_bytes = URL_SAFE.decode(other.expose_secret()).unwrap();
        assert_eq!(bytes[..38], other_bytes[..38], "the key's id is constant");
        assert_ne!(bytes[38..54], other_bytes[38..54]);
        assert_ne!(bytes[58..], other_bytes[58..]);
        assert!(hash(&keys, &token).unwrap() != hash(&keys, &other).unwrap());
        assert!(hash(&keys, &"AgAgYjA1OGVl".into()).is_none());
    }
}
