//! `/api/v1`: files and the links to them, as the CLI and the console see them.

use serde::{Deserialize, Serialize};

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiFile {
    pub name: String,
    /// The number of this upload of the file.
    pub file_id: u64,
    pub size_bytes: u64,
    /// In hex.
    pub sha256: String,
    /// In base64; of a file that came in parts, the sum of their sums, a hyphen, and their number.
    pub md5: String,
    pub etag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    pub created_at: String,
    pub modified_at: String,
    pub by: String,
}

/// A page of files, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiFiles {
    pub files: Vec<ApiFile>,
    /// The next page comes after this name; none: this is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Asks for a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFileLink {
    /// `ObjectRead`, `ObjectWrite`, `ObjectReadWrite`, `AnyObjectRead`, `AnyObjectWrite` or `AnyObjectReadWrite`.
    pub access: String,
    /// The name of the file; for any object, what names begin with.
    #[serde(default)]
    pub name: String,
    /// Names can be listed (`AnyObjectRead` and `AnyObjectReadWrite`).
    #[serde(default)]
    pub listing: bool,
    /// Exactly so many bytes are to be uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// What is to be uploaded, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
    /// It is good for one complete upload.
    #[serde(default)]
    pub once: bool,
}

/// A link. The URL is only in the answer to the request that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiFileLink {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub access: String,
    pub name: String,
    #[serde(default)]
    pub listing: bool,
    /// Its upload is complete.
    #[serde(default)]
    pub spent: bool,
    pub created_at: String,
    pub expires_at: String,
    pub by: String,
}

/// A page of links, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiFileLinks {
    pub links: Vec<ApiFileLink>,
    /// The next page comes after this id; none: this is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
