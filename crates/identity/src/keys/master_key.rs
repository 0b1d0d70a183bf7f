//! The key that encrypts all others on the disk; it lies somewhere else.

use super::KeyError;
use super::files::read_private;
use crate::random;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// What an encrypted key file begins with. The number is the version of the form.
const MAGIC: &[u8] = b"dayend encrypted key 1\n";

/// Encrypts key files with AES-256-GCM, each bound to its name: one cannot take the place of another.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads the key from a file that only its owner can read.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_private(path)?;
        if let Ok(raw) = bytes.as_slice().try_into() {
            return Ok(Self(Zeroizing::new(raw)));
        }
        let text = std::str::from_utf8(&bytes).ok();
        text.and_then(Self::from_text)
            .ok_or_else(|| KeyError::BadMasterKey(path.display().to_string()))
    }

    /// The key as 64 hex digits, or as base64.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(from_hex(text).or_else(|| STANDARD.decode(text).ok())?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Encrypts the file of this name.
    pub(super) fn seal(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut body = plain.to_vec();
        let sealed = self.cipher().seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            aad(name),
            &mut body,
        );
        sealed.expect("a key file is shorter than any limit of the cipher");
        [MAGIC, &nonce, &body].concat()
    }

    /// Decrypts the file of this name; none: it was encrypted with another key, or damaged, or is another file.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.strip_prefix(MAGIC)?.split_first_chunk::<NONCE_LEN>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.cipher().open_in_place(nonce, aad(name), &mut body).ok()?.len();
        body.truncate(plain);
        Some(body)
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice());
        LessSafeKey::new(key.expect("the key has the length of the cipher's keys"))
    }
}

/// Whether a file is encrypted.
pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn aad(name: &str) -> Aad<Vec<u8>> {
    Aad::from([MAGIC, name.as_bytes()].concat())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(high * 16 + low),
        _ => None,
    };
    digits?.chunks(2).map(pair).collect()
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_read_in_hex_and_base64_and_nothing_shorter_is_one() {
        let bytes = [7_u8; 32];
        let hex = "07".repeat(32);
        let base64 = format!(" {}\n", STANDARD.encode(bytes));
        assert_eq!(MasterKey::from_text(&hex), MasterKey::from_text(&base64));
        assert!(MasterKey::from_text(&hex).is_some());
        for bad in ["", "07", &"07".repeat(31), &"07".repeat(33), "password", &"x".repeat(64)] {
            assert_eq!(MasterKey::from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_encrypted_opens_only_under_its_key_and_its_name_and_unchanged() {
        let (key, other) = (MasterKey(Zeroizing::new([1; 32])), MasterKey(Zeroizing::new([2; 32])));
        let sealed = key.seal("a.key", b"secret");
        assert!(is_sealed(&sealed) && !sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(key.seal("a.key", b"secret"), sealed, "no nonce is used twice");
        assert_eq!(key.open("a.key", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(other.open("a.key", &sealed), None);
        assert_eq!(key.open("b.key", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open("a.key", &changed), None, "byte {at}");
            assert_eq!(key.open("a.key", &sealed[..at]), None, "{at} bytes");
        }
    }
}
