//! Reads secrets when they are needed, and keeps them out of messages and logs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use dayend_engine::definition::SecretRef;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;
use std::io::Read;

/// The largest file that is read as a secret.
const SECRET_MAX_BYTES: u64 = 64 * 1024;
/// Shorter texts are not masked: they would mask half the log.
const MASKED_MIN_CHARS: usize = 4;

/// The secret that `from` names. The error says where it was looked for, never what was found.
pub(crate) fn read(from: &SecretRef) -> Result<SecretString, String> {
    let text = match from {
        SecretRef::Env(name) => std::env::var(name)
            .map_err(|_| format!("the environment variable `{name}` with the secret is not set"))?,
        SecretRef::File(path) => read_file(path)
            .map_err(|error| format!("the secret file `{path}` cannot be read: {error}"))?,
    };
    let text = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(SecretString::from(text))
}

fn read_file(path: &str) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(SECRET_MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Replaces known secrets, in the forms in which they usually travel, by `***`.
#[derive(Default)]
pub(crate) struct Mask {
    forms: Vec<SecretString>,
}

impl Mask {
    /// Remembers a secret.
    pub(crate) fn add(&mut self, secret: &SecretString) {
        let plain = secret.expose_secret();
        // `Bearer x` and `Basic x` are secrets whose second word alone gives them away.
        for part in std::iter::once(plain).chain(plain.split_whitespace()) {
            if part.chars().count() >= MASKED_MIN_CHARS {
                let encoded = utf8_percent_encode(part, NON_ALPHANUMERIC).to_string();
                let forms = [
                    part.to_owned(),
                    STANDARD.encode(part),
                    STANDARD_NO_PAD.encode(part),
                    URL_SAFE_NO_PAD.encode(part),
                    encoded,
                ];
                self.forms.extend(forms.into_iter().map(SecretString::from));
            }
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// `text` without the secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.forms
            .iter()
            .fold(text.to_owned(), |text, form| text.replace(form.expose_secret(), "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_usual_form() {
        let mut mask = Mask::default();
        mask.add(&SecretString::from("Bearer s3cr+t/value"));
        for text in ["s3cr+t/value", "Bearer s3cr+t/value", "czNjcit0L3ZhbHVl", "s3cr%2Bt%2Fvalue"]
        {
            let hidden = mask.hide(&format!("before {text} after"));
            assert!(hidden.starts_with("before ***") && hidden.ends_with("*** after"), "{hidden}");
        }
        assert_eq!(mask.hide("nothing here"), "nothing here");
    }

    #[test]
    fn a_secret_file_loses_only_its_final_newline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        for (content, want) in [("a b \n", "a b "), ("x\r\n", "x"), ("x\n\n", "x\n"), ("x", "x")] {
            std::fs::write(&path, content).unwrap();
            let secret = read(&SecretRef::File(path.to_str().unwrap().to_owned())).unwrap();
            assert_eq!(secret.expose_secret(), want);
        }
        let missing = read(&SecretRef::Env("DAYEND_NO_SUCH_VARIABLE".to_owned())).unwrap_err();
        assert!(missing.contains("DAYEND_NO_SUCH_VARIABLE"));
    }
}
