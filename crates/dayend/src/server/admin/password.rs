//! Where a chosen password comes from: never from an argument, because arguments stand in the process list.

use super::super::failure::Failure;
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;

/// No password is longer; a file that is, is the wrong file.
const PASSWORD_FILE_MAX_BYTES: u64 = 4096;

/// At most one of the ways to give a password; none: it is generated.
#[derive(Debug, Args)]
#[group(id = "password_source", multiple = false)]
pub(super) struct PasswordArgs {
    /// Reads the password from a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Reads the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Asks for the password on the terminal
    #[arg(long)]
    prompt: bool,
}

impl PasswordArgs {
    /// The password that was chosen, if one was.
    pub(super) fn read(&self) -> Result<Option<SecretString>, Failure> {
        if let Some(path) = &self.password_file {
            let file = File::open(path);
            let text = file.and_then(|file| first_line(io::BufReader::new(file)));
            return text.map(Some).map_err(|error| {
                Failure::usage(format!("cannot read {}: {error}", path.display()))
            });
        }
        if self.password_stdin {
            let text = first_line(io::stdin().lock());
            return text.map(Some).map_err(|error| {
                Failure::usage(format!("cannot read a password from stdin: {error}"))
            });
        }
        if self.prompt { prompt().map(Some) } else { Ok(None) }
    }
}

fn first_line(mut from: impl BufRead) -> io::Result<SecretString> {
    let mut text = String::new();
    from.by_ref().take(PASSWORD_FILE_MAX_BYTES).read_line(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty"));
    }
    Ok(SecretString::from(text))
}

fn prompt() -> Result<SecretString, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "--prompt needs a terminal: use --password-stdin or --password-file",
        ));
    }
    let first = ask("New password: ")?;
    let second = ask("Once more: ")?;
    if first.expose_secret() != second.expose_secret() {
        return Err(Failure::usage("the two passwords are not the same"));
    }
    Ok(first)
}

fn ask(question: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot ask for a password: {error}"));
    let mut terminal = io::stderr();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).map_err(failed)?;
    let silence = Silence::begin().map_err(failed)?;
    let answer = first_line(io::stdin().lock());
    drop(silence);
    // The newline that was typed was not shown either.
    let _ = writeln!(terminal);
    answer.map_err(failed)
}

/// While it lives, the terminal does not show what is typed.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_without_its_end_is_the_password() {
        for (text, want) in [("geheim\nmore", "geheim"), ("a b \r\n", "a b "), ("x", "x")] {
            assert_eq!(first_line(text.as_bytes()).unwrap().expose_secret(), want);
        }
        assert!(first_line("\n".as_bytes()).is_err());
        assert!(first_line("".as_bytes()).is_err());
    }
}
