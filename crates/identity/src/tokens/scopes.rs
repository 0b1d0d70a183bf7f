//! Scopes as Oracle's identity service reads them; the lifetime of the token travels among them.

use crate::token::TokenError;

/// The longest `scope` parameter.
const SCOPE_MAX_BYTES: usize = 4 * 1024;
/// The shortest and longest lifetime that can be asked for.
pub(crate) const LIFETIME_MIN_S: u64 = 60;
pub(crate) const LIFETIME_MAX_S: u64 = 31_536_000;

const MY_SCOPES: &str = "urn:opc:idm:__myscopes__";
const OFFLINE: &str = "offline_access";
const OPENID: &str = "openid";
const SELF_SERVICE: &str = "urn:opc:idm:t.user.me";
const SECURITY_CLIENT: &str = "urn:opc:idm:t.security.client";
const EXPIRY: &str = "urn:opc:resource:expiry";

/// The scopes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes {
    /// Without the lifetime, each once, in the order asked for.
    asked: Vec<String>,
    lifetime_s: Option<u64>,
}

impl Scopes {
    /// Reads the `scope` parameter; without one it is everything the caller may have.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, TokenError> {
        let mut scopes = Self::read_bounded(text.unwrap_or_default())?;
        if scopes.asked.is_empty() {
            scopes.asked.push(MY_SCOPES.to_owned());
        }
        Ok(scopes)
    }

    /// Reads back what [`Scopes::text`] wrote.
    pub(crate) fn stored(text: &str) -> Result<Self, TokenError> {
        Self::read(text)
    }

    /// Whether a refresh token is asked for.
    pub(crate) fn offline(&self) -> bool {
        self.asked.iter().any(|scope| scope == OFFLINE)
    }

    /// Whether an ID token is asked for.
    pub(crate) fn openid(&self) -> bool {
        self.asked.iter().any(|scope| scope == OPENID)
    }

    /// The scopes as they were asked for.
    pub(crate) fn names(&self) -> &[String] {
        &self.asked
    }

    /// The lifetime of the access token, within the server's bounds.
    pub(crate) fn lifetime_s(&self, default_s: u64, max_s: u64) -> u64 {
        let wanted =
            self.lifetime_s.map_or(default_s, |asked| asked.clamp(LIFETIME_MIN_S, LIFETIME_MAX_S));
        wanted.min(max_s)
    }

    /// What a refresh gets that asks for `narrower`: never more, nor for longer, than was asked at the log-in.
    pub(crate) fn narrowed(
        &self,
        narrower: Option<&str>,
        default_s: u64,
    ) -> Result<Self, TokenError> {
        let mut narrower = Self::read_bounded(narrower.unwrap_or_default())?;
        if narrower.asked.is_empty() {
            narrower.asked.clone_from(&self.asked);
        }
        if let Some(scope) = narrower.asked.iter().find(|scope| !self.covers(scope)) {
            return Err(invalid(format!(
                "the refresh token does not cover the scope {}",
                printable(scope)
            )));
        }
        let longest_s = self.lifetime_s.unwrap_or(default_s);
        let shorter_s = narrower.lifetime_s.map(|seconds| seconds.min(longest_s));
        narrower.lifetime_s = shorter_s.or(self.lifetime_s);
        Ok(narrower)
    }

    /// The token's `scope` claim: what this service grants of the scopes asked for. Foreign ones are accepted, never granted.
    pub(crate) fn granted(&self, user: bool) -> String {
        let all = self.asked.iter().any(|scope| scope == MY_SCOPES);
        let asked = |name: &str| self.asked.iter().any(|scope| scope == name);
        let granted = [
            (SECURITY_CLIENT, all || asked(SECURITY_CLIENT)),
            (SELF_SERVICE, user && (all || asked(SELF_SERVICE))),
            (OPENID, user && asked(OPENID)),
        ];
        granted
            .into_iter()
            .filter(|(_, granted)| *granted)
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The text from which [`Scopes::stored`] makes the same scopes again.
    pub(crate) fn text(&self) -> String {
        let lifetime = self.lifetime_s.map(|seconds| format!("{EXPIRY}={seconds}"));
        self.asked.iter().cloned().chain(lifetime).collect::<Vec<_>>().join(" ")
    }

    fn read_bounded(text: &str) -> Result<Self, TokenError> {
        if text.len() > SCOPE_MAX_BYTES {
            return Err(invalid(format!("the scope is longer than {SCOPE_MAX_BYTES} bytes")));
        }
        Self::read(text)
    }

    fn read(text: &str) -> Result<Self, TokenError> {
        let mut scopes = Self { asked: Vec::new(), lifetime_s: None };
        for scope in with_blanks(text).split(' ').filter(|scope| !scope.is_empty()) {
            scopes.add(scope)?;
        }
        Ok(scopes)
    }

    fn add(&mut self, scope: &str) -> Result<(), TokenError> {
        if let Some(lifetime) = lifetime(scope)? {
            let repeated =
                self.lifetime_s.replace(lifetime).is_some_and(|earlier| earlier != lifetime);
            return if repeated {
                Err(invalid(format!("{EXPIRY} is given twice")))
            } else {
                Ok(())
            };
        }
        let known = scope == OFFLINE
            || scope == OPENID
            || (scope.len() > "urn:opc:".len() && scope.starts_with("urn:opc:"));
        let lawful = scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !known || !lawful {
            return Err(invalid(format!("the scope {} is not known", printable(scope))));
        }
        if !self.asked.iter().any(|asked| asked == scope) {
            self.asked.push(scope.to_owned());
        }
        Ok(())
    }

    fn covers(&self, scope: &str) -> bool {
        let all = self.asked.iter().any(|asked| asked == MY_SCOPES);
        self.asked.iter().any(|asked| asked == scope) || (all && scope.starts_with("urn:opc:idm:"))
    }
}

