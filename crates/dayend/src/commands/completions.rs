//! `dayend completions`: a script that lets the shell complete our commands.

use crate::client::print;
use clap::Args;
use clap_complete::Shell;
use dayend_wire::exit::ExitCode;

/// Prints a completion script for a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for `command`.
    pub(crate) fn run(&self, mut command: clap::Command) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "dayend", &mut script);
        print(&String::from_utf8_lossy(&script));
        ExitCode::Success
    }
}
