//! The path of a link: `/p/<secret>/n/<namespace>/b/<bucket>/o/<object>`, and `…/u/<object>/id/<upload>/<part>`.

use crate::secret::LinkSecret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// As [`SEGMENT`], for names with slashes in them.
const OBJECT: &AsciiSet = &SEGMENT.remove(b'/');

/// Where a link leads.
#[derive(Debug)]
pub struct Address {
    pub secret: LinkSecret,
    pub namespace: String,
    pub bucket: String,
    pub target: Target,
}

/// What is at an address. Names are as they were sent: nobody has looked whether they are harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `/o/`: all objects that the link is good for.
    Objects,
    /// `/o/<object>`
    Object(String),
    /// `/u/<object>/id/<upload>/`
    Upload { object: String, upload: String },
    /// `/u/<object>/id/<upload>/<part>`
    Part { object: String, upload: String, part: u32 },
}

/// Why a path is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It cannot lead anywhere.
    #[error("the path is not the one of a link")]
    Path,
    /// The secret cannot be one.
    #[error("the secret in the path is not one of a link")]
    Secret,
    #[error("the path is not percent-encoded UTF-8")]
    Encoding,
    #[error("the number of a part is from 1 to 10000")]
    Part,
}

/// The largest number of a part.
pub const PART_MAX: u32 = 10_000;

impl Address {
    /// Reads a path as it was sent, not decoded yet.
    pub fn parse(path: &str) -> Result<Self, BadAddress> {
        let rest = path.strip_prefix("/p/").ok_or(BadAddress::Path)?;
        let (secret, rest) = rest.split_once("/n/").ok_or(BadAddress::Path)?;
        let (namespace, rest) = rest.split_once("/b/").ok_or(BadAddress::Path)?;
        let (bucket, rest) = rest.split_once('/').ok_or(BadAddress::Path)?;
        Ok(Self {
            secret: LinkSecret::parse(secret).ok_or(BadAddress::Secret)?,
            namespace: decoded(namespace)?,
            bucket: decoded(bucket)?,
            target: target(rest)?,
        })
    }

    /// The path below which objects of a link are found; ends with a slash.
    pub fn base(secret: &LinkSecret, namespace: &str, bucket: &str) -> String {
        let (namespace, bucket) = (encoded(namespace, SEGMENT), encoded(bucket, SEGMENT));
        format!("/p/{}/n/{namespace}/b/{bucket}/", secret.expose())
    }

    /// The path of an object below a base.
    pub fn of_object(base: &str, object: &str) -> String {
        format!("{base}o/{}", encoded(object, OBJECT))
    }

    /// The path of a multipart upload below a base; a part's number goes behind it.
    pub fn of_upload(base: &str, object: &str, upload: &str) -> String {
        format!("{base}u/{}/id/{}/", encoded(object, OBJECT), encoded(upload, SEGMENT))
    }
}

fn encoded(text: &str, set: &'static AsciiSet) -> String {
    utf8_percent_encode(text, set).to_string()
}

fn decoded(text: &str) -> Result<String, BadAddress> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| BadAddress::Encoding)?;
    Ok(text.into_owned())
}

