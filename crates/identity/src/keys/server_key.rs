//! The key from which the keys for client secrets, refresh tokens and callbacks are derived.

use super::{KeyDirectory, KeyError, SERVER_KEY_FILE};
use crate::random;
use aws_lc_rs::hmac;
use dayend_store::port::SecretHash;

const KEY_BYTES: usize = 32;

/// 32 random bytes, in the form in which they authenticate.
pub(crate) struct ServerKey {
    root: hmac::Key,
    client_secrets: hmac::Key,
    refresh_tokens: hmac::Key,
    /// Names this server's key inside refresh tokens: 32 hex digits, no secret.
    pub(crate) refresh_key_id: String,
}

impl ServerKey {
    /// Loads the key.
    pub(super) fn load(directory: &KeyDirectory) -> Result<Self, KeyError> {
        let bytes = directory.read(SERVER_KEY_FILE)?;
        if bytes.len() == KEY_BYTES {
            return Ok(Self::new(&bytes));
        }
        let reason = format!("it has {} bytes instead of {KEY_BYTES}", bytes.len());
        Err(KeyError::Invalid { path: directory.path(SERVER_KEY_FILE), reason })
    }

    fn new(bytes: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let key = |label| hmac::Key::new(hmac::HMAC_SHA256, &derived(&root, label));
        let id = derived(&root, "refresh-key-id");
        Self {
            client_secrets: key("client-secrets"),
            refresh_tokens: key("refresh-tokens"),
            refresh_key_id: random::hex(id.first_chunk::<16>().expect("32 bytes begin with 16")),
            root,
        }
    }

    /// A key for one purpose.
    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        derived(&self.root, label)
    }

    /// The stored form of a client's secret; bound to the client, so that rows cannot be exchanged.
    pub(crate) fn hash_client_secret(&self, client_id: &str, secret: &str) -> SecretHash {
        let mut context = hmac::Context::with_key(&self.client_secrets);
        context.update(client_id.as_bytes());
        context.update(&[0]);
        context.update(secret.as_bytes());
        SecretHash(tag(&context.sign()))
    }

    /// The stored form of a refresh token.
    pub(crate) fn hash_refresh_token(&self, token: &str) -> SecretHash {
        SecretHash(tag(&hmac::sign(&self.refresh_tokens, token.as_bytes())))
    }

    /// The stored form of a secret of some kind (a session, a code, a link): 64 hex digits.
    pub(crate) fn secret_id(&self, kind: &str, secret: &str) -> String {
        random::hex(&self.seal(&format!("secret/{kind}"), &[secret]))
    }

    /// Proves later that these texts, in this order, came from this server for this purpose.
    pub(crate) fn seal(&self, purpose: &str, texts: &[&str]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &derived(&self.root, purpose));
        let mut context = hmac::Context::with_key(&key);
        for text in texts {
            // The lengths keep two texts from being read as others.
            context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(text.as_bytes());
        }
        tag(&context.sign())
    }

    /// 32 hex digits that always stand for `name`, for claims that carry a technical id.
    pub(crate) fn stable_id(&self, kind: &str, name: &str) -> String {
        let id = derived(&self.root, &format!("id/{kind}/{name}"));
        random::hex(id.first_chunk::<16>().expect("32 bytes begin with 16"))
    }
}

fn derived(root: &hmac::Key, label: &str) -> [u8; 32] {
    tag(&hmac::sign(root, format!("dayend/{label}").as_bytes()))
}

fn tag(tag: &hmac::Tag) -> [u8; 32] {
    tag.as_ref().try_into().expect("an HMAC-SHA-256 has 32 bytes")
}
