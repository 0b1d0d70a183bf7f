//! Token files as Oracle's console downloads them: one JSON object, with the token as `app_access_token`.

use crate::client::Failure;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// A file larger than this holds no tokens.
const MAX_BYTES: u64 = 256 * 1024;

/// What is in a token file.
#[derive(Debug)]
pub(super) struct TokenFile {
    pub(super) access_token: Option<SecretString>,
    pub(super) refresh_token: Option<SecretString>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(alias = "access_token", skip_serializing_if = "Option::is_none")]
    app_access_token: Option<String>,
    #[serde(alias = "refresh_token", skip_serializing_if = "Option::is_none", default)]
    app_refresh_token: Option<String>,
}

impl TokenFile {
    /// Replaces a file as a whole with one that only its owner can read.
    pub(super) fn write(
        path: &Path,
        access_token: &str,
        refresh_token: Option<&str>,
    ) -> Result<(), Failure> {
        let content = Content {
            app_access_token: Some(access_token.to_owned()),
            app_refresh_token: refresh_token.map(str::to_owned),
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let written = || -> std::io::Result<()> {
            let mut draft = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
            draft.write_all(&serde_json::to_vec(&content)?)?;
            draft.as_file().sync_all()?;
            draft.persist(path)?;
            Ok(())
        };
        written().map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        })
    }

    /// Reads a file, or stdin for `-`: such an object, the answer of the token endpoint, or just a token.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let unreadable = |problem: &dyn std::fmt::Display| {
            Failure::usage(format!("{shown} cannot be read: {problem}"))
        };
        let mut text = String::new();
        let read = if path == Path::new("-") {
            std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)
        } else {
            std::fs::File::open(path)
                .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
        };
        read.map_err(|error| unreadable(&error))?;
        Self::parse(&text).ok_or_else(|| {
            Failure::usage(format!("{shown} holds no token: it must be a file that `dayend token --output` wrote, or the token itself"))
        })
    }

    /// A text that looks like no token is none, so that no other file's content goes to a server.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with('{') {
            let content: Content = serde_json::from_str(text).ok()?;
            let file = Self {
                access_token: content.app_access_token.map(Into::into),
                refresh_token: content.app_refresh_token.map(Into::into),
            };
            return (file.access_token.is_some() || file.refresh_token.is_some()).then_some(file);
        }
        let is_token = text.len() >= 16
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'=')
            });
        let is_jwt = text.split('.').count() == 3;
        is_token.then(|| {
            let token = || Some(SecretString::from(text));
            Self {
                access_token: if is_jwt { token() } else { None },
                refresh_token: if is_jwt { None } else { token() },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_what_the_console_downloads_and_only_its_owner_reads_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("tokens.tok");
        std::fs::write(&path, "an older one").unwrap();
        TokenFile::write(&path, "e30.e30.c2ln", None).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            r#"{"app_access_token":"e30.e30.c2ln"}"#
        );
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        TokenFile::write(&path, "e30.e30.c2ln", Some("AgAg")).unwrap();
        let read = TokenFile::read(&path).unwrap();
        assert_eq!(read.access_token.unwrap().expose_secret(), "e30.e30.c2ln");
        assert_eq!(read.refresh_token.unwrap().expose_secret(), "AgAg");
    }

    #[test]
    fn tokens_come_in_four_shapes_and_other_texts_are_none() {
        let found = |text: &str| {
            TokenFile::parse(text)
                .map(|file| (file.access_token.is_some(), file.refresh_token.is_some()))
        };
        #[rustfmt::skip]
        let cases = [
            (r#"{"app_access_token":"x"}"#,                       Some((true, false))),
            (r#"{"access_token":"x","refresh_token":"y","z":1}"#, Some((true, true))),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n",                   Some((true, false))),
            ("AgAgYjA1OGVlMTIzNDU2Nzg5MA==",                      Some((false, true))),
            ("{}",                                                None),
            ("root:x:0:0:root:/root:/bin/bash",                   None),
            ("",                                                  None),
        ];
        for (text, want) in cases {
            assert_eq!(found(text), want, "{text}");
        }
    }
}
