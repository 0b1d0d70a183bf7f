//! `dayend config check`: what is in force, where it comes from, and what it means.

use super::directory::Directory;
use super::failure::{Failure, exit_code};
use super::say::{complain, say};
use super::settings::{Flag, Loaded, SETTINGS, Settings, load, unknown_variables};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Settings of the server
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Prints every setting with its value and source, and says what is wrong
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// Prints one JSON array instead
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ConfigArgs) -> ExitCode {
    let ConfigVerb::Check(args) = &args.verb;
    exit_code(check(args))
}

fn check(args: &CheckArgs) -> Result<(), Failure> {
    let directory = Directory::at(&args.data)?;
    if !directory.root().is_dir() {
        return Err(Failure::usage(format!("{} is not a directory", directory.root().display())));
    }
    let loaded = read(&directory, &[])?;
    say(&if args.json { as_json(&loaded).to_string() } else { as_text(&loaded) })?;
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in unknown_variables(names) {
        complain(&format!("note: {name} is in the environment, but there is no such setting"));
    }
    match Settings::new(&loaded) {
        Ok(_) => Ok(()),
        Err(problems) => Err(refused(&problems, problems.len())),
    }
}

/// Reads the settings of a data directory, with the process's environment and the given flags above the file.
pub(super) fn read(directory: &Directory, flags: &[Flag]) -> Result<Loaded, Failure> {
    let file = directory.read_settings()?;
    let mut unreadable = Vec::new();
    for setting in SETTINGS {
        if std::env::var_os(setting.variable()).is_some_and(|value| value.to_str().is_none()) {
            unreadable.push(format!("{} is not UTF-8", setting.variable()));
        }
    }
    let mut loaded = load(&file, |name| std::env::var(name).ok(), flags);
    loaded.problems.extend(unreadable);
    Ok(loaded)
}

/// The settings in force, or the first thing that is wrong with them.
pub(super) fn valid(directory: &Directory, flags: &[Flag]) -> Result<Settings, Failure> {
    Settings::new(&read(directory, flags)?).map_err(|problems| refused(&problems, 1))
}

/// The settings of a whole data directory, or why it is none.
pub(super) fn of_whole(directory: &Directory, flags: &[Flag]) -> Result<Settings, Failure> {
    directory.check()?;
    let settings = valid(directory, flags)?;
    if settings.database.is_none() {
        directory.check_database()?;
    }
    Ok(settings)
}

fn refused(problems: &[String], shown: usize) -> Failure {
    let sentence = problems.iter().take(shown).cloned().collect::<Vec<_>>().join("\ndayend: ");
    match problems.len().saturating_sub(shown) {
        0 => Failure::usage(sentence),
        more => Failure::usage(format!("{sentence} (and {more} more: see `dayend config check`)")),
    }
}

fn as_text(loaded: &Loaded) -> String {
    let block = |setting: &super::settings::Setting| {
        let entry = loaded.entry(setting.key);
        format!(
            "{} = {}\n    {} ({})\n    {}",
            setting.key,
            entry.value,
            entry.source,
            setting.variable(),
            setting.doc
        )
    };
    SETTINGS.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn as_json(loaded: &Loaded) -> Value {
    let row = |setting: &super::settings::Setting| {
        let entry = loaded.entry(setting.key);
        json!({
            "key": setting.key,
            "value": entry.value.to_json(),
            "source": entry.source.to_string(),
            "variable": setting.variable(),
            "about": setting.doc,
        })
    };
    SETTINGS.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_shows_value_source_variable_and_meaning() {
        let loaded = load("[http]\nallow = [\"127.0.0.1/32\"]\n", |_| None, &[]);
        let text = as_text(&loaded);
        assert!(text.starts_with(
            "listen = \"127.0.0.1:8443\"\n    default (DAYEND_LISTEN)\n    Where the server listens; port 0 takes a free one.\n"
        ));
        assert!(
            text.contains(
                "\nhttp.allow = [\"127.0.0.1/32\"]\n    dayend.toml line 2 (DAYEND_HTTP_ALLOW)\n"
            ),
            "{text}"
        );
        let row = as_json(&loaded)
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == "http.allow")
            .cloned()
            .unwrap();
        assert_eq!(row["value"], json!(["127.0.0.1/32"]));
        assert_eq!(row["source"], "dayend.toml line 2");
    }

    #[test]
    fn a_start_names_one_problem_and_the_check_names_all() {
        let problems = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
        assert_eq!(refused(&problems, 1).sentence, "one (and 2 more: see `dayend config check`)");
        assert_eq!(refused(&problems, 3).sentence, "one\ndayend: two\ndayend: three");
    }
}
