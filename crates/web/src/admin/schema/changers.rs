//! Resources that only change something.

use super::{Attribute, Schema};

/// What clients send beside the change itself.
const BESIDE: &[&str] = &[
    "id",
    "ocid",
    "meta",
    "tags",
    "externalId",
    "bypassNotification",
    "notificationEmailTemplateId",
    "userFlowControlledByExternalClient",
    "deleteInProgress",
    "domainOcid",
    "compartmentOcid",
    "tenancyOcid",
    "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User",
];

const fn changer(
    urn: &'static str,
    name: &'static str,
    endpoint: &'static str,
    attributes: &'static [Attribute],
) -> Schema {
    let description = "Changes one thing";
    Schema { urn, name, endpoint, description, attributes, extensions: &[], ignored: BESIDE }
}

const STATUS: &[Attribute] = &[Attribute::flag("active").required()];

/// `/admin/v1/AppStatusChanger`.
pub(in crate::admin) const APP_STATUS: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger",
    "AppStatusChanger",
    "AppStatusChanger",
    STATUS,
);
/// `/admin/v1/UserStatusChanger`.
pub(in crate::admin) const USER_STATUS: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger",
    "UserStatusChanger",
    "UserStatusChanger",
    STATUS,
);
/// `/admin/v1/AppClientSecretRegenerator`.
pub(in crate::admin) const APP_SECRET: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator",
    "AppClientSecretRegenerator",
    "AppClientSecretRegenerator",
    &[Attribute::text("appId").exact().required(), Attribute::text("clientSecret").read_only()],
);
/// `/admin/v1/UserPasswordChanger`.
pub(in crate::admin) const PASSWORD_CHANGE: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger",
    "UserPasswordChanger",
    "UserPasswordChanger",
    &[Attribute::text("password").exact().write_only().required()],
);
/// `/admin/v1/UserPasswordResetter`.
pub(in crate::admin) const PASSWORD_RESET: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter",
    "UserPasswordResetter",
    "UserPasswordResetter",
    &[
        Attribute::flag("bypassNotification").write_only(),
        Attribute::text("oneTimePassword").exact().read_only(),
    ],
);
/// `/admin/v1/MePasswordChanger`.
pub(in crate::admin) const MY_PASSWORD: Schema = changer(
    "urn:ietf:params:scim:schemas:oracle:idcs:MePasswordChanger",
    "MePasswordChanger",
    "MePasswordChanger",
    &[
        Attribute::text("oldPassword").exact().write_only().required(),
        Attribute::text("password").exact().write_only().required(),
    ],
);
