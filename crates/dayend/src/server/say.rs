//! What a server command says to the person or script that started it.

use super::failure::Failure;
use std::io::{self, Write as _};

/// Prints a line on stdout. A reader that went away has seen enough; a full disk behind stdout is an error.
pub(super) fn say(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::cannot_serve(format!("stdout cannot be written to: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a line on stderr; there is nobody to tell if that fails.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
