//! Which languages there are, and which one a caller means.

/// A language that the texts are translated to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    #[default]
    English,
    French,
    German,
    Spanish,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [Self::English, Self::French, Self::German, Self::Spanish];

    /// The language tag, as it is sent in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en-US",
            Self::French => "fr-FR",
            Self::German => "de-DE",
            Self::Spanish => "es-ES",
        }
    }

    /// The language that a `locale` header means: the language part decides, in any case and with any separator, and
    /// what is not known is English.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale
            .trim()
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        let known = [(Self::French, "fr"), (Self::German, "de"), (Self::Spanish, "es")];
        let found = known.into_iter().find(|(_, code)| language.eq_ignore_ascii_case(code));
        found.map_or(Self::English, |(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_part_of_the_locale_decides() {
        let cases = [
            ("en-US", Language::English),
            ("fr-FR", Language::French),
            ("fr_FR", Language::French),
            ("fr", Language::French),
            ("FR-fr", Language::French),
            (" fr-CA ", Language::French),
            ("fr_FR.UTF-8", Language::French),
            ("de-AT", Language::German),
            ("DE", Language::German),
            ("es-419", Language::Spanish),
            ("es-ES,es;q=0.9,en;q=0.1", Language::Spanish),
            ("pt-BR", Language::English),
            ("frr-DE", Language::English),
            ("", Language::English),
            ("-fr", Language::English),
            ("français", Language::English),
            ("../../etc/passwd", Language::English),
        ];
        for (locale, want) in cases {
            assert_eq!(Language::of_locale(locale), want, "{locale:?}");
        }
    }

    #[test]
    fn every_language_is_found_by_its_own_tag() {
        for language in Language::ALL {
            assert_eq!(Language::of_locale(language.tag()), language);
        }
    }
}
