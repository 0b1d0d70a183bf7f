//! Layers: the default, then `dayend.toml`, then the environment, then flags. The last one that speaks wins.

use super::table::{SETTINGS, Setting};
use super::value::Value;
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Every setting with the place it came from, and all that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    entries: BTreeMap<&'static str, Entry>,
    /// Each a sentence that names the key and where it stands.
    pub(crate) problems: Vec<String>,
}

/// One setting's value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    /// The line in `dayend.toml`.
    File {
        line: usize,
    },
    Environment,
    Flag,
}

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) key: &'static str,
    pub(crate) text: String,
}

impl Loaded {
    /// The value of a key of the table.
    pub(crate) fn entry(&self, key: &str) -> &Entry {
        self.entries.get(key).expect("every key of the table has a value")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { line } => write!(out, "dayend.toml line {line}"),
            Self::Environment => out.write_str("environment"),
            Self::Flag => out.write_str("command line"),
        }
    }
}

/// Reads all layers. What is wrong is said in [`Loaded::problems`]; the value of the layer below stays.
pub(crate) fn load(
    file: &str,
    variable: impl Fn(&str) -> Option<String>,
    flags: &[Flag],
) -> Loaded {
    let mut loaded = Loaded { entries: BTreeMap::new(), problems: Vec::new() };
    for setting in SETTINGS {
        let value =
            setting.kind.parse(setting.default).expect("the table's defaults are of their kinds");
        loaded.entries.insert(setting.key, Entry { value, source: Source::Default });
    }
    loaded.add_file(file);
    for setting in SETTINGS {
        let (name, alias) = (setting.variable(), alias(setting.key));
        let short = alias.and_then(|alias| Some((alias.to_owned(), variable(alias)?)));
        let given = variable(&name).map(|text| (name, text)).or(short);
        if let Some((name, text)) = given {
            loaded.set(setting, setting.kind.parse(&text), Source::Environment, &name);
        }
    }
    for flag in flags {
        if let Some(setting) = setting(flag.key) {
            let place = format!("--{}", setting.key.replace('_', "-"));
            loaded.set(setting, setting.kind.parse(&flag.text), Source::Flag, &place);
        }
    }
    loaded
}

/// `DAYEND_*` variables that look like settings of a section of the table but are none: probably misspelt.
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let is_ours = |name: &str| SETTINGS.iter().any(|setting| setting.variable() == name);
    let section = |setting: &Setting| {
        setting
            .key
            .split_once('.')
            .map(|(section, _)| format!("DAYEND_{}_", section.to_uppercase()))
    };
    let looks_ours =
        |name: &str| SETTINGS.iter().filter_map(section).any(|section| name.starts_with(&section));
    names.filter(|name| looks_ours(name) && !is_ours(name)).collect()
}

impl Loaded {
    fn add_file(&mut self, text: &str) {
        match DeTable::parse(text) {
            Ok(table) => self.add_table(text, "", table.get_ref()),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                self.problems.push(format!(
                    "dayend.toml line {line}: {}",
                    error.message().replace('\n', ", ")
                ));
            }
        }
    }

    fn add_table(&mut self, text: &str, prefix: &str, table: &DeTable<'_>) {
        let mut pairs: Vec<(&Spanned<_>, &Spanned<DeValue<'_>>)> = table.iter().collect();
        pairs.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in pairs {
            let line = line_of(text, key.span().start);
            let name = format!("{prefix}{}", key.get_ref());
            if let Some(setting) = setting(&name) {
                let place = format!("dayend.toml line {line}");
                self.set(
                    setting,
                    setting.kind.parse_toml(value.get_ref()),
                    Source::File { line },
                    &place,
                );
            } else if let (Some(inner), true) = (value.get_ref().as_table(), is_section(&name)) {
                self.add_table(text, &format!("{name}."), inner);
            } else {
                self.problems.push(format!(
                    "dayend.toml line {line}: there is no setting {name:?} (`dayend config check` lists all settings)"
                ));
            }
        }
    }

    fn set(
        &mut self,
        setting: &Setting,
        value: Result<Value, String>,
        source: Source,
        place: &str,
    ) {
        match value {
            Ok(value) => {
                self.entries.insert(setting.key, Entry { value, source });
            }
            // A variable or a flag has the setting's name already.
            Err(problem) => self.problems.push(match source {
                Source::File { .. } | Source::Default => {
                    format!("{place}: {}: {problem}", setting.key)
                }
                Source::Environment | Source::Flag => format!("{place}: {problem}"),
            }),
        }
    }
}

