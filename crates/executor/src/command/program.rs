//! Which file a command's first argument means, and whether it may be run.

use crate::settings::CommandSettings;
use dayend_engine::codes::shortened;
use dayend_engine::params::{Params, Piece, pieces};
use std::path::{Component, Path, PathBuf};

/// The absolute path to execute. A relative program is looked for in the commands' directory, never on a search path.
pub(super) fn resolve(
    settings: &CommandSettings,
    written: &str,
    params: &Params,
) -> Result<PathBuf, String> {
    if let Some(name) = unfit_parameter(written, params) {
        return Err(format!("the value of ${name}$ cannot be part of a program's path"));
    }
    let name = params.fill(written);
    if name.is_empty() {
        return Err("the command has no program".to_owned());
    }
    let path = Path::new(&name);
    if path.is_absolute() { absolute(settings, path) } else { relative(settings, path) }
}

/// The first parameter in the program whose value is more than a plain piece of a file name.
fn unfit_parameter<'a>(written: &'a str, params: &Params) -> Option<&'a str> {
    let is_plain = |value: &str| {
        let letters = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        letters && !value.is_empty() && !value.starts_with(['-', '.'])
    };
    pieces(written, |name| params.declared.contains_key(name)).into_iter().find_map(|piece| {
        match piece {
            Piece::Name(name) => {
                params.declared.get(name).is_some_and(|value| !is_plain(value)).then_some(name)
            }
            Piece::Literal(_) => None,
        }
    })
}

fn absolute(settings: &CommandSettings, path: &Path) -> Result<PathBuf, String> {
    if settings.roots.is_empty() {
        return Ok(path.to_path_buf());
    }
    let real = real_path(path)?;
    if is_below_a_root(settings, &real) {
        Ok(real)
    } else {
        Err(format!("{} is outside the directories that commands may come from", named(path)))
    }
}

fn relative(settings: &CommandSettings, path: &Path) -> Result<PathBuf, String> {
    let escapes =
        path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if escapes {
        return Err(format!("{} leaves the commands' directory", named(path)));
    }
    let full = settings.dir.join(path);
    let real = real_path(&full).map_err(|reason| {
        format!("{reason} (a relative program is looked for in the commands' directory)")
    })?;
    // Without roots any absolute path may be run, so a link in the commands' directory may lead anywhere too.
    if settings.roots.is_empty() {
        return Ok(full);
    }
    if !is_below_a_root(settings, &real) {
        return Err(format!(
            "{} leads outside the directories that commands may come from",
            named(path)
        ));
    }
    Ok(real)
}

fn is_below_a_root(settings: &CommandSettings, real: &Path) -> bool {
    settings
        .roots
        .iter()
        .filter_map(|root| root.canonicalize().ok())
        .any(|root| real.starts_with(root))
}

fn real_path(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| format!("{} cannot be found: {error}", named(path)))
}

fn named(path: &Path) -> String {
    format!("`{}`", shortened(&path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{GRACE, Rlimits};
    use std::os::unix::fs::symlink;

    fn settings(dir: &Path, roots: &[PathBuf]) -> CommandSettings {
        CommandSettings {
            user: None,
            roots: roots.to_vec(),
            dir: dir.to_path_buf(),
            grace: GRACE,
            rlimits: Rlimits::default(),
            shim: None,
        }
    }

    #[test]
    fn a_program_is_found_only_where_programs_may_be() {
        let root = tempfile::tempdir().unwrap();
        let (dir, other) = (root.path().join("dir"), root.path().join("other"));
        std::fs::create_dir_all(dir.join("sub")).unwrap();
        std::fs::create_dir_all(&other).unwrap();
        for file in [dir.join("load.sh"), dir.join("sub/x"), other.join("tool")] {
            std::fs::write(file, "").unwrap();
        }
        symlink(other.join("tool"), dir.join("link")).unwrap();
        let params = Params {
            declared: [
                ("A", "sub"),
                ("UP", ".."),
                ("ABS", "/bin/sh"),
                ("OPT", "-x"),
                ("NL", "a\nb"),
                ("NONE", ""),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            ..Params::default()
        };
        let free = settings(&dir, &[]);
        let rooted = settings(&dir, std::slice::from_ref(&other));
        let tool = other.join("tool");
        let tool = tool.to_str().unwrap();
        #[rustfmt::skip]
        let cases: [(&CommandSettings, &str, Result<PathBuf, &str>); 16] = [
            (&free, "./load.sh", Ok(dir.join("load.sh"))),
            (&free, "load.sh", Ok(dir.join("load.sh"))),
            (&free, "$A$/x", Ok(dir.join("sub/x"))),
            (&free, tool, Ok(PathBuf::from(tool))),
            (&free, "../other/tool", Err("leaves the commands' directory")),
            (&free, "sub/../load.sh", Err("leaves the commands' directory")),
            (&free, "link", Ok(dir.join("link"))),
            (&free, "missing", Err("cannot be found")),
            (&free, "$UP$/other/tool", Err("$UP$")),
            (&free, "$ABS$", Err("$ABS$")),
            (&free, "$OPT$", Err("$OPT$")),
            (&free, "$NL$", Err("$NL$")),
            (&free, "", Err("no program")),
            (&rooted, "/bin/sh", Err("outside the directories")),
            (&rooted, tool, Ok(PathBuf::from(tool).canonicalize().unwrap())),
            (&rooted, "load.sh", Err("leads outside")),
        ];
        for (settings, written, want) in cases {
            match (resolve(settings, written, &params), want) {
                (Ok(got), Ok(want)) => assert_eq!(got, want, "{written}"),
                (Err(got), Err(want)) => assert!(got.contains(want), "{written}: {got}"),
                (got, want) => panic!("{written}: {got:?}, not {want:?}"),
            }
        }
    }
}
