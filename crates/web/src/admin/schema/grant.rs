//! Grants.

use super::role::APP_REFERENCE;
use super::{Attribute, Schema};

/// Where a function is granted.
pub(in crate::admin) const GRANT_EXTENSION: &str = "urn:ietf:params:scim:schemas:dayend:Grant";

/// `/admin/v1/Grants`.
pub(in crate::admin) const GRANT: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:Grant",
    name: "Grant",
    endpoint: "Grants",
    description: "That a user, group or app holds an app role",
    attributes: &[
        Attribute::text("grantMechanism").exact().required().immutable(),
        Attribute::complex(
            "grantee",
            &[
                Attribute::text("value").exact().required(),
                Attribute::text("type").required(),
                Attribute::text("display").read_only(),
                Attribute::text("$ref").read_only(),
            ],
        )
        .required()
        .immutable(),
        Attribute::complex("app", &APP_REFERENCE).immutable(),
        Attribute::complex(
            "entitlement",
            &[
                Attribute::text("attributeName").exact().required(),
                Attribute::text("attributeValue").exact().required(),
            ],
        )
        .required()
        .immutable(),
        Attribute::flag("isFulfilled").read_only(),
        Attribute::text("compositeKey").exact().read_only().on_request(),
    ],
    extensions: &[Attribute::complex(
        GRANT_EXTENSION,
        &[Attribute::text("service").exact(), Attribute::text("workspace").exact()],
    )
    .immutable()],
    ignored: &[
        "ocid",
        "tags",
        "deleteInProgress",
        "idcsLastUpgradedInRelease",
        "domainOcid",
        "compartmentOcid",
        "tenancyOcid",
        "grantor",
    ],
};
