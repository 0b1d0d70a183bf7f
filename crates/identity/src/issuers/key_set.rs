//! A published set of keys, as far as it can be used.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// No issuer publishes more.
const SET_MAX_BYTES: usize = 256 * 1024;
const KEYS_MAX: usize = 100;
const KEY_ID_MAX_BYTES: usize = 256;
/// RSA keys of 2048 to 8192 bits.
const MODULUS_MIN_BYTES: usize = 256;
const MODULUS_MAX_BYTES: usize = 1024;

/// The usable keys of an issuer.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: HashMap<String, Key>,
    /// What was published, to see whether it changed.
    pub(super) fingerprint: Vec<(String, String)>,
}

#[derive(Debug)]
struct Key {
    decoding: DecodingKey,
    algorithms: &'static [Algorithm],
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK set. Keys that are of no use to us (others' types, short ones, for encryption) are left out, and so are
    /// those whose name is not unique.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > SET_MAX_BYTES {
            return Err(format!("the key set is larger than {SET_MAX_BYTES} bytes"));
        }
        let published: Published =
            serde_json::from_slice(bytes).map_err(|error| format!("it is no JWK set: {error}"))?;
        if published.keys.len() > KEYS_MAX {
            return Err(format!("the key set has more than {KEYS_MAX} keys"));
        }
        let mut set = Self::default();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for value in &published.keys {
            let name = value.get("kid").and_then(Value::as_str).unwrap_or_default();
            *seen.entry(name.to_owned()).or_default() += 1;
            if let Some(key) = usable(value).filter(|_| name.len() <= KEY_ID_MAX_BYTES) {
                set.keys.insert(name.to_owned(), key);
                set.fingerprint.push((name.to_owned(), value.to_string()));
            }
        }
        set.keys.retain(|name, _| seen.get(name) == Some(&1));
        set.fingerprint.sort_unstable();
        if set.keys.is_empty() {
            return Err("the key set has no key that could be used".to_owned());
        }
        Ok(set)
    }

    /// The key of this name, if it is for the algorithm. A token without a name can only mean the only key.
    pub(super) fn key(&self, name: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let key = match name {
            Some(name) => self.keys.get(name),
            None if self.keys.len() == 1 => self.keys.values().next(),
            None => None,
        };
        key.filter(|key| key.algorithms.contains(&algorithm)).map(|key| &key.decoding)
    }

    /// Whether there is a key of this name.
    pub(super) fn knows(&self, name: Option<&str>) -> bool {
        name.map_or(self.keys.len() == 1, |name| self.keys.contains_key(name))
    }
}

fn usable(value: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    let signs =
        jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let possible: &'static [Algorithm] = if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm {
        let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
        let bytes = modulus.iter().skip_while(|byte| **byte == 0).count();
        let sized = (MODULUS_MIN_BYTES..=MODULUS_MAX_BYTES).contains(&bytes);
        if !sized {
            return None;
        }
        &[Algorithm::RS256, Algorithm::PS256]
    } else if let AlgorithmParameters::EllipticCurve(curve) = &jwk.algorithm
        && curve.curve == EllipticCurve::P256
    {
        &[Algorithm::ES256]
    } else {
        return None;
    };
    let algorithms = match jwk.common.key_algorithm {
        None => possible,
        Some(KeyAlgorithm::RS256) if possible.contains(&Algorithm::RS256) => &[Algorithm::RS256],
        Some(KeyAlgorithm::PS256) if possible.contains(&Algorithm::PS256) => &[Algorithm::PS256],
        Some(KeyAlgorithm::ES256) if possible.contains(&Algorithm::ES256) => possible,
        Some(_) => return None,
    };
    let decoding = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs)?;
    Some(Key { decoding, algorithms })
}
