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

/// The second argument: say by the exit code whether shim and server belong together.
pub(super) const FITS: &str = "fits";
/// Changes with everything that a server and its shims agree on: arguments, specification, files of an attempt.
pub(super) const AGREEMENT: &str = concat!(env!("CARGO_PKG_VERSION"), "+1");

/// Acts as a shim if the program was started as one, and returns how it should exit. Call this first in `main`:
/// commands wait for it.
pub fn main_if_shim() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MARKER {
        return None;
    }
    let (stage, subject) = (arguments.next()?, arguments.next()?);
    let dir = AttemptDir::at(PathBuf::from(&subject));
    let code = if stage == FITS {
        if subject == AGREEMENT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    } else if stage == SUPERVISE {
        supervise::supervise(&dir).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
    } else if stage == ENTER {
        enter::enter(&dir, arguments.next().as_deref())
    } else {
        ExitCode::FAILURE
    };
    Some(code)
}
