//! Users.

use super::{Attribute, Schema};

const NAME: [Attribute; 4] = [
    Attribute::text("formatted").read_only(),
    Attribute::text("givenName"),
    Attribute::text("middleName"),
    Attribute::text("familyName"),
];
const EMAIL: [Attribute; 5] = [
    Attribute::text("value").required(),
    Attribute::text("type"),
    Attribute::flag("primary"),
    Attribute::flag("secondary").read_only(),
    Attribute::flag("verified").read_only(),
];
const PHONE: [Attribute; 3] = [
    Attribute::text("value").required(),
    Attribute::text("type").read_only(),
    Attribute::flag("primary").read_only(),
];
const GROUPS: [Attribute; 4] = [
    Attribute::text("value").exact(),
    Attribute::text("display"),
    Attribute::text("type"),
    Attribute::text("$ref"),
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName").required().always().unique(),
    Attribute::text("externalId").exact(),
    Attribute::text("displayName"),
    Attribute::text("nickName"),
    Attribute::text("title"),
    Attribute::text("userType"),
    Attribute::text("locale"),
    Attribute::text("preferredLanguage"),
    Attribute::text("timezone"),
    Attribute::text("description"),
    Attribute::flag("active"),
    Attribute::text("password").exact().write_only(),
    Attribute::complex("name", &NAME),
    Attribute::complex("emails", &EMAIL).many(),
    Attribute::complex("phoneNumbers", &PHONE).many(),
    Attribute::complex("groups", &GROUPS).many().read_only().on_request(),
];

const IGNORED: &[&str] = &[
    "ocid",
    "tags",
    "deleteInProgress",
    "idcsLastUpgradedInRelease",
    "domainOcid",
    "compartmentOcid",
    "tenancyOcid",
    "profileUrl",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:userCredentials:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:OCITags",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:me:User",
];

/// `/admin/v1/Users`.
pub(in crate::admin) const USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    endpoint: "Users",
    description: "A person who can log in",
    attributes: ATTRIBUTES,
    extensions: &[],
    ignored: IGNORED,
};

/// `/admin/v1/Me`.
pub(in crate::admin) const ME: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "Me",
    endpoint: "Me",
    description: "The person who asks",
    attributes: ATTRIBUTES,
    extensions: &[],
    ignored: IGNORED,
};
