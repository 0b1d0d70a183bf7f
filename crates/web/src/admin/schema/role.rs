//! App roles.

use super::{Attribute, Schema};

/// The app that defines a role.
pub(super) const APP_REFERENCE: [Attribute; 4] = [
    Attribute::text("value").exact(),
    Attribute::text("display").read_only(),
    Attribute::text("name").read_only(),
    Attribute::text("$ref").read_only(),
];

/// `/admin/v1/AppRoles`.
pub(in crate::admin) const ROLE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:AppRole",
    name: "AppRole",
    endpoint: "AppRoles",
    description: "What can be granted: an administrative role, or a function of the scheduler",
    attributes: &[
        Attribute::text("displayName").read_only().always(),
        Attribute::text("uniqueName").read_only().always().unique(),
        Attribute::text("description").read_only(),
        Attribute::flag("adminRole").read_only(),
        Attribute::flag("availableToUsers").read_only(),
        Attribute::flag("availableToGroups").read_only(),
        Attribute::flag("availableToClients").read_only(),
        Attribute::flag("public").read_only(),
        Attribute::complex("app", &APP_REFERENCE).read_only(),
    ],
    extensions: &[],
    ignored: &[],
};
