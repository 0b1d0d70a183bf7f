//! The binary: it wires the server together, and is a client of it.

mod cli;
mod client;
mod commands;
mod demo;
mod sample;
mod server;

use clap::Parser as _;
use dayend_wire::exit::ExitCode;

fn main() -> std::process::ExitCode {
    // First of all, because a shim stands before every command task.
    if let Some(code) = dayend_executor::shim::main_if_shim() {
        return code;
    }
    let cli = cli::Cli::parse();
    // A panic has been reported by its hook; scripts must not take it for a failed run.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cli::run(cli)))
        .unwrap_or_else(|_| ExitCode::Bug.into())
}
