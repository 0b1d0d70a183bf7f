//! The text that a browser keeps: the session's secret, and when it was used last.
//!
//! The last use travels with the browser, sealed, so that looking at a page writes nothing.

use crate::keys::Keys;
use crate::random;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use secrecy::SecretString;

/// 32 random bytes in base64.
const SECRET_CHARS: usize = 43;
const PURPOSE: &str = "session-cookie";
/// The clocks of two nodes differ.
const SKEW_S: i64 = 60;

/// A new secret.
pub(super) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

/// The cookie of a session that is used now.
pub(super) fn written(keys: &Keys, secret: &str, now: Timestamp) -> SecretString {
    let used_s = seconds(now).to_string();
    let seal = URL_SAFE_NO_PAD.encode(keys.server.seal(PURPOSE, &[secret, &used_s]));
    SecretString::from(format!("{secret}.{used_s}.{seal}"))
}

/// The secret in a cookie that this server wrote less than `idle_s` ago.
pub(super) fn read<'a>(
    keys: &Keys,
    cookie: &'a str,
    idle_s: u64,
    now: Timestamp,
) -> Option<&'a str> {
    let (secret, rest) = cookie.split_once('.')?;
    let (used_s, seal) = rest.split_once('.')?;
    if secret.len() != SECRET_CHARS || used_s.len() > 20 {
        return None;
    }
    let expected = keys.server.seal(PURPOSE, &[secret, used_s]);
    let given = URL_SAFE_NO_PAD.decode(seal).ok()?;
    verify_slices_are_equal(&given, &expected).ok()?;
    let rested_s = seconds(now).saturating_sub(used_s.parse().ok()?);
    let fresh = rested_s >= -SKEW_S && rested_s <= i64::try_from(idle_s).unwrap_or(i64::MAX);
    fresh.then_some(secret)
}

fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::create;
    use secrecy::ExposeSecret as _;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    #[test]
    fn a_cookie_counts_only_unchanged_and_not_for_longer_than_the_idle_time() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path()).unwrap();
        let keys = Keys::load(dir.path()).unwrap();
        let secret = secret();
        let cookie = written(&keys, &secret, NOW);
        let cookie = cookie.expose_secret();
        let later = |seconds: i64| Timestamp(NOW.0 + seconds * 1_000_000);
        #[rustfmt::skip]
        let cases = [
            ("at once",                    cookie.to_owned(),                          0,    true),
            ("at the end of the idle time", cookie.to_owned(),                         900,  true),
            ("after it",                   cookie.to_owned(),                          901,  false),
            ("a clock that differs",       cookie.to_owned(),                          -60,  true),
            ("from the future",            cookie.to_owned(),                          -61,  false),
            ("a younger use, forged",      cookie.replace("1790000000", "1790000900"), 901,  false),
            ("another secret",             cookie.replace(&secret, &self::secret()),   0,    false),
            ("no seal",                    format!("{secret}.1790000000."),            0,    false),
            ("only the secret",            secret.clone(),                             0,    false),
            ("nothing",                    String::new(),                              0,    false),
        ];
        for (name, cookie, after_s, want) in cases {
            let read = read(&keys, &cookie, 900, later(after_s));
            assert_eq!(read.is_some(), want, "{name}");
        }
    }
}
