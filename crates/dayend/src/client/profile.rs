//! Profiles: the JSON object that `dayend init` prints, with everything needed to reach and use a server.

use super::failure::Failure;
use super::options::ClientOptions;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A profile larger than this is no profile.
const MAX_BYTES: u64 = 64 * 1024;

/// The workspace that every service has.
const USUAL_WORKSPACE: &str = "WS001";
/// The public app that `dayend init` makes for logging in at the command line.
const USUAL_LOGIN_APP: &str = "dayend-cli";

/// How to reach a server and who to be there. Only the address is required: the rest is known once somebody logged in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) base_url: String,
    /// Without it, the token's.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// Without it, the tenant's only one.
    #[serde(default)]
    pub(crate) service: Option<String>,
    #[serde(default = "usual_workspace")]
    pub(crate) workspace: String,
    /// Goes into `ofs_remote_user`; whoever logs in must be this user.
    #[serde(default)]
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) password: Option<SecretString>,
    /// The app whose secret this is; a log-in uses another one.
    #[serde(default)]
    pub(crate) client_id: Option<String>,
    /// May be left out if `DAYEND_CLIENT_SECRET` is set.
    #[serde(default)]
    pub(crate) client_secret: Option<SecretString>,
    /// The server's certificate authority, if the system does not know it; relative to the profile.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// The public app that `dayend login` uses.
    #[serde(default = "usual_login_app")]
    pub(crate) login_client_id: String,
    /// What the server calls itself, if that is not its base URL.
    #[serde(default)]
    pub(crate) issuer: Option<String>,
    #[serde(default)]
    grant: Option<Grant>,
}

/// How the token is got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Grant {
    /// The app's own token, by its secret
    ClientCredentials,
    /// The user's token, by the password
    Password,
    /// The token of whoever did `dayend login`
    Login,
}

/// Who an app says it is, and how it proves it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppSecret<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) secret: &'a SecretString,
}

fn usual_workspace() -> String {
    USUAL_WORKSPACE.to_owned()
}

fn usual_login_app() -> String {
    USUAL_LOGIN_APP.to_owned()
}

impl Profile {
    /// The profile that the options name, or the user's own. With a server and no profile it is one that knows only that,
    /// and `true` stands beside it.
    pub(crate) fn find(options: &ClientOptions) -> Result<(Self, bool), Failure> {
        let named = match &options.profile {
            Some(path) => Ok(path.clone()),
            None => own_path(),
        };
        let is_there = named.as_ref().is_ok_and(|path| path.exists());
        let server_only =
            options.server.as_ref().filter(|_| options.profile.is_none() && !is_there);
        let (mut profile, shown) = if let Some(server) = server_only {
            (Self::of_server(server), "made of --server".to_owned())
        } else {
            let path = named?;
            (Self::read(&path)?, path.display().to_string())
        };
        if let Some(server) = &options.server {
            profile.base_url.clone_from(server);
        }
        if let Some(file) = &options.ca_file {
            profile.ca_file = Some(file.clone());
        }
        if let Ok(secret) = std::env::var("DAYEND_CLIENT_SECRET") {
            profile.client_secret = Some(secret.into());
        }
        Ok((profile.check(&shown)?, server_only.is_some()))
    }

