//! A log-in as it is kept between commands.

use crate::client::claims::Claims;
use crate::client::oauth::Tokens;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_service::clock::{Clock as _, SystemClock};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An access token is renewed this long before its end, so that it outlives the request that it goes with.
const MARGIN_S: i64 = 60;

/// Who is logged in where, and the tokens that show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptLogin {
    /// The server's base URL.
    pub(crate) server: String,
    pub(crate) client_id: String,
    pub(crate) user: String,
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// In seconds since 1970, as all times here.
    pub(crate) logged_in_at: i64,
    pub(crate) access_token: String,
    pub(crate) access_expires_at: i64,
    /// From then on the access token is renewed before it is used.
    pub(crate) renew_from: i64,
    /// Good for one use; none: the log-in has ended, or ends with its access token.
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
}

impl fmt::Debug for KeptLogin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeptLogin")
            .field("server", &self.server)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl KeptLogin {
    /// A new log-in; none if the token does not say of which user it is.
    pub(crate) fn new(server: &str, client_id: &str, tokens: &Tokens, now: i64) -> Option<Self> {
        let claims = Claims::of(tokens.access_token.expose_secret())?;
        let login = Self {
            server: server.to_owned(),
            client_id: client_id.to_owned(),
            user: claims.user()?.to_owned(),
            tenant: claims.text("tenant").map(str::to_owned),
            logged_in_at: now,
            access_token: String::new(),
            access_expires_at: 0,
            renew_from: 0,
            refresh_token: None,
        };
        Some(login.renewed(tokens, now))
    }

    /// The same log-in with other tokens. A server that sends no new refresh token leaves the old one good.
    pub(super) fn renewed(&self, tokens: &Tokens, now: i64) -> Self {
        let lifetime_s = i64::try_from(tokens.expires_in).unwrap_or(i64::MAX);
        let access_expires_at = now.saturating_add(lifetime_s);
        Self {
            access_token: tokens.access_token.expose_secret().to_owned(),
            access_expires_at,
            renew_from: access_expires_at.saturating_sub(MARGIN_S.min(lifetime_s / 4)),
            ..self.rotated(tokens)
        }
    }

    /// The same log-in with the next refresh token, and the access token that it had.
    pub(super) fn rotated(&self, tokens: &Tokens) -> Self {
        let next = tokens.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
        Self { refresh_token: next.or_else(|| self.refresh_token.clone()), ..self.clone() }
    }

    /// The log-in after the server said that it has ended.
    pub(super) fn ended(&self) -> Self {
        Self {
            refresh_token: None,
            access_token: String::new(),
            access_expires_at: 0,
            renew_from: 0,
            ..self.clone()
        }
    }

    /// The access token, unless it is about to end or the server has refused it.
    pub(super) fn usable(&self, now: i64, refused: Option<&str>) -> Option<SecretString> {
        let is_refused = refused.is_some_and(|print| print == fingerprint(&self.access_token));
        let is_good = now < self.renew_from && !is_refused && !self.access_token.is_empty();
        is_good.then(|| self.access_token.as_str().into())
    }
}

/// What stands for a token where the token itself must not.
pub(super) fn fingerprint(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

/// The present time, in seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemClock.now().0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(access: &str, expires_in: u64, refresh: Option<&str>) -> Tokens {
        Tokens {
            access_token: access.into(),
            expires_in,
            refresh_token: refresh.map(SecretString::from),
        }
    }

    fn login(expires_in: u64) -> KeptLogin {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"anna","tenant":"T"}"#);
        let tokens = tokens(&format!("e30.{claims}.c2ln"), expires_in, Some("R1"));
        KeptLogin::new("https://h", "dayend-cli", &tokens, 1000).unwrap()
    }

    #[test]
    fn a_log_in_is_the_tokens_users_and_an_app_is_not_logged_in() {
        assert_eq!((login(3600).user.as_str(), login(3600).tenant.as_deref()), ("anna", Some("T")));
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"app","sub_type":"client"}"#);
        let apps = tokens(&format!("e30.{claims}.c2ln"), 60, None);
        assert!(KeptLogin::new("https://h", "c", &apps, 0).is_none());
        assert!(!format!("{:?}", login(60)).contains("R1"));
    }

    #[test]
    fn a_token_is_used_until_a_minute_before_its_end_or_a_quarter_of_a_short_life() {
        #[rustfmt::skip]
        let cases = [(3600, 1000, true), (3600, 4539, true), (3600, 4540, false), (60, 1044, true), (60, 1045, false), (0, 1000, false)];
        for (lifetime_s, now, want) in cases {
            assert_eq!(
                login(lifetime_s).usable(now, None).is_some(),
                want,
                "{lifetime_s} s at {now}"
            );
        }
    }

    #[test]
    fn a_token_that_the_server_refused_is_not_used_again() {
        let login = login(3600);
        assert!(login.usable(1000, Some(&fingerprint("another"))).is_some());
        assert!(login.usable(1000, Some(&fingerprint(&login.access_token))).is_none());
        assert!(login.ended().usable(1000, None).is_none());
    }

    #[test]
    fn a_renewal_takes_the_next_refresh_token_and_keeps_the_old_one_if_there_is_none() {
        let login = login(60);
        let next = login.renewed(&tokens("A2", 3600, Some("R2")), 2000);
        assert_eq!((next.access_token.as_str(), next.refresh_token.as_deref()), ("A2", Some("R2")));
        assert_eq!((next.access_expires_at, next.logged_in_at), (5600, 1000));
        let same = next.renewed(&tokens("A3", 3600, None), 2000);
        assert_eq!(same.refresh_token.as_deref(), Some("R2"));
        let narrow = next.rotated(&tokens("narrow", 60, Some("R3")));
        assert_eq!(
            (narrow.access_token.as_str(), narrow.refresh_token.as_deref()),
            ("A2", Some("R3"))
        );
    }
}
