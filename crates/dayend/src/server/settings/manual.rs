//! The table as the text of `init`'s file.

use super::table::SETTINGS;
use std::fmt::Write as _;

/// A `dayend.toml` in which every setting is explained and commented out; `set` are the keys that are really set.
pub(crate) fn commented_file(set: &[(&str, String)]) -> String {
    let mut file = String::from(
        "# Settings of this Dayend server. A `DAYEND_*` variable wins over this file, a flag wins over both.\n\
         # `dayend config check --data DIR` shows what is in force and where it comes from.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let (of, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            let _ = write!(file, "\n[{of}]\n");
            section = of;
        }
        let given = set.iter().find(|(key, _)| *key == setting.key);
        let _ = match given {
            Some((_, value)) => write!(
                file,
                "\n# {}\n{name} = {}\n",
                setting.doc,
                toml::Value::from(value.as_str())
            ),
            None => write!(file, "\n# {}\n#{name} = {}\n", setting.doc, setting.default_value()),
        };
    }
    file
}

#[cfg(test)]
mod tests {
    use super::super::load::{Source, load};
    use super::*;

    #[test]
    fn the_file_that_init_writes_is_read_back_without_a_problem() {
        let file = commented_file(&[("listen", "127.0.0.1:9".to_owned())]);
        let loaded = load(&file, |_| None, &[]);
        assert_eq!(loaded.problems, Vec::<String>::new());
        assert_eq!(loaded.entry("listen").value.to_string(), "\"127.0.0.1:9\"");
    }

    #[test]
    fn the_file_is_still_good_when_every_setting_is_uncommented() {
        let file = commented_file(&[]);
        let uncommented: String = file
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)
            })
            .fold(String::new(), |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            });
        let loaded = load(&uncommented, |_| None, &[]);
        assert_eq!(loaded.problems, Vec::<String>::new(), "{uncommented}");
        for setting in SETTINGS {
            assert_ne!(loaded.entry(setting.key).source, Source::Default, "{}", setting.key);
        }
    }

    #[test]
    fn the_manual_lists_every_setting_as_the_table_has_it() {
        let manual = include_str!("../../../../../docs/operating.md");
        for setting in SETTINGS {
            let line = format!(
                "| `{}` | `{}` | `{}` | {} |",
                setting.key,
                setting.variable(),
                setting.default_value(),
                setting.doc
            );
            assert!(
                manual.lines().any(|found| found == line),
                "docs/operating.md lacks the line\n{line}"
            );
        }
    }
}
