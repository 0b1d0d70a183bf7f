//! What a token says, read without checking its signature: for showing, never for deciding who may do what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A token larger than this is none.
const TOKEN_MAX_BYTES: usize = 64 * 1024;

/// The claims of a token, in its own order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// The claims of a signed JWT; none if it is something else.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok().map(Self)
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A claim that is a time, in seconds since 1970.
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// The user whom the token is for; an app's own token has none.
    pub(crate) fn user(&self) -> Option<&str> {
        self.text("sub").filter(|_| self.text("sub_type") != Some("client"))
    }

    /// All of them.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_claims_of_a_token_are_read_and_other_texts_are_none() {
        let claims =
            Claims::of(&jwt(r#"{"sub":"admin","sub_type":"user","tenant":"T","exp":7}"#)).unwrap();
        assert_eq!((claims.user(), claims.text("tenant")), (Some("admin"), Some("T")));
        assert_eq!(claims.seconds("exp"), Some(7));
        let app = Claims::of(&jwt(r#"{"sub":"T_APPID","sub_type":"client"}"#)).unwrap();
        assert_eq!(app.user(), None);
        for text in ["", "AgAgYjA1", "a.b", "a.b.c", "e30.e30.e30.e30", &jwt("[]"), &jwt("{")] {
            assert!(Claims::of(text).is_none(), "{text}");
        }
        let huge = jwt(&format!(r#"{{"sub":"{}"}}"#, "x".repeat(TOKEN_MAX_BYTES)));
        assert!(Claims::of(&huge).is_none());
    }
}
