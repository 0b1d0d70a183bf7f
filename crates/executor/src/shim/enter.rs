//! The second stage: limits itself, then becomes the command.

use crate::attempt_dir::AttemptDir;
use crate::settings::Rlimits;
use crate::shim::spec::{Spec, UserIds};
use rustix::process::{Gid, Resource, Rlimit, Signal, Uid, getppid};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// The exit codes that shells use for commands that are not there and that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// Becomes the command of the attempt. Returns only if that failed; the reason then stands in the attempt's log.
pub(super) fn enter(dir: &AttemptDir, shim: Option<&OsStr>) -> ExitCode {
    let (reason, code) = match read_spec(dir) {
        Ok(spec) => match prepare(dir, &spec, shim) {
            Ok(()) => become_command(&spec),
            Err(error) => (format!("the command cannot be prepared: {error}"), NOT_EXECUTABLE),
        },
        Err(error) => {
            (format!("the attempt's specification cannot be read: {error}"), NOT_EXECUTABLE)
        }
    };
    // There is nobody else to tell if even this fails.
    let _ = writeln!(io::stderr(), "dayend: {reason}");
    ExitCode::from(code)
}

pub(super) fn read_spec(dir: &AttemptDir) -> io::Result<Spec> {
    Ok(serde_json::from_slice(&std::fs::read(dir.spec())?)?)
}

fn prepare(dir: &AttemptDir, spec: &Spec, shim: Option<&OsStr>) -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::chdir(dir.cwd())?;
    limit(&spec.rlimits)?;
    if let Some(user) = &spec.user {
        switch_to(user)?;
    }
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if parent.as_deref().map(OsStr::new) != shim {
        return Err(io::Error::other("the shim is gone"));
    }
    Ok(())
}

/// Closes whatever the server's starter left open: descriptors of ours close themselves on exec, foreign ones do not.
pub(super) fn close_inherited() {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let open: Vec<i32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in open.into_iter().filter(|number| *number > 2) {
        // The listing's own descriptor is among them and closed already.
        let _ = nix::unistd::close(number);
    }
}

fn limit(rlimits: &Rlimits) -> io::Result<()> {
    let wanted = [
        (Resource::Core, Some(0)),
        (Resource::Cpu, rlimits.cpu_s),
        (Resource::As, rlimits.address_space_bytes),
        (Resource::Nofile, rlimits.open_files),
        (Resource::Nproc, rlimits.processes),
        (Resource::Fsize, rlimits.file_size_bytes),
    ];
    for (resource, limit) in wanted {
        if let Some(limit) = limit {
            let maximum = rustix::process::getrlimit(resource).maximum;
            let limit = Some(maximum.map_or(limit, |maximum| maximum.min(limit)));
            rustix::process::setrlimit(resource, Rlimit { current: limit, maximum: limit })?;
        }
    }
    Ok(())
}

/// Takes another user's identity. This process has one thread, so the thread's identity is the process's.
fn switch_to(user: &UserIds) -> io::Result<()> {
    let groups: Vec<Gid> = user.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    rustix::thread::set_thread_groups(&groups)?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

fn become_command(spec: &Spec) -> (String, u8) {
    let mut argv = spec.argv.iter();
    let mut command = Command::new(&spec.program);
    if let Some(name) = argv.next() {
        command.arg0(name);
    }
    let error = command.args(argv).env_clear().envs(&spec.env).exec();
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
    (format!("cannot run `{}`: {error}", spec.program.display()), code)
}
