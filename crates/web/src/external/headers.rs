//! The headers of a call.

use super::call::Entrance;
use super::fault::Fault;
use crate::locale::{Language, Sentence};
use axum::http::HeaderMap;
use dayend_engine::codes::SCOPE_ID_MAX_CHARS;

const TENANT: &str = "ofs_tenant_id";
/// The one that can be missing because the caller's tenant has several services.
pub(super) const SERVICE: &str = "ofs_service_id";
const WORKSPACE: &str = "ofs_workspace_id";
const REMOTE_USER: &str = "ofs_remote_user";
const LOCALE: &str = "locale";
const STRICT: &str = "x-dayend-strict";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest key of a repeatable request.
const KEY_MAX_BYTES: usize = 255;

/// Which scope a call is for, on whose behalf, and whether it may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addressed {
    pub(super) tenant: Option<String>,
    pub(super) service: Option<String>,
    pub(super) workspace: String,
    pub(super) remote_user: String,
    pub(super) key: Option<String>,
}

/// The language that the caller asked for.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let locale = headers.get(LOCALE).and_then(|value| value.to_str().ok());
    locale.map_or(Language::English, Language::of_locale)
}

/// Whether logical errors should have a 4xx status.
pub(super) fn wants_strict(headers: &HeaderMap) -> bool {
    headers
        .get(STRICT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

/// The headers that say what a call is about; all that is wrong with them is `-5`.
pub(super) fn addressed(headers: &HeaderMap, entrance: Entrance) -> Result<Addressed, Fault> {
    let (tenant, service) = match entrance {
        Entrance::SchedulerService => {
            (Some(required(headers, TENANT)?), Some(required(headers, SERVICE)?))
        }
        Entrance::Plain => (optional(headers, TENANT)?, optional(headers, SERVICE)?),
    };
    Ok(Addressed {
        tenant,
        service,
        workspace: required(headers, WORKSPACE)?,
        remote_user: required(headers, REMOTE_USER)?,
        key: key(headers)?,
    })
}

fn required(headers: &HeaderMap, header: &'static str) -> Result<String, Fault> {
    optional(headers, header)?.ok_or_else(|| Fault::headers(Sentence::HeaderMissing { header }))
}

/// A header with nothing in it counts as missing.
fn optional(headers: &HeaderMap, header: &'static str) -> Result<Option<String>, Fault> {
    let invalid = || Fault::headers(Sentence::HeaderInvalid { header });
    let mut values = headers.get_all(header).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(_), Some(_)) => return Err(invalid()),
        (Some(value), None) => std::str::from_utf8(value.as_bytes()).map_err(|_| invalid())?.trim(),
    };
    if value.chars().any(char::is_control) || value.chars().count() > SCOPE_ID_MAX_CHARS {
        return Err(invalid());
    }
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

/// An empty key is refused: whoever sends one wants to be protected, and would not be.
fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str().ok().filter(|key| is_key(key)) {
            Some(key) => Ok(Some(key.to_owned())),
            None => Err(Fault::headers(Sentence::KeyHeaderInvalid)),
        },
        (Some(_), Some(_)) => Err(Fault::headers(Sentence::KeyHeaderInvalid)),
    }
}

/// Whether `key` can name a repeatable request: 1 to 255 visible ASCII characters.
pub(super) fn is_key(key: &str) -> bool {
    (1..=KEY_MAX_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const FOUR: [(&str, &str); 4] =
        [(TENANT, "T1"), (SERVICE, "S1"), (WORKSPACE, "WS001"), (REMOTE_USER, "anna")];

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn sentence(pairs: &[(&str, &str)], entrance: Entrance) -> Sentence {
        addressed(&map(pairs), entrance).expect_err("the headers are bad").sentence
    }

    #[test]
    fn the_prefix_decides_which_headers_are_required() {
        for missing in 0..FOUR.len() {
            let mut pairs = FOUR.to_vec();
            let (header, _) = pairs.remove(missing);
            assert_eq!(
                sentence(&pairs, Entrance::SchedulerService),
                Sentence::HeaderMissing { header }
            );
            let plain = addressed(&map(&pairs), Entrance::Plain);
            assert_eq!(plain.is_ok(), [TENANT, SERVICE].contains(&header), "{header}");
        }
        let all = addressed(&map(&FOUR), Entrance::SchedulerService).unwrap();
        assert_eq!(all, addressed(&map(&FOUR), Entrance::Plain).unwrap());
        assert_eq!((all.tenant.as_deref(), all.remote_user.as_str()), (Some("T1"), "anna"));
    }

    #[test]
    fn a_header_is_sent_once_and_holds_printable_text_of_bounded_length() {
        let with = |value: &str| {
            let mut headers = map(FOUR.get(..3).unwrap());
            headers.insert(REMOTE_USER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            addressed(&headers, Entrance::SchedulerService)
                .map(|addressed| addressed.remote_user)
                .map_err(|fault| fault.sentence)
        };
        let invalid = || Err(Sentence::HeaderInvalid { header: REMOTE_USER });
        assert_eq!(with(" jörg "), Ok("jörg".to_owned()));
        assert_eq!(with("  "), Err(Sentence::HeaderMissing { header: REMOTE_USER }));
        assert_eq!(with(&"é".repeat(128)), Ok("é".repeat(128)));
        assert_eq!(with(&"é".repeat(129)), invalid());
        assert_eq!(with("a\tb"), invalid());
        assert_eq!(with("a\u{85}b"), invalid());
        let twice: Vec<_> = FOUR.into_iter().chain([(TENANT, "T1")]).collect();
        assert_eq!(sentence(&twice, Entrance::Plain), Sentence::HeaderInvalid { header: TENANT });
        let mut latin1 = map(&FOUR);
        latin1.insert(WORKSPACE, HeaderValue::from_bytes(b"\xe9").unwrap());
        let fault = addressed(&latin1, Entrance::Plain).unwrap_err();
        assert_eq!(fault.sentence, Sentence::HeaderInvalid { header: WORKSPACE });
    }

    #[test]
    fn a_key_is_visible_ascii_and_never_empty() {
        let with = |keys: &[&str]| {
            let pairs: Vec<_> =
                FOUR.into_iter().chain(keys.iter().map(|key| (IDEMPOTENCY_KEY, *key))).collect();
            addressed(&map(&pairs), Entrance::Plain)
                .map(|addressed| addressed.key)
                .map_err(|fault| fault.sentence)
        };
        let longest = "k".repeat(255);
        assert_eq!(with(&[]), Ok(None));
        assert_eq!(with(&["order-7/1"]), Ok(Some("order-7/1".to_owned())));
        assert_eq!(with(&[&longest]), Ok(Some(longest.clone())));
        for bad in [&[""][..], &["a b"], &["é"], &["a\tb"], &[&format!("{longest}k")], &["a", "a"]]
        {
            assert_eq!(with(bad), Err(Sentence::KeyHeaderInvalid), "{bad:?}");
        }
    }

    #[test]
    fn only_the_word_true_asks_for_strict_answers() {
        for (value, want) in
            [("true", true), (" TRUE ", true), ("false", false), ("1", false), ("", false)]
        {
            assert_eq!(wants_strict(&map(&[(STRICT, value)])), want, "{value}");
        }
        assert!(!wants_strict(&HeaderMap::new()));
    }

    #[test]
    fn a_locale_that_is_no_text_is_english() {
        assert_eq!(language(&map(&[(LOCALE, "de-DE")])), Language::German);
        assert_eq!(language(&map(&[(LOCALE, "français")])), Language::English);
        assert_eq!(language(&HeaderMap::new()), Language::English);
    }
}
