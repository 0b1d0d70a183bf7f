//! What is kept of files, links and uploads, as documents.

use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_files::{Access, FileName, Md5Sum, Sha256Sum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a kind of document says.
pub(super) trait Record: Serialize + DeserializeOwned + Send {
    /// The kind.
    const KIND: &'static str;
}

/// A part of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extent {
    pub(super) blob: String,
    pub(super) size: u64,
}

/// What the sender says of a file, given back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// By name, without `opc-meta-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

/// A file that is there. Its id is [`file_id`], its parent [`folder`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRecord {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) size: u64,
    /// In base64; of a file that came in parts, the sum of their sums and how many there were.
    pub(super) md5: String,
    /// In hex, always of the whole.
    pub(super) sha256: String,
    pub(super) etag: String,
    pub(super) described: Described,
    pub(super) extents: Vec<Extent>,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
    pub(super) by: String,
    /// The multipart upload that it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) upload: Option<String>,
}

/// A number that was given out for a file, which may not be there yet. Its id is the number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NumberRecord {
    pub(super) service: String,
    pub(super) workspace: String,
    pub(super) name: String,
}

/// A link. Its id is the keyed hash of its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LinkRecord {
    pub(super) service: String,
    pub(super) workspace: String,
    pub(super) access: String,
    /// The name, or what names begin with.
    pub(super) object: String,
    /// Names can be listed.
    #[serde(default)]
    pub(super) listing: bool,
    /// What must be uploaded, as far as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u64>,
    /// It is good for one complete upload.
    #[serde(default)]
    pub(super) once: bool,
    #[serde(default)]
    pub(super) spent: bool,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    /// Who made it, for people.
    pub(super) by: String,
    /// What the token of another issuer allowed its maker, of whom nothing else is known here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) functions: Vec<String>,
}

/// How far a multipart upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    /// Parts come in.
    Open,
    /// It is being put together, no more parts are taken.
    Closing,
    /// The file is there; what is left of the parts' documents goes.
    Committed,
    /// It was given up; its parts go.
    Aborted,
}

/// A multipart upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) service: String,
    pub(super) workspace: String,
    pub(super) name: String,
    /// The hash of the link that it came by.
    pub(super) link: String,
    pub(super) described: Described,
    /// The file must not be there yet.
    #[serde(default)]
    pub(super) fresh: bool,
    pub(super) stage: Stage,
    pub(super) created_at: i64,
    pub(super) by: String,
    /// The document that sees to its end.
    pub(super) due: String,
}

/// A part of a multipart upload. Its parent is the upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) part: u32,
    pub(super) size: u64,
    /// In base64.
    pub(super) md5: String,
    /// In hex.
    pub(super) sha256: String,
    pub(super) etag: String,
    pub(super) blob: String,
}

/// What has to be looked at when its time comes. Belongs to no tenant; its id begins with that time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DueRecord {
    pub(super) tenant: String,
    #[serde(flatten)]
    pub(super) what: Due,
}

/// What has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "what", content = "id")]
pub(super) enum Due {
    /// Bytes on their way in.
    Arriving(String),
    /// Bytes that nobody needs any more.
    Garbage(String),
    /// A multipart upload.
    Upload(String),
}

/// A tenant that has had files, for those who look at all of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TenantRecord {}

macro_rules! records {
    ($($record:ident: $kind:literal;)+) => {$(
        impl Record for $record {
            const KIND: &'static str = $kind;
        }
    )+};
}
records! {
    FileRecord: "file";
    NumberRecord: "file-number";
    LinkRecord: "file-link";
    UploadRecord: "file-upload";
    PartRecord: "file-part";
    DueRecord: "file-due";
    TenantRecord: "file-tenant";
}

/// What the files of a scope belong to, and the bucket that links name.
pub(super) fn folder(scope: &Scope) -> String {
    format!("{}/{}", escaped(&scope.service), escaped(&scope.workspace))
}

/// What a file's document is called: sorted as names are.
pub(super) fn file_id(scope: &Scope, name: &FileName) -> String {
    format!("{}/{name}", folder(scope))
}

/// No two scopes may have the same folder.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

impl FileRecord {
    pub(super) fn modified_at(&self) -> Timestamp {
        Timestamp(self.modified_at)
    }
}

impl LinkRecord {
    pub(super) fn access(&self) -> Option<Access> {
        Access::from_name(&self.access)
    }

    pub(super) fn sha256(&self) -> Option<Sha256Sum> {
        self.sha256.as_deref().and_then(Sha256Sum::from_hex)
    }

    pub(super) fn scope(&self, tenant: &str) -> Scope {
        Scope {
            tenant: tenant.to_owned(),
            service: self.service.clone(),
            workspace: self.workspace.clone(),
        }
    }
}

impl UploadRecord {
    pub(super) fn scope(&self, tenant: &str) -> Scope {
        Scope {
            tenant: tenant.to_owned(),
            service: self.service.clone(),
            workspace: self.workspace.clone(),
        }
    }
}

impl PartRecord {
    /// The id of its document; sorted as parts are.
    pub(super) fn id(upload: &str, part: u32) -> String {
        format!("{upload}/{part:05}")
    }

    pub(super) fn md5(&self) -> Option<Md5Sum> {
        Md5Sum::from_base64(&self.md5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_scopes_share_a_folder() {
        let folder = |service: &str, workspace: &str| {
            let (tenant, service) = ("T".to_owned(), service.to_owned());
            folder(&Scope { tenant, service, workspace: workspace.to_owned() })
        };
        assert_eq!(folder("OFS", "WS001"), "OFS/WS001");
        assert_ne!(folder("a/b", "c"), folder("a", "b/c"));
        assert_ne!(folder("a%2Fb", "c"), folder("a/b", "c"));
    }

    #[test]
    fn what_is_due_says_what_it_is() {
        let due = DueRecord { tenant: "T".to_owned(), what: Due::Garbage("0199".to_owned()) };
        let text = serde_json::to_string(&due).unwrap();
        assert_eq!(text, r#"{"tenant":"T","what":"garbage","id":"0199"}"#);
        assert_eq!(serde_json::from_str::<DueRecord>(&text).unwrap().what, due.what);
    }
}