/// A shorter name of a setting's variable.
fn alias(key: &str) -> Option<&'static str> {
    (key == "identity.master_key_file").then_some("DAYEND_MASTER_KEY_FILE")
}

fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn is_section(name: &str) -> bool {
    SETTINGS
        .iter()
        .any(|setting| setting.key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_wins_over_the_one_below() {
        let file = "listen = \"127.0.0.1:1\"\n[identity]\nhash_threads = 3\n[http]\nallow = [\"10.0.0.0/8\"]\n";
        let variable = |name: &str| match name {
            "DAYEND_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "DAYEND_IDENTITY_HASH_THREADS" => Some("4".to_owned()),
            _ => None,
        };
        let flags = [Flag { key: "listen", text: "127.0.0.1:3".to_owned() }];
        let loaded = load(file, variable, &flags);
        assert_eq!(loaded.problems, Vec::<String>::new());
        let seen =
            |key| (loaded.entry(key).value.to_string(), loaded.entry(key).source.to_string());
        assert_eq!(seen("listen"), ("\"127.0.0.1:3\"".to_owned(), "command line".to_owned()));
        assert_eq!(seen("identity.hash_threads"), ("4".to_owned(), "environment".to_owned()));
        assert_eq!(
            seen("http.allow"),
            ("[\"10.0.0.0/8\"]".to_owned(), "dayend.toml line 5".to_owned())
        );
        assert_eq!(seen("plain_http"), ("false".to_owned(), "default".to_owned()));
    }

    #[test]
    fn every_mistake_names_its_key_and_its_place() {
        #[rustfmt::skip]
        let cases = [
            ("lisen = 1\n",                       "dayend.toml line 1: there is no setting \"lisen\" (`dayend config check` lists all settings)"),
            ("\n\n[http]\nalow = []\n",           "dayend.toml line 4: there is no setting \"http.alow\" (`dayend config check` lists all settings)"),
            ("[htpp]\nallow = []\n",              "dayend.toml line 1: there is no setting \"htpp\" (`dayend config check` lists all settings)"),
            ("http = 5\n",                        "dayend.toml line 1: there is no setting \"http\" (`dayend config check` lists all settings)"),
            ("listen = 5\n",                      "dayend.toml line 1: listen: a text is expected, not a integer"),
            ("listen = \"here\"\n",               "dayend.toml line 1: listen: \"here\" is not an address such as 127.0.0.1:8443"),
            ("\nhttp.allow = [\"x\"]\n",          "dayend.toml line 2: http.allow: \"x\" is not a network such as 10.0.0.0/8"),
            ("[limits]\nsql = 0\n",                 "dayend.toml line 2: limits.sql: 0 is not between 1 and 10000"),
        ];
        for (file, problem) in cases {
            assert_eq!(load(file, |_| None, &[]).problems, [problem], "{file}");
        }
        let environment =
            load("", |name| (name == "DAYEND_PLAIN_HTTP").then(|| "yes".to_owned()), &[]);
        assert_eq!(environment.problems, ["DAYEND_PLAIN_HTTP: \"yes\" is neither true nor false"]);
        let flag = load("", |_| None, &[Flag { key: "base_url", text: "here".to_owned() }]);
        assert_eq!(
            flag.problems,
            ["--base-url: \"here\": a base URL begins with https:// or http:// and a host"]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_is_one_problem_with_its_line() {
        let problems =
            load("listen = \"127.0.0.1:1\"\nbase_url = \"unfinished\n", |_| None, &[]).problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("dayend.toml line 2: "), "{problems:?}");
    }

    #[test]
    fn misspelt_variables_of_our_sections_are_found_and_others_left_alone() {
        let names =
            ["DAYEND_HTTP_ALLOW", "DAYEND_HTTP_ALOW", "DAYEND_PROFILE", "HOME"].map(str::to_owned);
        assert_eq!(unknown_variables(names.into_iter()), ["DAYEND_HTTP_ALOW"]);
    }
}
