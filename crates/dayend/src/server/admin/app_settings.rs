//! The settings of an app as flags.

use clap::Args;
use dayend_identity::admin::AppDraft;
use dayend_identity::model::ResourceScope;

/// What can be set of an app. A flag that is given replaces what was set before; of a list, all of it.
#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// What the app is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Where browsers may be sent with a code; exactly this address. Can be repeated
    #[arg(long, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// Where browsers may be sent after a log-out. Can be repeated
    #[arg(long, value_name = "URL")]
    post_logout_redirect_uri: Vec<String>,
    /// Redirects may use other schemes than https
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    any_scheme: Option<bool>,
    /// A scope of another app that it may ask for: audience and scope, one after the other. Can be repeated
    #[arg(long, value_name = "FQS")]
    scope: Vec<String>,
    /// What it protects as a resource server
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// A scope that it protects. Can be repeated
    #[arg(long, value_name = "SCOPE")]
    protects: Vec<String>,
    /// Its scopes may come with a refresh token
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_offline: Option<bool>,
    /// The origin of a page that may call the token endpoint for it. Can be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// Pages without an origin may call the token endpoint for it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    cors_null_origin: Option<bool>,
    /// The longest lifetime of an access token that it can ask for
    #[arg(long, value_name = "SECONDS")]
    max_expiry: Option<u64>,
    /// The lifetime of access tokens for its scopes
    #[arg(long, value_name = "SECONDS")]
    access_expiry: Option<u64>,
    /// The lifetime of refresh tokens for its scopes
    #[arg(long, value_name = "SECONDS")]
    refresh_expiry: Option<u64>,
    /// No consent page
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    bypass_consent: Option<bool>,
    /// `introspect` or `onBehalfOfUser`. Can be repeated
    #[arg(long, value_name = "NAME")]
    operation: Vec<String>,
}

impl SettingsArgs {
    /// Puts in what was given.
    pub(super) fn put_into(&self, draft: &mut AppDraft) {
        let settings = &mut draft.settings;
        for (given, list) in [
            (&self.redirect_uri, &mut settings.redirect_uris),
            (&self.post_logout_redirect_uri, &mut settings.post_logout_redirect_uris),
            (&self.scope, &mut settings.allowed_scopes),
            (&self.cors_origin, &mut settings.cors_origins),
            (&self.operation, &mut settings.allowed_operations),
        ] {
            if !given.is_empty() {
                list.clone_from(given);
            }
        }
        for (given, flag) in [
            (self.any_scheme, &mut settings.all_url_schemes_allowed),
            (self.allow_offline, &mut settings.allow_offline),
            (self.cors_null_origin, &mut settings.cors_null_origin),
            (self.bypass_consent, &mut settings.bypass_consent),
        ] {
            *flag = given.unwrap_or(*flag);
        }
        for (given, seconds) in [
            (self.max_expiry, &mut settings.max_access_token_s),
            (self.access_expiry, &mut settings.access_token_s),
            (self.refresh_expiry, &mut settings.refresh_token_s),
        ] {
            *seconds = given.or(*seconds);
        }
        if let Some(description) = &self.description {
            settings.description.clone_from(description);
        }
        if self.audience.is_some() {
            settings.audience.clone_from(&self.audience);
            settings.oauth_resource = true;
        }
        if !self.protects.is_empty() {
            let scope =
                |value: &String| ResourceScope { value: value.clone(), ..ResourceScope::default() };
            settings.scopes = self.protects.iter().map(scope).collect();
        }
    }
}