    /// A profile that knows nothing but the server's address.
    pub(crate) fn of_server(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            tenant: None,
            service: None,
            workspace: usual_workspace(),
            user: None,
            password: None,
            client_id: None,
            client_secret: None,
            ca_file: None,
            login_client_id: usual_login_app(),
            issuer: None,
            grant: None,
        }
    }

    /// Reads a profile file; one with secrets in it must not be readable by every user.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let metadata = std::fs::metadata(path).map_err(|error| {
            Failure::usage(format!(
                "there is no profile at {shown} ({error}): name the profile.json that `dayend init` wrote with --profile or DAYEND_PROFILE, or log in with `dayend login --server URL`"
            ))
        })?;
        if !metadata.is_file() {
            return Err(Failure::usage(format!(
                "the profile {shown} is not a file: name the profile.json that `dayend init` wrote"
            )));
        }
        if metadata.len() > MAX_BYTES {
            return Err(Failure::usage(format!("{shown} is too large for a profile")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("the profile {shown} cannot be read: {error}"))
        })?;
        let mut profile = Self::parse(&text).map_err(|problem| {
            Failure::usage(format!(
                "{shown} is not a profile ({problem}): `dayend init` prints one, as a JSON object"
            ))
        })?;
        if profile.holds_secrets() && metadata.permissions().mode() & 0o007 != 0 {
            return Err(Failure::usage(format!(
                "the profile {shown} holds secrets and can be read by every user: run `chmod 600 {shown}`, and consider its secret known to them"
            )));
        }
        profile.ca_file =
            profile.ca_file.map(|file| path.parent().unwrap_or(Path::new("")).join(file));
        Ok(profile)
    }

    /// The profile in a text. The error never repeats the text: it may hold secrets.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                let said = error.to_string();
                let is_safe =
                    said.starts_with("missing field") || said.starts_with("unknown variant");
                if is_safe {
                    said
                } else {
                    format!("a key has the wrong type at line {}", error.line())
                }
            }
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => format!("not JSON at line {}", error.line()),
        })
    }

    /// How the token is got: as the profile says, else by the app's secret if there is one, else by a log-in.
    pub(crate) fn grant(&self) -> Grant {
        let usual = if is_set(self.client_secret.as_ref()) {
            Grant::ClientCredentials
        } else {
            Grant::Login
        };
        self.grant.unwrap_or(usual)
    }

    /// Gets the token in another way than the profile says.
    pub(crate) fn with_grant(self, grant: Grant) -> Result<Self, Failure> {
        let profile = Self { grant: Some(grant), ..self };
        profile.check_grant("in use").map(|()| profile)
    }

    /// Whether a user's name and password are in it.
    pub(crate) fn has_password(&self) -> bool {
        self.user.is_some() && is_set(self.password.as_ref())
    }

    /// The app and its secret, if the profile has them.
    pub(crate) fn app(&self) -> Option<AppSecret<'_>> {
        let secret = self.client_secret.as_ref().filter(|text| !text.expose_secret().is_empty())?;
        Some(AppSecret { client_id: self.client_id.as_deref()?, secret })
    }

    /// What the server calls itself.
    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_deref().unwrap_or(&self.base_url)
    }

    /// The keys that prove who is there.
    pub(crate) fn proofs(&self) -> &'static str {
        match self.grant() {
            Grant::ClientCredentials => "client_id and client_secret",
            Grant::Password => "client_id, client_secret, user and password",
            Grant::Login => "login_client_id",
        }
    }

    fn holds_secrets(&self) -> bool {
        is_set(self.client_secret.as_ref()) || is_set(self.password.as_ref())
    }

    fn check(mut self, shown: &str) -> Result<Self, Failure> {
        let trimmed = self.base_url.trim_end_matches('/').to_owned();
        let shaped = reqwest::Url::parse(&trimmed).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.password().is_none()
        });
        if !shaped {
            let problem = "the server's base URL must look like https://host:8443 (in the profile, or --server)";
            return Err(Failure::usage(problem));
        }
        let named = [
            ("tenant", self.tenant.as_deref()),
            ("service", self.service.as_deref()),
            ("workspace", Some(self.workspace.as_str())),
            ("user", self.user.as_deref()),
        ];
        for (key, value) in named {
            let Some(value) = value else { continue };
            if value.trim().is_empty() || value.chars().any(char::is_control) {
                let problem = format!(
                    "the profile {shown} has a `{key}` that is empty or holds a control character"
                );
                return Err(Failure::usage(problem));
            }
        }
        self.base_url = trimmed;
        self.check_grant(shown).map(|()| self)
    }

    /// Whether everything is there that the grant needs.
    fn check_grant(&self, shown: &str) -> Result<(), Failure> {
        let missing = |problem: &str| {
            Err(Failure::usage(format!(
                "the profile {shown} {problem}, or log in with `dayend login` and `\"grant\": \"login\"`"
            )))
        };
        let grant = self.grant();
        if grant == Grant::Login {
            return Ok(());
        }
        if !is_set(self.client_secret.as_ref()) {
            return missing("has no client_secret: add it, set DAYEND_CLIENT_SECRET");
        }
        if self.client_id.is_none() {
            return missing("has no client_id: add it");
        }
        if self.user.is_none() {
            return missing("has no user: add it");
        }
        if grant == Grant::Password && !is_set(self.password.as_ref()) {
            return missing("has no password: add it");
        }
        Ok(())
    }
}

