//! What the headers of a request say about a file and its bytes.

use super::fault::OciFault;
use axum::http::{HeaderMap, header};
use dayend_files::{Md5Sum, Sha256Sum};
use dayend_service::files::{Condition, Described};
use std::collections::BTreeMap;

const META: &str = "opc-meta-";
const SHA256: &str = "opc-content-sha256";
/// The same, as the command line of AWS spells it.
const AMZ_SHA256: &str = "x-amz-content-sha256";
/// All names and values of `opc-meta-*`, together.
const META_MAX_BYTES: usize = 4000;
const VALUE_MAX_BYTES: usize = 255;

/// The sums that must come out, and the size that is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) md5: Option<Md5Sum>,
    pub(crate) sha256: Option<Sha256Sum>,
    pub(crate) bytes: Option<u64>,
}

/// What the sender says of the file.
pub(crate) fn described(headers: &HeaderMap) -> Result<Described, OciFault> {
    let mut meta = BTreeMap::new();
    let mut size = 0;
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix(META) else { continue };
        let value =
            value.to_str().map_err(|_| OciFault::invalid("The metadata are not in ASCII."))?;
        size += name.len() + value.len();
        meta.insert(name.to_owned(), value.to_owned());
    }
    if size > META_MAX_BYTES {
        return Err(OciFault::invalid(format!(
            "The metadata are larger than {META_MAX_BYTES} bytes."
        )));
    }
    Ok(Described {
        content_type: text(headers, header::CONTENT_TYPE.as_str())?,
        content_language: text(headers, header::CONTENT_LANGUAGE.as_str())?,
        content_encoding: text(headers, header::CONTENT_ENCODING.as_str())?,
        meta,
    })
}

/// What is said of the bytes before they come.
pub(crate) fn announced(headers: &HeaderMap, bytes: Option<u64>) -> Result<Announced, OciFault> {
    let wrong = |what: &str| OciFault::invalid(format!("The {what} sum is not one."));
    let md5 = text(headers, "content-md5")?;
    let md5 = md5.map(|text| Md5Sum::from_base64(&text).ok_or_else(|| wrong("MD5"))).transpose()?;
    let sha256 = match text(headers, SHA256)? {
        Some(sum) => Some(sum),
        // AWS's clients say `UNSIGNED-PAYLOAD` here.
        None => text(headers, AMZ_SHA256)?.filter(|sum| sum.len() == 64),
    };
    let sha256 = sha256.map(|text| sha256_of(&text).ok_or_else(|| wrong("SHA-256"))).transpose()?;
    Ok(Announced { md5, sha256, bytes })
}

/// `If-Match` and `If-None-Match` of a request that writes.
pub(crate) fn conditions(headers: &HeaderMap) -> Result<Condition, OciFault> {
    match (
        tags(headers, header::IF_MATCH.as_str())?,
        tags(headers, header::IF_NONE_MATCH.as_str())?,
    ) {
        (None, None) => Ok(Condition::Nothing),
        (None, Some(tags)) if tags == ["*"] => Ok(Condition::Absent),
        (None, Some(_)) => {
            Err(OciFault::invalid("`If-None-Match` of a request that writes must be `*`."))
        }
        (Some(tags), None) if tags == ["*"] => Ok(Condition::Match(Vec::new())),
        (Some(tags), None) => Ok(Condition::Match(tags)),
        (Some(_), Some(_)) => {
            Err(OciFault::invalid("`If-Match` and `If-None-Match` exclude each other."))
        }
    }
}

/// The entity tags in a header; OCI writes them without quotes, everybody else with.
pub(super) fn tags(headers: &HeaderMap, name: &str) -> Result<Option<Vec<String>>, OciFault> {
    let values = headers.get_all(name);
    let mut tags = Vec::new();
    for value in values {
        let value =
            value.to_str().map_err(|_| OciFault::invalid(format!("`{name}` is not in ASCII.")))?;
        tags.extend(
            value
                .split(',')
                .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned()),
        );
    }
    Ok(Some(tags).filter(|tags| !tags.is_empty()))
}

/// A header that is there once, and not too long.
fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, OciFault> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), other) = (values.next(), values.next()) else { return Ok(None) };
    let value = value
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|value| other.is_none() && value.len() <= VALUE_MAX_BYTES);
    match value {
        Some("") => Ok(None),
        Some(value) => Ok(Some(value.to_owned())),
        None => Err(OciFault::invalid(format!("`{name}` is repeated, too long or not in ASCII."))),
    }
}

/// In base64 as OCI writes it, or in hex as everybody else does.
fn sha256_of(text: &str) -> Option<Sha256Sum> {
    Sha256Sum::from_hex(text).or_else(|| Sha256Sum::from_base64(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn what_is_said_of_a_file_is_kept() {
        let headers = map(&[
            ("content-type", "text/csv"),
            ("opc-meta-source", "ecb"),
            ("opc-meta-day", "1"),
            ("host", "x"),
        ]);
        let described = described(&headers).unwrap();
        assert_eq!(described.content_type.as_deref(), Some("text/csv"));
        assert_eq!(
            described.meta.into_iter().collect::<Vec<_>>(),
            [("day".to_owned(), "1".to_owned()), ("source".to_owned(), "ecb".to_owned())]
        );
        let large = map(&[("opc-meta-a", &"x".repeat(4001))]);
        assert_eq!(super::described(&large).unwrap_err().status, 400);
    }

    #[test]
    fn sums_are_read_in_both_spellings_and_wrong_ones_refused() {
        let sums = |pairs: &[(&str, &str)]| announced(&map(pairs), Some(3));
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let want = Sha256Sum::from_hex(hex);
        assert_eq!(sums(&[]).unwrap(), Announced { bytes: Some(3), ..Announced::default() });
        assert_eq!(sums(&[("opc-content-sha256", hex)]).unwrap().sha256, want);
        assert_eq!(
            sums(&[("opc-content-sha256", &want.unwrap().to_base64())]).unwrap().sha256,
            want
        );
        assert_eq!(sums(&[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]).unwrap().sha256, None);
        assert!(sums(&[("content-md5", "kAFQmDzST7DWlj99KOF/cg==")]).unwrap().md5.is_some());
        for wrong in [("content-md5", "x"), ("opc-content-sha256", "x"), ("content-md5", hex)] {
            assert_eq!(sums(&[wrong]).unwrap_err().status, 400, "{wrong:?}");
        }
        assert_eq!(
            sums(&[
                ("content-md5", "kAFQmDzST7DWlj99KOF/cg=="),
                ("content-md5", "kAFQmDzST7DWlj99KOF/cg==")
            ])
            .unwrap_err()
            .status,
            400
        );
    }

    #[test]
    fn conditions_are_read_with_and_without_quotes() {
        let read = |pairs: &[(&str, &str)]| conditions(&map(pairs));
        assert_eq!(read(&[]), Ok(Condition::Nothing));
        assert_eq!(read(&[("if-none-match", "*")]), Ok(Condition::Absent));
        assert_eq!(read(&[("if-match", "*")]), Ok(Condition::Match(vec![])));
        let both = Ok(Condition::Match(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read(&[("if-match", "\"a\", b")]), both);
        assert!(read(&[("if-none-match", "a")]).is_err());
        assert!(read(&[("if-none-match", "*"), ("if-match", "a")]).is_err());
    }
}
