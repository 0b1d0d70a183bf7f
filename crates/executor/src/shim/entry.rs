//! How a program becomes a shim.

use crate::attempt_dir::AttemptDir;
use crate::shim::{enter, supervise};
use std::path::PathBuf;
use std::process::ExitCode;

/// The first argument of a shim.
pub(crate) const MARKER: &str = "--dayend-attempt-shim";
/// The second argument: watch over an attempt.
pub(crate) const SUPERVISE: &str = "supervise";
/// The second argument: become the attempt's command.
pub(super) const ENTER: &str = "enter";

/// Acts as a shim if the program was started as one, and returns how it should exit. Call this first in `main`:
/// commands wait for it.
pub fn main_if_shim() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MARKER {
        return None;
    }
    let (stage, dir) = (arguments.next()?, AttemptDir::at(PathBuf::from(arguments.next()?)));
    let code = if stage == SUPERVISE {
        supervise::supervise(&dir).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
    } else if stage == ENTER {
        enter::enter(&dir, arguments.next().as_deref())
    } else {
        ExitCode::FAILURE
    };
    Some(code)
}
