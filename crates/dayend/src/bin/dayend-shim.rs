//! The small program that stands before command tasks: nothing but the shim of the server beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    dayend_executor::shim::main_if_shim().unwrap_or(ExitCode::FAILURE)
}
