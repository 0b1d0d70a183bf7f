//! The translations, read once.

use super::language::Language;
use super::sentence::Sentence;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentResource, FluentValue};
use std::sync::LazyLock;

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::French));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::German));
static SPANISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Spanish));

impl Language {
    /// The summary of `sentence` in this language.
    pub fn summary(self, sentence: &Sentence) -> String {
        self.format(sentence, None)
    }

    /// The details of `sentence` in this language.
    pub fn details(self, sentence: &Sentence) -> String {
        self.format(sentence, Some("details"))
    }

    fn format(self, sentence: &Sentence, attribute: Option<&str>) -> String {
        let bundle = self.bundle();
        let pattern = bundle.get_message(sentence.id()).and_then(|message| match attribute {
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
            None => message.value(),
        });
        let pattern = pattern.expect("a test finds every sentence in every language");
        bundle.format_pattern(pattern, Some(&sentence.arguments()), &mut Vec::new()).into_owned()
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
            Self::German => &GERMAN,
            Self::Spanish => &SPANISH,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../locales/en-US.ftl"),
            Self::French => include_str!("../../locales/fr-FR.ftl"),
            Self::German => include_str!("../../locales/de-DE.ftl"),
            Self::Spanish => include_str!("../../locales/es-ES.ftl"),
        }
    }
}

fn bundle(language: Language) -> Bundle {
    let tag = language.tag().parse().expect("our own tags are language tags");
    let resource = FluentResource::try_new(language.source().to_owned())
        .expect("a test reads every translation");
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Isolation marks would break callers that compare the texts byte for byte.
    bundle.set_use_isolating(false);
    // Values are repeated as they are; nothing is formatted as a number.
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::String(text) => Some(text.clone().into_owned()),
        FluentValue::Number(_)
        | FluentValue::Custom(_)
        | FluentValue::None
        | FluentValue::Error => None,
    }));
    bundle.add_resource(resource).expect("a test finds no message twice");
    bundle
}

