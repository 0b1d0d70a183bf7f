//! Apps.

use super::{Attribute, Schema};

/// What only this server knows of apps.
pub(in crate::admin) const APP_EXTENSION: &str = "urn:ietf:params:scim:schemas:dayend:App";

/// `/admin/v1/Apps`.
pub(in crate::admin) const APP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:oracle:idcs:App",
    name: "App",
    endpoint: "Apps",
    description: "A program that asks for tokens, or that is protected by them",
    attributes: &[
        Attribute::text("name").exact().immutable().unique(),
        Attribute::text("clientSecret").exact().read_only(),
        Attribute::text("displayName").required().always(),
        Attribute::text("description"),
        Attribute::flag("active"),
        Attribute::complex(
            "basedOnTemplate",
            &[
                Attribute::text("value").exact().required(),
                Attribute::text("wellKnownId").exact().read_only(),
                Attribute::text("$ref").read_only(),
                Attribute::text("lastModified").read_only(),
            ],
        )
        .immutable(),
        Attribute::text("clientType").immutable(),
        Attribute::flag("isOAuthClient"),
        Attribute::flag("isOAuthResource"),
        Attribute::text("redirectUris").many().exact(),
        Attribute::flag("allUrlSchemesAllowed"),
        Attribute::text("logoutUri").exact(),
        Attribute::text("postLogoutRedirectUris").many().exact(),
        Attribute::text("allowedGrants").many().exact(),
        Attribute::text("allowedOperations").many().exact(),
        Attribute::text("trustScope").exact(),
        Attribute::flag("bypassConsent"),
        Attribute::complex(
            "allowedScopes",
            &[
                Attribute::text("fqs").exact().required(),
                Attribute::text("idOfDefiningApp").exact().read_only(),
                Attribute::flag("readOnly").read_only(),
            ],
        )
        .many(),
        Attribute::text("audience").exact(),
        Attribute::text("secondaryAudiences").many().exact(),
        Attribute::complex(
            "scopes",
            &[
                Attribute::text("value").exact().required(),
                Attribute::text("fqs").exact().read_only(),
                Attribute::text("description"),
                Attribute::text("displayName"),
                Attribute::flag("requiresConsent"),
                Attribute::flag("readOnly").read_only(),
            ],
        )
        .many(),
        Attribute::number("accessTokenExpiry"),
        Attribute::number("refreshTokenExpiry"),
        Attribute::flag("allowOffline"),
        Attribute::complex(
            "certificates",
            &[
                Attribute::text("certAlias").exact().required(),
                Attribute::text("x509Base64Certificate").exact().required(),
                Attribute::text("kid").exact().read_only(),
                Attribute::text("x5t").exact().read_only(),
                Attribute::text("sha1Thumbprint").exact().read_only(),
            ],
        )
        .many(),
        Attribute::complex(
            "grantedAppRoles",
            &[
                Attribute::text("value").exact(),
                Attribute::text("display"),
                Attribute::text("type"),
                Attribute::text("appId").exact(),
                Attribute::text("appName"),
                Attribute::flag("adminRole"),
                Attribute::text("$ref"),
            ],
        )
        .many()
        .read_only()
        .on_request(),
    ],
    extensions: &[Attribute::complex(
        APP_EXTENSION,
        &[
            Attribute::flag("strict"),
            Attribute::text("corsOrigins").many().exact(),
            Attribute::flag("corsNullOrigin"),
            Attribute::number("maxAccessTokenExpiry"),
        ],
    )],
    ignored: &[
        "ocid",
        "tags",
        "deleteInProgress",
        "idcsLastUpgradedInRelease",
        "domainOcid",
        "compartmentOcid",
        "tenancyOcid",
        "appIcon",
        "appThumbnail",
        "icon",
        "migrated",
        "infrastructure",
        "isLoginTarget",
        "showInMyApps",
        "loginMechanism",
        "landingPageUrl",
        "productLogoUrl",
        "privacyPolicyUrl",
        "termsOfServiceUrl",
        "contactEmailAddress",
        "productName",
        "homePageUrl",
        "isFormFill",
        "isRadiusApp",
        "isOPCService",
        "isUnmanagedApp",
        "isMobileTarget",
        "loginPageUrl",
        "linkingCallbackUrl",
        "logoutPageUrl",
        "errorPageUrl",
        "isSamlServiceProvider",
        "isWebTierPolicy",
        "isKerberosRealm",
        "isAliasApp",
        "isManagedApp",
        "serviceTypeURN",
        "serviceTypeVersion",
        "isObligationCapable",
        "readyToUpgrade",
        "isDatabaseService",
        "isEnterpriseApp",
        "disableKmsiTokenAuthentication",
        "isMulticloudServiceApp",
        "meterAsOPCService",
        "serviceParams",
        "attrRenderingMetadata",
        "editableAttributes",
        "callbackServiceUrl",
        "hashedClientSecret",
        "adminRoles",
        "userRoles",
        "grants",
        "accounts",
    ],
};
