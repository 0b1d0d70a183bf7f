//! One-time callback URLs: the token names the attempt and proves that this server offered it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::codes::{AttemptId, RunKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Where callbacks arrive, below the base URL; the token follows.
pub const CALLBACK_PATH: &str = "/api/v1/callbacks/";

const ID_BYTES: usize = 16;

/// Why a callback changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The token was not made by this server.
    #[error("the callback address is not one that this server gave away")]
    Forged,
    /// The attempt is over, or is not known (yet) by this server.
    #[error("the attempt of this callback address is not running")]
    NotRunning,
    /// The body does not say how the attempt ended.
    #[error("{0}")]
    Unreadable(String),
}

/// The token of an attempt.
pub(crate) fn token(key: &[u8; 32], id: AttemptId) -> String {
    let mut bytes = id_bytes(id).to_vec();
    bytes.extend(mac(key, &bytes).finalize().into_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The attempt of a token, if this server made it. Takes the same time for all forgeries.
pub(crate) fn verify(key: &[u8; 32], token: &str) -> Result<AttemptId, CallbackError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| CallbackError::Forged)?;
    let (id, tag) = bytes.split_at_checked(ID_BYTES).ok_or(CallbackError::Forged)?;
    mac(key, id).verify_slice(tag).map_err(|_| CallbackError::Forged)?;
    parse_id(id).ok_or(CallbackError::Forged)
}

fn mac(key: &[u8; 32], id: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(b"dayend callback v1\0");
    mac.update(id);
    mac
}

fn id_bytes(id: AttemptId) -> [u8; ID_BYTES] {
    let number = (u128::from(id.run.0.cast_unsigned()) << 64)
        | (u128::from(id.node) << 32)
        | u128::from(id.epoch);
    number.to_be_bytes()
}

fn parse_id(bytes: &[u8]) -> Option<AttemptId> {
    let number = u128::from_be_bytes(bytes.try_into().ok()?);
    let run = u64::try_from(number >> 64).ok()?;
    let low = u64::try_from(number & u128::from(u64::MAX)).ok()?;
    let (node, epoch) =
        (u32::try_from(low >> 32).ok()?, u32::try_from(low & u64::from(u32::MAX)).ok()?);
    Some(AttemptId { run: RunKey(run.cast_signed()), node, epoch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unchanged_token_of_the_same_key_is_accepted() {
        let id = AttemptId { run: RunKey(-7), node: 3, epoch: u32::MAX };
        let good = token(&[1; 32], id);
        assert_eq!(verify(&[1; 32], &good), Ok(id));
        assert!(
            good.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
        assert_eq!(verify(&[2; 32], &good), Err(CallbackError::Forged));
        for at in 0..good.len() {
            let mut forged = good.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                verify(&[1; 32], std::str::from_utf8(&forged).unwrap()),
                Err(CallbackError::Forged),
                "byte {at}"
            );
        }
        for forged in ["", "A", &good[..20], &format!("{good}A"), "ü"] {
            assert_eq!(verify(&[1; 32], forged), Err(CallbackError::Forged));
        }
    }
}