/// Some of Oracle's own guides encode the blanks twice: a literal `%20` separates where a scope begins behind it.
/// Elsewhere it stays, because names of roles carry it.
fn with_blanks(text: &str) -> String {
    let mut parts = text.split("%20");
    let mut spaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let begins_scope =
            ["urn:", OFFLINE, OPENID, "http"].iter().any(|start| part.starts_with(start));
        spaced.push_str(if begins_scope { " " } else { "%20" });
        spaced.push_str(part);
    }
    spaced
}

/// The seconds in `urn:opc:resource:expiry=<seconds>`; without a number it is the longest lifetime.
fn lifetime(scope: &str) -> Result<Option<u64>, TokenError> {
    let Some(rest) = scope.strip_prefix(EXPIRY) else { return Ok(None) };
    match rest.strip_prefix('=') {
        None | Some("") if rest.len() < 2 && (rest.is_empty() || rest == "=") => {
            Ok(Some(LIFETIME_MAX_S))
        }
        // More digits than a number holds are still just a long time.
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(Some(digits.parse().unwrap_or(u64::MAX).clamp(LIFETIME_MIN_S, LIFETIME_MAX_S)))
        }
        None | Some(_) => Err(invalid(format!("{EXPIRY} needs a number of seconds"))),
    }
}

fn invalid(reason: String) -> TokenError {
    TokenError::InvalidScope(reason)
}

