//! The `Idempotency-Key` header: the same key and the same question get the same answer.

use super::gate::Permitted;
use crate::problem::Problem;
use axum::http::HeaderName;
use axum::http::request::Parts;
use dayend_service::requests::IdempotencyKey;
use sha2::{Digest, Sha256};

/// Where the key is sent.
const KEY: &str = "idempotency-key";
/// `true` in the answer to a repetition.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const KEY_MAX_BYTES: usize = 255;

/// The key of a request, if it has one, with a hash of all that the request asks for.
pub(super) fn key(
    parts: &Parts,
    permitted: &Permitted,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = parts.headers.get_all(KEY).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("Idempotency-Key", "the header is repeated"));
        }
        (Some(value), None) => value.as_bytes(),
    };
    let visible = value.iter().all(u8::is_ascii_graphic);
    let key = std::str::from_utf8(value)
        .ok()
        .filter(|key| visible && (1..=KEY_MAX_BYTES).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Problem::invalid(
            "Idempotency-Key",
            format_args!("must be 1 to {KEY_MAX_BYTES} visible ASCII characters"),
        )
    })?;
    let mut hash = Sha256::new();
    for part in [parts.uri.path().as_bytes(), permitted.scope.to_string().as_bytes(), body] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Ok(Some(IdempotencyKey { key: key.to_owned(), body_hash: hash.finalize().into() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::codes::Scope;
    use dayend_identity::caller::Caller;

    fn key_of(
        uri: &str,
        workspace: &str,
        keys: &[&[u8]],
        body: &str,
    ) -> Result<Option<IdempotencyKey>, String> {
        let (mut parts, ()) = axum::http::Request::post(uri).body(()).unwrap().into_parts();
        for value in keys {
            parts.headers.append(KEY, axum::http::HeaderValue::from_bytes(value).unwrap());
        }
        let scope = Scope {
            tenant: "T".to_owned(),
            service: "S".to_owned(),
            workspace: workspace.to_owned(),
        };
        let caller = Caller {
            tenant: "T".to_owned(),
            client_id: "app".to_owned(),
            strict: false,
            scope: "".into(),
            user: None,
            functions: std::sync::Arc::default(),
        };
        key(&parts, &Permitted { caller, scope }, body.as_bytes())
            .map_err(|problem| problem.body.detail)
    }

    #[test]
    fn a_key_is_short_visible_ascii() {
        assert_eq!(key_of("/x", "W", &[], ""), Ok(None));
        assert_eq!(key_of("/x", "W", &[b"order-17"], "").unwrap().unwrap().key, "order-17");
        assert!(key_of("/x", "W", &[&[b'k'; 255]], "").is_ok());
        for bad in [&b""[..], &[b'k'; 256], b"a b", b"\xc3\xa4"] {
            assert_eq!(
                key_of("/x", "W", &[bad], "").unwrap_err(),
                "`Idempotency-Key`: must be 1 to 255 visible ASCII characters"
            );
        }
        assert_eq!(
            key_of("/x", "W", &[b"a", b"a"], "").unwrap_err(),
            "`Idempotency-Key`: the header is repeated"
        );
    }

    #[test]
    fn whatever_is_asked_for_is_in_the_hash() {
        let hash = |uri, workspace, body| {
            key_of(uri, workspace, &[b"k"], body).unwrap().unwrap().body_hash
        };
        let base = hash("/runs/A/restart", "W", "{}");
        assert_eq!(hash("/runs/A/restart", "W", "{}"), base);
        assert_ne!(hash("/runs/B/restart", "W", "{}"), base);
        assert_ne!(hash("/runs/A/restart", "V", "{}"), base);
        assert_ne!(hash("/runs/A/restart", "W", "{ }"), base);
    }
}
