//! The scopes of a request; the lifetime of the token travels among them.

use super::consumer::covers;
use crate::token::TokenError;
use std::collections::HashSet;

/// The longest `scope` parameter.
const SCOPE_MAX_BYTES: usize = 4 * 1024;
/// The shortest and longest lifetime that can be asked for.
pub(crate) const LIFETIME_MIN_S: u64 = 60;
pub(crate) const LIFETIME_MAX_S: u64 = 31_536_000;

/// Everything of the identity service that the caller may have.
pub(super) const MY_SCOPES: &str = "urn:opc:idm:__myscopes__";
/// Begins the scopes of the identity service itself.
pub(super) const OWN: &str = "urn:opc:idm:";
/// Asks for a refresh token.
pub(super) const OFFLINE: &str = "offline_access";
/// Asks for a token for each of several resource servers.
pub(super) const MANY: &str = "urn:opc:resource:multiresourcescope";
/// Ask for what is known of the user.
pub(super) const ABOUT: [&str; 9] = [
    "openid",
    "profile",
    "email",
    "phone",
    "address",
    "groups",
    "get_groups",
    "approles",
    "get_approles",
];
const EXPIRY: &str = "urn:opc:resource:expiry";

/// The scopes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes {
    /// Without the lifetime, each once, in the order asked for.
    asked: Vec<String>,
    lifetime_s: Option<u64>,
}

impl Scopes {
    /// Reads the `scope` parameter; one that names nothing stands for everything the caller may have of the identity service.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, TokenError> {
        let mut scopes = Self::read_bounded(text.unwrap_or_default())?;
        if scopes.names_nothing() {
            scopes.asked.insert(0, MY_SCOPES.to_owned());
        }
        Ok(scopes)
    }

    /// Reads back what [`Scopes::text`] wrote.
    pub(crate) fn stored(text: &str) -> Result<Self, TokenError> {
        Self::read(text)
    }

    /// The scopes asked for, each once.
    pub(crate) fn names(&self) -> &[String] {
        &self.asked
    }

    /// Whether a scope is asked for.
    pub(crate) fn asks_for(&self, name: &str) -> bool {
        self.asked.iter().any(|scope| scope == name)
    }

    /// Whether everything of the identity service is asked for that can be had.
    pub(crate) fn asks_for_everything(&self) -> bool {
        self.asks_for(MY_SCOPES)
    }

    /// Whether an ID token is asked for.
    pub(crate) fn openid(&self) -> bool {
        self.asks_for("openid")
    }

    /// Whether a refresh token is asked for.
    pub(crate) fn offline(&self) -> bool {
        self.asks_for(OFFLINE)
    }

    /// The lifetime that is asked for, in seconds.
    pub(crate) fn asked_lifetime_s(&self) -> Option<u64> {
        self.lifetime_s
    }

    /// The lifetime of an access token for this server, within its bounds.
    pub(crate) fn lifetime_s(&self, default_s: u64, max_s: u64) -> u64 {
        self.lifetime_s.unwrap_or(default_s).min(max_s)
    }

    /// What a refresh gets that asks for `narrower`: never more, nor for longer, than was asked at the log-in.
    pub(crate) fn narrowed(
        &self,
        narrower: Option<&str>,
        default_s: u64,
    ) -> Result<Self, TokenError> {
        let mut narrower = Self::read_bounded(narrower.unwrap_or_default())?;
        if let Some(scope) = narrower.asked.iter().find(|scope| !self.covers(scope)) {
            return Err(invalid(format!(
                "the refresh token does not cover the scope {}",
                printable(scope)
            )));
        }
        if narrower.names_nothing() {
            narrower.asked.clone_from(&self.asked);
        }
        let longest_s = self.lifetime_s.unwrap_or(default_s);
        let shorter_s = narrower.lifetime_s.map(|seconds| seconds.min(longest_s));
        narrower.lifetime_s = shorter_s.or(self.lifetime_s);
        Ok(narrower)
    }

    /// The text from which [`Scopes::stored`] makes the same scopes again.
    pub(crate) fn text(&self) -> String {
        let lifetime = self.lifetime_s.map(|seconds| format!("{EXPIRY}={seconds}"));
        self.asked.iter().cloned().chain(lifetime).collect::<Vec<_>>().join(" ")
    }

    /// There is nothing but what says how the token shall be.
    fn names_nothing(&self) -> bool {
        self.asked.iter().all(|scope| scope == OFFLINE || scope == MANY)
    }

    fn read_bounded(text: &str) -> Result<Self, TokenError> {
        if text.len() > SCOPE_MAX_BYTES {
            return Err(invalid(format!("the scope is longer than {SCOPE_MAX_BYTES} bytes")));
        }
        Self::read(text)
    }

    fn read(text: &str) -> Result<Self, TokenError> {
        let text = with_blanks(text);
        let (mut asked, mut lifetime_s, mut seen) = (Vec::new(), None, HashSet::new());
        for scope in text.split(' ').filter(|scope| !scope.is_empty() && seen.insert(*scope)) {
            match lifetime(scope)? {
                Some(seconds) if lifetime_s.is_some_and(|earlier| earlier != seconds) => {
                    return Err(invalid(format!("{EXPIRY} is given twice")));
                }
                Some(seconds) => lifetime_s = Some(seconds),
                None => asked.push(lawful(scope)?.to_owned()),
            }
        }
        Ok(Self { asked, lifetime_s })
    }

    fn covers(&self, scope: &str) -> bool {
        let all = scope.starts_with(OWN) && self.asks_for(MY_SCOPES);
        all || self.asked.iter().any(|held| covers(held, scope))
    }
}

/// RFC 6749 section 3.3.
fn lawful(scope: &str) -> Result<&str, TokenError> {
    let lawful = scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    lawful
        .then_some(scope)
        .ok_or_else(|| invalid(format!("the scope {} is not known", printable(scope))))
}

/// Some of Oracle's own guides encode the blanks twice: a literal `%20` separates where a scope begins behind it.
/// Elsewhere it stays, because names of roles carry it.
fn with_blanks(text: &str) -> String {
    let mut parts = text.split("%20");
    let mut spaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let begins_scope =
            ["urn:", OFFLINE, "openid", "http"].iter().any(|start| part.starts_with(start));
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

pub(super) fn invalid(reason: String) -> TokenError {
    TokenError::InvalidScope(reason)
}

/// Hostile text as RFC 6749 allows it in `error_description`.
pub(super) fn printable(text: &str) -> String {
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
            ("only offline",    "urn:opc:idm:t.user.me offline_access", "offline_access",                                  Some(None)),
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
}
