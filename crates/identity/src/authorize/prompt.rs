//! What an app wants the user to be asked.

/// The values of `prompt` (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own in one parameter")]
pub(super) struct Prompt {
    /// Nothing may be shown.
    pub(super) none: bool,
    pub(super) login: bool,
    pub(super) consent: bool,
    pub(super) select_account: bool,
}

impl Prompt {
    /// Reads the parameter.
    pub(super) fn read(text: Option<&str>) -> Result<Self, &'static str> {
        let mut prompt = Self::default();
        let words: Vec<&str> =
            text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect();
        for word in &words {
            match *word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err("prompt must be none, login, consent or select_account"),
            }
        }
        if prompt.none && words.len() > 1 {
            return Err("prompt=none stands alone");
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone_and_other_words_are_refused() {
        let read = |text| Prompt::read(Some(text));
        assert_eq!(Prompt::read(None), Ok(Prompt::default()));
        assert_eq!(read("none"), Ok(Prompt { none: true, ..Prompt::default() }));
        assert_eq!(
            read("login consent"),
            Ok(Prompt { login: true, consent: true, ..Prompt::default() })
        );
        for bad in ["none login", "create", "Login", "none\tlogin"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
