//! The token endpoint as a client reads it (RFC 6749 sections 5.1 and 5.2).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A token was issued.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBody {
    pub access_token: String,
    pub token_type: String,
    pub expires_in: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

impl fmt::Debug for TokenBody {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenBody").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// No token was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenErrorBody {
    pub error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// The number of the request, by which the server's log knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecid: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_when_it_is_printed() {
        let body = TokenBody {
            access_token: "SECRET1".to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: 3600,
            refresh_token: Some("SECRET2".to_owned()),
        };
        assert!(!format!("{body:?}").contains("SECRET"));
        assert!(serde_json::to_string(&body).unwrap().contains("SECRET2"));
    }
}