fn is_set(secret: Option<&SecretString>) -> bool {
    secret.is_some_and(|text| !text.expose_secret().is_empty())
}

/// Where the user's own profile lies.
pub(crate) fn own_path() -> Result<PathBuf, Failure> {
    usual_path(|name| std::env::var_os(name).map(PathBuf::from))
}

fn usual_path(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    let config = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let config = config.or_else(|| Some(variable("HOME")?.join(".config")));
    let nowhere = || {
        Failure::usage(
            "no profile is named and there is no home directory: use --profile FILE or DAYEND_PROFILE",
        )
    };
    Ok(config.ok_or_else(nowhere)?.join("dayend/profile.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"base_url":"https://h:1","tenant":"T","service":"S","workspace":"WS001","user":"u","password":"p",
        "client_id":"c","client_secret":"geheim","ca_file":"tls/ca.pem","later":1}"#;

    #[test]
    fn what_init_prints_is_read_and_other_keys_are_ignored() {
        let profile = Profile::parse(TEXT).unwrap();
        assert_eq!(
            (profile.tenant.as_deref(), profile.grant()),
            (Some("T"), Grant::ClientCredentials)
        );
        assert!(!format!("{profile:?}").contains("geheim"));
    }

    #[test]
    fn problems_with_a_profile_never_repeat_its_secrets() {
        let cases = [
            (TEXT.replace("\"base_url\":\"https://h:1\",", ""), "missing field `base_url`"),
            (TEXT.replace("\"geheim\"", "[\"geheim\"]"), "wrong type"),
            (TEXT.replace("\"geheim\"", "geheim"), "not JSON at line 2"),
        ];
        for (text, want) in cases {
            let problem = Profile::parse(&text).unwrap_err();
            assert!(problem.contains(want) && !problem.contains("geheim"), "{problem}");
        }
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_named() {
        let checked = |from: &str, to: &str| {
            let profile = Profile::parse(&TEXT.replace(from, to)).unwrap();
            profile.check("p.json").map_err(|failure| failure.sentence)
        };
        assert!(checked("\"u\"", "\"jörg\"").is_ok());
        for (from, to, key) in [
            ("\"T\"", "\"T\\n\"", "`tenant`"),
            ("\"S\"", "\"\"", "`service`"),
            ("\"WS001\"", "\" \"", "`workspace`"),
            ("\"u\"", "\"u\\u0007\"", "`user`"),
        ] {
            let problem = checked(from, to).unwrap_err();
            assert!(problem.contains(key), "{problem}");
        }
    }

    #[test]
    fn a_profile_that_everybody_can_read_is_refused_with_the_command_that_helps() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("profile.json");
        std::fs::write(&path, TEXT).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Profile::read(&path).unwrap_err().sentence.contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Profile::read(&path).unwrap().ca_file, Some(place.path().join("tls/ca.pem")));
    }

    #[test]
    fn the_usual_place_follows_the_users_config_directory() {
        let variables = |xdg: Option<&'static str>, home: Option<&'static str>| {
            move |name: &str| if name == "HOME" { home } else { xdg }.map(PathBuf::from)
        };
        let cases = [
            (Some("/x"), Some("/h"), Some("/x/dayend/profile.json")),
            (Some("relative"), Some("/h"), Some("/h/.config/dayend/profile.json")),
            (None, Some("/h"), Some("/h/.config/dayend/profile.json")),
            (None, None, None),
        ];
        for (xdg, home, want) in cases {
            assert_eq!(usual_path(variables(xdg, home)).ok(), want.map(PathBuf::from));
        }
    }
}
