//! Chores of the repository: `cargo xtask` lists them.

mod tidy;

use anyhow::Context as _;
use std::env::args;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
Chores of the repository.

Usage: cargo xtask <command>

Commands:
  tidy    Checks what compiler and clippy cannot: layers, lengths, names, links, migrations
  help    Prints this list
";

/// A command line that means nothing.
const WRONG_USAGE: u8 = 2;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => run_tidy(),
        [] | ["help" | "--help" | "-h"] => {
            say(HELP)?;
            Ok(ExitCode::SUCCESS)
        }
        unknown => {
            say(&format!("`{}` is no command.\n\n{HELP}", unknown.join(" ")))?;
            Ok(ExitCode::from(WRONG_USAGE))
        }
    }
}

fn run_tidy() -> anyhow::Result<ExitCode> {
    let findings = tidy::check(&tidy::Tree::load(&repository())?);
    for finding in &findings {
        say(&format!("{finding}\n"))?;
    }
    if findings.is_empty() {
        say("tidy: nothing to complain about\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("tidy: {} to put right\n", findings.len()))?;
    Ok(ExitCode::FAILURE)
}

/// The directory that holds the workspace.
fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn say(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")
}

#[cfg(test)]
mod tests {
    use super::{HELP, repository, tidy};

    #[test]
    fn the_repository_is_tidy() {
        let findings = tidy::check(&tidy::Tree::load(&repository()).unwrap());
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{} to put right:\n{}", lines.len(), lines.join("\n"));
    }

    #[test]
    fn help_names_every_command() {
        for command in ["tidy", "help"] {
            assert!(HELP.contains(&format!("\n  {command} ")), "{command}");
        }
    }
}
