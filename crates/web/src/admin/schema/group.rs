//! Groups.

use super::{Attribute, Schema};

/// The schema with the description of a group.
pub(in crate::admin) const GROUP_EXTENSION: &str =
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group";

/// `/admin/v1/Groups`.
pub(in crate::admin) const GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    endpoint: "Groups",
    description: "Users and apps that are granted something together",
    attributes: &[
        Attribute::text("displayName").required().always().unique(),
        Attribute::text("externalId").exact(),
        Attribute::complex(
            "members",
            &[
                Attribute::text("value").exact().required(),
                Attribute::text("type"),
                Attribute::text("display").read_only(),
                Attribute::text("name").read_only(),
                Attribute::time("dateAdded").read_only(),
                Attribute::text("$ref").read_only(),
            ],
        )
        .many(),
    ],
    extensions: &[Attribute::complex(GROUP_EXTENSION, &[Attribute::text("description")])],
    ignored: &[
        "ocid",
        "tags",
        "deleteInProgress",
        "idcsLastUpgradedInRelease",
        "domainOcid",
        "compartmentOcid",
        "tenancyOcid",
        "nonUniqueDisplayName",
        "urn:ietf:params:scim:schemas:oracle:idcs:extension:requestable:Group",
        "urn:ietf:params:scim:schemas:oracle:idcs:extension:posix:Group",
        "urn:ietf:params:scim:schemas:oracle:idcs:extension:OCITags",
    ],
};
