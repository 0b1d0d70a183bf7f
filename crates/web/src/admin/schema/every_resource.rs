//! What every resource has.

use super::Attribute;

/// Who did something.
pub(super) const AUTHOR: [Attribute; 4] = [
    Attribute::text("value").exact().read_only(),
    Attribute::text("display").read_only(),
    Attribute::text("type").read_only(),
    Attribute::text("$ref").read_only(),
];

/// The attributes of every resource.
pub(in crate::admin) const COMMON: [Attribute; 6] = [
    Attribute::text("id").exact().read_only().always().unique(),
    Attribute::text("schemas").many().always(),
    Attribute::complex(
        "meta",
        &[
            Attribute::text("resourceType").read_only(),
            Attribute::time("created").read_only(),
            Attribute::time("lastModified").read_only(),
            Attribute::text("location").exact().read_only(),
            Attribute::text("version").exact().read_only(),
        ],
    )
    .read_only(),
    Attribute::complex("idcsCreatedBy", &AUTHOR).read_only(),
    Attribute::complex("idcsLastModifiedBy", &AUTHOR).read_only(),
    Attribute::text("idcsPreventedOperations").many().read_only().on_request(),
];
