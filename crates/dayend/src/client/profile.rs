//! Profiles: the JSON object that `dayend init` prints, with everything needed to reach and use a server.

use super::failure::Failure;
use super::options::ClientOptions;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A profile larger than this is no profile.
const MAX_BYTES: u64 = 64 * 1024;

/// How to reach a server and who to be there.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) base_url: String,
    pub(crate) tenant: String,
    pub(crate) service: String,
    #[serde(default = "usual_workspace")]
    pub(crate) workspace: String,
    /// Goes into `ofs_remote_user`.
    pub(crate) user: String,
    /// Only used with `"grant": "password"`.
    #[serde(default)]
    pub(crate) password: Option<SecretString>,
    pub(crate) client_id: String,
    /// May be left out if `DAYEND_CLIENT_SECRET` is set.
    #[serde(default)]
    pub(crate) client_secret: Option<SecretString>,
    /// The server's certificate authority, if the system does not know it; relative to the profile.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) grant: Grant,
}

/// How the token is got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grant {
    /// The app's own token; the user is named in each request.
    #[default]
    ClientCredentials,
    /// The user's token.
    Password,
}

fn usual_workspace() -> String {
    "WS001".to_owned()
}

impl Profile {
    /// The profile that the options name, or the user's own.
    pub(crate) fn find(options: &ClientOptions) -> Result<Self, Failure> {
        let path = match &options.profile {
            Some(path) => path.clone(),
            None => usual_path(|name| std::env::var_os(name).map(PathBuf::from))?,
        };
        let mut profile = Self::read(&path)?;
        if let Some(server) = &options.server {
            profile.base_url.clone_from(server);
        }
        if let Ok(secret) = std::env::var("DAYEND_CLIENT_SECRET") {
            profile.client_secret = Some(secret.into());
        }
        profile.check(&path)
    }

    /// Reads a profile file that nobody else may read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let metadata = std::fs::metadata(path).map_err(|error| {
            Failure::usage(format!(
                "there is no profile at {shown} ({error}): name the profile.json that `dayend init` wrote with --profile or DAYEND_PROFILE"
            ))
        })?;
        if !metadata.is_file() {
            return Err(Failure::usage(format!(
                "the profile {shown} is not a file: name the profile.json that `dayend init` wrote"
            )));
        }
        if metadata.permissions().mode() & 0o007 != 0 {
            return Err(Failure::usage(format!(
                "the profile {shown} holds secrets and can be read by every user: run `chmod 600 {shown}`, and consider its secret known to them"
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

    /// The keys that prove who is there.
    pub(crate) fn proofs(&self) -> &'static str {
        match self.grant {
            Grant::ClientCredentials => "client_id and client_secret",
            Grant::Password => "client_id, client_secret, user and password",
        }
    }

    fn check(mut self, path: &Path) -> Result<Self, Failure> {
        let trimmed = self.base_url.trim_end_matches('/').to_owned();
        let shaped = reqwest::Url::parse(&trimmed).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.query().is_none()
                && url.password().is_none()
        });
        if !shaped {
            let problem = "the server's base URL must look like https://host:8443 (in the profile, or --server)";
            return Err(Failure::usage(problem));
        }
        let ids = [&self.tenant, &self.service, &self.workspace, &self.user];
        let named = ["tenant", "service", "workspace", "user"].into_iter().zip(ids);
        for (key, value) in named {
            if value.trim().is_empty() || value.chars().any(char::is_control) {
                let problem = format!(
                    "the profile {} has a `{key}` that is empty or holds a control character",
                    path.display()
                );
                return Err(Failure::usage(problem));
            }
        }
        self.base_url = trimmed;
        let is_set = |secret: &Option<SecretString>| {
            secret.as_ref().is_some_and(|text| !text.expose_secret().is_empty())
        };
        if !is_set(&self.client_secret) {
            let problem = "has no client_secret: add it, or set DAYEND_CLIENT_SECRET";
            return Err(Failure::usage(format!("the profile {} {problem}", path.display())));
        }
        Ok(self)
    }
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
        assert_eq!((profile.tenant.as_str(), profile.grant), ("T", Grant::ClientCredentials));
        assert!(!format!("{profile:?}").contains("geheim"));
    }

    #[test]
    fn problems_with_a_profile_never_repeat_its_secrets() {
        let cases = [
            (TEXT.replace("\"tenant\":\"T\",", ""), "missing field `tenant`"),
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
            profile.check(Path::new("p.json")).map_err(|failure| failure.sentence)
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