fn target(rest: &str) -> Result<Target, BadAddress> {
    if let Some(object) = rest.strip_prefix("o/") {
        return Ok(if object.is_empty() {
            Target::Objects
        } else {
            Target::Object(decoded(object)?)
        });
    }
    if rest == "o" {
        return Ok(Target::Objects);
    }
    let rest = rest.strip_prefix("u/").ok_or(BadAddress::Path)?;
    // An object may have `/id/` in its name; an upload's id has no slash.
    let (object, upload) = rest.rsplit_once("/id/").ok_or(BadAddress::Path)?;
    let object = decoded(object)?;
    let (upload, part) = upload.split_once('/').unwrap_or((upload, ""));
    let upload = decoded(upload)?;
    if part.is_empty() {
        return Ok(Target::Upload { object, upload });
    }
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    let number = part.parse().ok().filter(|part| is_number && (1..=PART_MAX).contains(part));
    Ok(Target::Part { object, upload, part: number.ok_or(BadAddress::Part)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(rest: &str) -> Result<(String, String, Target), BadAddress> {
        let path = format!("/p/{}/n/{rest}", "s".repeat(64));
        Address::parse(&path).map(|address| (address.namespace, address.bucket, address.target))
    }

    #[test]
    fn a_path_leads_to_objects_uploads_and_parts() {
        let text = str::to_owned;
        let at = |target| Ok((text("acme"), text("OFS/WS001"), target));
        let upload = |object: &str| Target::Upload { object: text(object), upload: text("u1") };
        #[rustfmt::skip]
        let cases = [
            ("acme/b/OFS%2FWS001/o/", at(Target::Objects)),
            ("acme/b/OFS%2FWS001/o", at(Target::Objects)),
            ("acme/b/OFS%2FWS001/o/rates.csv", at(Target::Object(text("rates.csv")))),
            ("acme/b/OFS%2FWS001/o/in/a%20b%C3%A9.csv", at(Target::Object(text("in/a bé.csv")))),
            ("acme/b/OFS%2FWS001/o/in%2Frates.csv", at(Target::Object(text("in/rates.csv")))),
            ("acme/b/OFS%2FWS001/o/..%2F..%2Fetc", at(Target::Object(text("../../etc")))),
            ("acme/b/OFS%2FWS001/o/%252e", at(Target::Object(text("%2e")))),
            ("acme/b/OFS%2FWS001/u/x/id/u1/", at(upload("x"))),
            ("acme/b/OFS%2FWS001/u/x/id/u1", at(upload("x"))),
            ("acme/b/OFS%2FWS001/u/a/id/b/id/u1/", at(upload("a/id/b"))),
            ("acme/b/OFS%2FWS001/u/x/id/u1/7", at(Target::Part { object: text("x"), upload: text("u1"), part: 7 })),
            ("acme/b/OFS%2FWS001/u/x/id/u1/0", Err(BadAddress::Part)),
            ("acme/b/OFS%2FWS001/u/x/id/u1/10001", Err(BadAddress::Part)),
            ("acme/b/OFS%2FWS001/u/x/id/u1/+7", Err(BadAddress::Part)),
            ("acme/b/OFS%2FWS001/u/x/id/u1/7/", Err(BadAddress::Part)),
            ("acme/b/OFS%2FWS001/o/%c0%ae%c0%ae", Err(BadAddress::Encoding)),
            ("acme/b/OFS%2FWS001/o/%ff", Err(BadAddress::Encoding)),
            ("acme/b/OFS%2FWS001/x/y", Err(BadAddress::Path)),
            ("acme/b/OFS%2FWS001", Err(BadAddress::Path)),
            ("acme", Err(BadAddress::Path)),
        ];
        for (rest, want) in cases {
            assert_eq!(parsed(rest), want, "{rest}");
        }
        assert_eq!(Address::parse("/p/short/n/a/b/c/o/d").unwrap_err(), BadAddress::Secret);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let secret = LinkSecret::generate();
        let base = Address::base(&secret, "Zürich & Co", "OFS/WS 1");
        for name in ["a", "in/a b.csv", "100%.csv", "日報?#", "a/id/b"] {
            let address = Address::parse(&Address::of_object(&base, name)).unwrap();
            assert_eq!(
                (address.namespace.as_str(), address.bucket.as_str()),
                ("Zürich & Co", "OFS/WS 1")
            );
            assert_eq!(address.secret.expose(), secret.expose());
            assert_eq!(address.target, Target::Object(name.to_owned()));
            let address = Address::parse(&(Address::of_upload(&base, name, "u-1") + "3")).unwrap();
            assert_eq!(
                address.target,
                Target::Part { object: name.to_owned(), upload: "u-1".to_owned(), part: 3 }
            );
        }
    }
}