#[cfg(test)]
mod tests {
    use super::super::sentence::Wanted;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_sentence_is_there_in_every_language_and_repeats_its_values() {
        for language in Language::ALL {
            for sentence in sentences() {
                let (summary, details) = (language.summary(&sentence), language.details(&sentence));
                let both = format!("{summary} {details}");
                let shown = format!("{language:?} {sentence:?}: {both}");
                assert!(!summary.is_empty() && !details.is_empty(), "{shown}");
                assert!(!both.contains(['{', '}', '\n', '\u{2068}', '\u{2069}', '`']), "{shown}");
                for (name, value) in sentence.arguments().iter() {
                    let FluentValue::String(value) = value else { panic!("{shown}") };
                    assert!(
                        ["wanted", "what"].contains(&name) || both.contains(value.as_ref()),
                        "{name} is lost: {shown}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_language_says_it_in_its_own_words_and_no_file_has_a_message_that_nobody_uses() {
        let used: BTreeSet<&str> = sentences().iter().map(Sentence::id).collect();
        for language in Language::ALL {
            let ids: BTreeSet<&str> = language
                .source()
                .lines()
                .filter(|line| line.starts_with(|letter: char| letter.is_ascii_alphabetic()))
                .filter_map(|line| line.split_once(" =").map(|(id, _)| id))
                .filter(|id| !id.starts_with("summary-"))
                .collect();
            assert_eq!(ids, used, "{language:?}");
        }
        for sentence in sentences() {
            let all: BTreeSet<String> =
                Language::ALL.into_iter().map(|language| language.details(&sentence)).collect();
            assert_eq!(all.len(), Language::ALL.len(), "{all:?}");
        }
    }

    #[test]
    fn hostile_values_are_repeated_and_never_interpreted() {
        let sentence =
            Sentence::NotFound { what: "batch".to_owned(), id: "{ triggered } $run".to_owned() };
        assert_eq!(
            Language::English.details(&sentence),
            "The batch '{ triggered } $run' does not exist."
        );
    }

    #[test]
    fn the_english_texts_are_those_of_the_guide() {
        let run = || "R_1".to_owned();
        let pairs = [
            Sentence::Triggered { run: run() },
            Sentence::Interrupted { run: run() },
            Sentence::Restarted { run: run() },
            Sentence::Rerun { run: run() },
        ]
        .map(|sentence| {
            format!(
                "{} | {}",
                Language::English.summary(&sentence),
                Language::English.details(&sentence)
            )
        });
        assert_eq!(
            pairs,
            [
                "Object triggered successfully with Run Id: R_1 | Object triggered successfully.",
                "Execution interrupted successfully for Run Id: R_1 | Execution interrupted successfully.",
                "Object triggered successfully for restart with Run Id: R_1 | Object triggered successfully.",
                "Object triggered successfully for rerun with Run Id: R_1 | Object triggered successfully.",
            ]
        );
    }

    #[test]
    fn the_texts_are_what_callers_have_seen_before() {
        let mut lines = Vec::new();
        for language in Language::ALL {
            for sentence in sentences() {
                lines.push(format!("{} {}", language.tag(), sentence.id()));
                lines.push(format!("  {}", language.summary(&sentence)));
                lines.push(format!("  {}", language.details(&sentence)));
            }
        }
        insta::assert_snapshot!("sentences", lines.join("\n"));
    }

    fn tokens() -> Vec<Sentence> {
        vec![
            Sentence::TokenMissing,
            Sentence::TokenInvalid,
            Sentence::TokenRepeated,
            Sentence::TokenNarrow,
        ]
    }

    fn sentences() -> Vec<Sentence> {
        let text = |text: &str| text.to_owned();
        let run = || text("EOD_2026-10-30_1793318400000_1");
        let key = || text("dynamicParamList");
        let mut sentences = tokens();
        sentences.extend([
            Sentence::Triggered { run: run() },
            Sentence::Interrupted { run: run() },
            Sentence::Restarted { run: run() },
            Sentence::Rerun { run: run() },
            Sentence::HeaderMissing { header: "ofs_tenant_id" },
            Sentence::HeaderInvalid { header: "ofs_tenant_id" },
            Sentence::KeyHeaderInvalid,
            Sentence::UnknownScope,
            Sentence::NotAllowed {
                who: text("anna"),
                function: text("BATCH_EXEC"),
                scope: text("T/S/WS001"),
            },
            Sentence::BodyNotJson { problem: text("a value is expected"), line: 1, column: 12345 },
            Sentence::NestedNotJson {
                key: key(),
                problem: text("a value is expected"),
                line: 2,
                column: 3,
            },
            Sentence::BodyNotObject,
            Sentence::BodyBroken,
            Sentence::BodyTooLarge { limit: 1_048_576 },
            Sentence::BodyTooSlow,
            Sentence::NotJsonType,
            Sentence::MethodNotAllowed { method: text("GET") },
            Sentence::KeyMissing { key: key() },
            Sentence::KeysContradict { key: text("batchRunId"), other: text("batchRunID") },
            Sentence::TooManyCodes { key: key(), limit: 100_000 },
            Sentence::NotABatchType { value: text("batch") },
            Sentence::NotADate { key: key(), value: text("30.10.2026") },
            Sentence::NotAName { key: key() },
            Sentence::DateOfTask { key: text("dynamicParamList.taskRuntimeParams.T1") },
            Sentence::MemberRepeated { batch: text("EOD_FX") },
            Sentence::UnknownTask { key: key(), task: text("T9") },
            Sentence::ExternalIdInvalid,
            Sentence::Invalid {
                key: key(),
                problem: text("`X` is no task of this batch").replace('`', "'"),
            },
            Sentence::KeyReused { key: text("order-7") },
            Sentence::NotFound { what: text("batch"), id: text("NOPE") },
            Sentence::NotFound { what: text("batch-group"), id: text("NOPE") },
            Sentence::NotFound { what: text("run"), id: run() },
            Sentence::NotFound { what: text("calendar"), id: text("NOPE") },
            Sentence::NothingToRun { reason: text("every task is excluded") },
            Sentence::AlreadyInterrupted { run: run() },
            Sentence::WrongState { reason: text("the run has ended") },
            Sentence::TooMany { seconds: 2 },
            Sentence::Overloaded,
            Sentence::Unavailable,
            Sentence::DefinitionsRefused { count: 2 },
        ]);
        let wanted = [
            Wanted::Text,
            Wanted::Codes,
            Wanted::Object,
            Wanted::Value,
            Wanted::BatchParams,
            Wanted::GroupParams,
        ];
        sentences.extend(wanted.map(|wanted| Sentence::KeyWrong { key: key(), wanted }));
        sentences
    }
}
