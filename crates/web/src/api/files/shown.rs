//! Files and links as they are told.

use dayend_service::files::{FileShown, LinkShown};
use dayend_wire::files::{ApiFile, ApiFileLink};

/// A file.
pub(super) fn file(file: FileShown) -> ApiFile {
    ApiFile {
        name: file.name,
        file_id: file.number,
        size_bytes: file.size_bytes,
        sha256: file.sha256,
        md5: file.md5,
        etag: file.etag,
        content_type: file.described.content_type,
        created_at: file.created_at.to_string(),
        modified_at: file.modified_at.to_string(),
        by: file.by,
    }
}

/// A link, without its secret.
pub(super) fn link(link: LinkShown) -> ApiFileLink {
    ApiFileLink {
        id: link.id,
        url: None,
        access: link.access.as_str().to_owned(),
        name: link.object,
        listing: link.listing,
        spent: link.spent,
        created_at: link.created_at.to_string(),
        expires_at: link.expires_at.to_string(),
        by: link.by,
    }
}
