//! Starts a shim, and gets its attention later.

use crate::attempt_dir::AttemptDir;
use crate::command::prepare::prepare;
use crate::executors::Shared;
use crate::port::{Attempt, Outcome};
use crate::settings::Settings;
use crate::shim::spec::{Spec, UserIds};
use crate::shim::{MARKER, SUPERVISE};
use dayend_engine::definition::CommandWork;
use rustix::fs::{Gid, Mode, OFlags, Uid};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// Why there is no shim, and what that makes of the attempt.
pub(super) struct NotLaunched {
    pub(super) outcome: Outcome,
    pub(super) message: String,
}

/// Writes down what is to run, and says as whom.
pub(super) fn lay_out(
    settings: &Settings,
    dir: &AttemptDir,
    attempt: &Attempt,
    work: &CommandWork,
) -> Result<Option<UserIds>, NotLaunched> {
    let spec = prepare(settings, dir, attempt, work).map_err(NotLaunched::failed)?;
    make_dirs(settings, dir, &spec).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            // Whatever was started then may still run: this is no failure that may simply be repeated.
            let message = "the attempt was started before".to_owned();
            return NotLaunched { outcome: Outcome::Lost, message };
        }
        NotLaunched::failed(format!("the attempt's directory cannot be made: {error}"))
    })?;
    Ok(spec.user)
}

/// Starts the shim of what was written down.
pub(super) fn start(shared: &Shared, dir: &AttemptDir) -> Result<Child, NotLaunched> {
    spawn_shim(shared.shim.path(), dir).map_err(|error| {
        NotLaunched::failed(format!("the command's shim cannot be started: {error}"))
    })
}

impl NotLaunched {
    pub(super) fn failed(message: String) -> Self {
        Self { outcome: Outcome::Failed, message }
    }
}

/// Asks the shim to stop the command. Also works on one that another server started, or that has not got so far yet.
pub(super) fn ask_to_stop(dir: &AttemptDir) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(dir.stop())?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(dir.wake(), flags, Mode::empty()) {
        Ok(wake) => File::from(wake).write_all(b"!"),
        // It does not listen yet (then it will see the file) or no more.
        Err(rustix::io::Errno::NXIO | rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn make_dirs(settings: &Settings, dir: &AttemptDir, spec: &Spec) -> io::Result<()> {
    // Another user must be able to pass through to the command's current directory.
    let mode = if spec.user.is_some() { 0o711 } else { 0o700 };
    make_dir(&settings.work_dir, 0o700, spec)?;
    dir.create(mode)?;
    make_dir(&dir.cwd(), 0o700, spec)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(dir.spec())?;
    file.write_all(&serde_json::to_vec(spec)?)
}

/// Makes a directory that belongs to the commands' user; fine if it exists.
fn make_dir(path: &PathBuf, mode: u32, spec: &Spec) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(mode).create(path)?;
    if let Some(user) = &spec.user {
        rustix::fs::chown(path, Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)))?;
    }
    Ok(())
}

/// The shim gets nothing of the server's: no environment (it holds secrets), no descriptors, no current directory.
fn spawn_shim(shim: &Path, dir: &AttemptDir) -> io::Result<Child> {
    Command::new(shim)
        .arg0("dayend-shim")
        .arg(MARKER)
        .arg(SUPERVISE)
        .arg(dir.path())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