/// Hostile text as RFC 6749 allows it in `error_description`.
fn printable(text: &str) -> String {
    text.chars()
        .take(60)
        .map(|letter| {
            if matches!(letter, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e') { letter } else { '?' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Scopes {
        Scopes::parse(Some(text)).unwrap()
    }

    #[test]
    fn the_documented_spellings_are_read() {
        #[rustfmt::skip]
        let cases = [
            ("the guide's log-in",          "urn:opc:idm:__myscopes__ offline_access",                         true,  None),
            ("self-service",                "urn:opc:idm:t.user.me",                                           false, None),
            ("blanks encoded twice",        "urn:opc:idm:__myscopes__%20urn:opc:resource:expiry=7200%20offline_access", true, Some(7200)),
            ("a minute at least",           "urn:opc:resource:expiry=1",                                       false, Some(60)),
            ("a year at most",              "urn:opc:resource:expiry=99999999999999999999999",                 false, Some(31_536_000)),
            ("no number is a year",         "urn:opc:resource:expiry",                                         false, Some(31_536_000)),
            ("blanks around and between",   "  openid   offline_access ",                                      true,  None),
        ];
        for (name, text, offline, lifetime_s) in cases {
            let scopes = parsed(text);
            assert_eq!((scopes.offline(), scopes.lifetime_s), (offline, lifetime_s), "{name}");
            assert_eq!(
                Scopes::stored(&scopes.text()).unwrap(),
                scopes,
                "{name}: the text says the same again"
            );
        }
    }

    #[test]
    fn a_blank_inside_the_name_of_a_role_stays_encoded() {
        assert_eq!(
            parsed("urn:opc:idm:role.User%20Administrator").asked,
            ["urn:opc:idm:role.User%20Administrator"]
        );
    }

    #[test]
    fn unknown_malformed_and_huge_scopes_are_refused() {
        let huge = "urn:opc:x ".repeat(500);
        for text in [
            "admin",
            "urn:opc:",
            "urn:opc:\"",
            "urn:opc:é",
            "openid\toffline_access",
            "urn:opc:resource:expiry=-1",
            "urn:opc:resource:expiry=1h",
            "urn:opc:resource:expiry=60 urn:opc:resource:expiry=90",
            huge.as_str(),
        ] {
            let error = Scopes::parse(Some(text)).unwrap_err();
            assert!(matches!(&error, TokenError::InvalidScope(_)), "{text:.40}");
            assert!(error.to_string().bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{error}");
        }
    }

    #[test]
    fn the_lifetime_is_what_was_asked_within_the_servers_cap() {
        assert_eq!(parsed("openid").lifetime_s(3600, 86_400), 3600);
        assert_eq!(parsed("urn:opc:resource:expiry=7200").lifetime_s(3600, 86_400), 7200);
        assert_eq!(parsed("urn:opc:resource:expiry=31536000").lifetime_s(3600, 86_400), 86_400);
        assert_eq!(Scopes::parse(None).unwrap().lifetime_s(3600, 86_400), 3600);
    }

    #[test]
    fn a_refresh_only_narrows() {
        let original = "urn:opc:idm:__myscopes__ offline_access urn:opc:resource:expiry=7200";
        #[rustfmt::skip]
        let cases = [
            ("nothing",         original,                            "",                                                   Some(Some(7200))),
            ("the same",        original,                            original,                                             Some(Some(7200))),
            ("less",            original,                            "urn:opc:idm:__myscopes__",                           Some(Some(7200))),
            ("one of mine",     original,                            "urn:opc:idm:t.user.me",                              Some(Some(7200))),
            ("shorter",         original,                            "urn:opc:resource:expiry=60",                         Some(Some(60))),
            ("longer",          original,                            "offline_access urn:opc:resource:expiry=90000",       Some(Some(7200))),
            ("never longer",    "openid offline_access",             "urn:opc:resource:expiry=90000",                      Some(Some(3600))),
            ("the default",     "openid offline_access",             "openid",                                             Some(None)),
            ("another",         original,                            "openid",                                             None),
            ("all",             "urn:opc:idm:t.user.me",             "urn:opc:idm:__myscopes__",                           None),
            ("unknown",         original,                            "admin",                                              None),
        ];
        for (name, original, narrower, want) in cases {
            let narrowed = parsed(original).narrowed(Some(narrower), 3600);
            assert_eq!(narrowed.ok().map(|scopes| scopes.lifetime_s), want, "{name}");
        }
        let kept = parsed("openid offline_access")
            .narrowed(Some("urn:opc:resource:expiry=60"), 3600)
            .unwrap();
        assert_eq!(
            kept.asked,
            ["openid", "offline_access"],
            "a lifetime alone changes only the lifetime"
        );
    }

    #[test]
    fn foreign_scopes_are_accepted_and_never_granted() {
        assert_eq!(
            parsed("urn:opc:idm:__myscopes__").granted(true),
            "urn:opc:idm:t.security.client urn:opc:idm:t.user.me"
        );
        assert_eq!(
            parsed("urn:opc:idm:__myscopes__").granted(false),
            "urn:opc:idm:t.security.client"
        );
        assert_eq!(
            parsed("urn:opc:idm:role.Identity%20Domain%20Administrator openid").granted(true),
            "openid"
        );
    }
}
