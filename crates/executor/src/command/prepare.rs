//! From a command task and its parameters to what a shim can run: argument by argument, never through a shell.

use crate::attempt_dir::AttemptDir;
use crate::command::program;
use crate::port::Attempt;
use crate::settings::Settings;
use crate::shim::spec::{Spec, UserIds};
use dayend_engine::codes::shortened;
use dayend_engine::definition::CommandWork;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::Path;

/// The search path of all commands.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Names that change how programs are found, loaded or reach the network; not for tasks to set.
const RESERVED: [&str; 10] = [
    "PATH",
    "IFS",
    "ENV",
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "PS4",
    "PROMPT_COMMAND",
];
const RESERVED_PREFIXES: [&str; 3] = ["LD_", "DAYEND_", "BASH_FUNC_"];

/// What the shim of this attempt is to run, or why the attempt fails.
pub(super) fn prepare(
    settings: &Settings,
    dir: &AttemptDir,
    attempt: &Attempt,
    work: &CommandWork,
) -> Result<Spec, String> {
    let params = &attempt.params;
    let written = work.argv.first().map(String::as_str).unwrap_or_default();
    let argv: Vec<String> = work.argv.iter().map(|argument| params.fill(argument)).collect();
    if let Some(at) = argv.iter().position(|argument| argument.contains('\0')) {
        return Err(format!("argument {at} of the command holds a NUL character"));
    }
    let program = program::resolve(&settings.command, written, params)?;
    let mut env = fixed_environment(dir)?;
    for (name, value) in &work.env {
        env.insert(checked_name(name)?.to_owned(), checked_value(name, params.fill(value))?);
    }
    env.extend(own_environment(settings, attempt)?);
    let user = settings.command.user.as_deref().map(find_user).transpose()?;
    let grace_ms = u64::try_from(settings.command.grace.as_millis()).unwrap_or(u64::MAX);
    let rlimits = settings.command.rlimits;
    let (log_bytes, keep_cwd) = (settings.limits.log_bytes, !work.files.outputs.is_empty());
    Ok(Spec { program, argv, env, user, rlimits, log_bytes, grace_ms, keep_cwd })
}

/// What a task may replace, and the path, which it may not.
fn fixed_environment(dir: &AttemptDir) -> Result<BTreeMap<String, String>, String> {
    let cwd = utf8(&dir.cwd())?;
    let pairs = [
        ("PATH", PATH.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", cwd.clone()),
        ("TMPDIR", cwd),
    ];
    Ok(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}

fn own_environment(
    settings: &Settings,
    attempt: &Attempt,
) -> Result<Vec<(String, String)>, String> {
    let pairs = [
        ("DAYEND_RUN_ID", attempt.run_id.to_string()),
        ("DAYEND_TASK", attempt.code().to_owned()),
        ("DAYEND_MIS_DATE", attempt.mis_date.to_string()),
        ("DAYEND_ATTEMPT", attempt.attempt.to_string()),
        ("DAYEND_FENCE", attempt.id.epoch.to_string()),
        ("DAYEND_IDEMPOTENCY_KEY", attempt.idempotency_key()),
        ("DAYEND_WORK", utf8(&settings.work_dir)?),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| checked_value(name, value).map(|value| (name.to_owned(), value)))
        .collect()
}

fn checked_name(name: &str) -> Result<&str, String> {
    let upper = name.to_ascii_uppercase();
    let reserved = RESERVED.contains(&upper.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
        || upper.ends_with("_PROXY");
    if name.is_empty() || name.contains(['=', '\0']) {
        Err(format!("`{}` is not a name of an environment variable", shortened(name)))
    } else if reserved {
        Err(format!("a task may not set the environment variable `{}`", shortened(name)))
    } else {
        Ok(name)
    }
}

fn checked_value(name: &str, value: String) -> Result<String, String> {
    if value.contains('\0') {
        return Err(format!(
            "the environment variable `{}` would hold a NUL character",
            shortened(name)
        ));
    }
    Ok(value)
}

fn utf8(path: &Path) -> Result<String, String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("the path {} is not UTF-8", path.display()))
}

fn find_user(name: &str) -> Result<UserIds, String> {
    let unknown = |reason: String| {
        format!("the user `{}` that commands are to run as {reason}", shortened(name))
    };
    let user = nix::unistd::User::from_name(name)
        .map_err(|error| unknown(format!("cannot be looked up: {error}")))?;
    let user = user.ok_or_else(|| unknown("does not exist".to_owned()))?;
    let c_name = CString::new(name).map_err(|_| unknown("does not exist".to_owned()))?;
    let groups = nix::unistd::getgrouplist(&c_name, user.gid)
        .map_err(|error| unknown(format!("has no readable groups: {error}")))?;
    Ok(UserIds {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_cannot_set_what_changes_how_programs_run() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "ld_library_path",
            "IFS",
            "BASH_ENV",
            "ENV",
            "http_proxy",
            "ALL_PROXY",
            "no_proxy",
            "DAYEND_FENCE",
            "A=B",
            "",
            "A\0",
        ] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        for name in ["SRC", "HOME", "TMPDIR", "LANG", "PROXY", "MY_PATH", "OLD_"] {
            assert_eq!(checked_name(name), Ok(name));
        }
    }

    #[test]
    fn a_user_that_does_not_exist_is_a_clear_failure() {
        assert!(find_user("no-such-user-here").unwrap_err().contains("does not exist"));
        assert_eq!(find_user("root").map(|user| user.uid), Ok(0));
    }
}
