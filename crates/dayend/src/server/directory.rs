//! The data directory: what lies where, who may read it, and whether it is whole.

use super::failure::Failure;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A settings file larger than this is none of ours.
const SETTINGS_MAX_BYTES: u64 = 1024 * 1024;

/// The paths below one data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The directory at `path`; nothing is looked at yet.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let root = std::path::absolute(path).map_err(|error| {
            Failure::usage(format!("{} is not a path: {error}", path.display()))
        })?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
    pub(super) fn database(&self) -> PathBuf {
        self.root.join("dayend.db")
    }
    pub(super) fn settings(&self) -> PathBuf {
        self.root.join("dayend.toml")
    }
    pub(super) fn profile(&self) -> PathBuf {
        self.root.join("profile.json")
    }
    pub(super) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }
    pub(super) fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }
    pub(super) fn ca(&self) -> PathBuf {
        self.tls().join("ca.pem")
    }
    pub(super) fn ca_key(&self) -> PathBuf {
        self.tls().join("ca-key.pem")
    }
    pub(super) fn cert(&self) -> PathBuf {
        self.tls().join("cert.pem")
    }
    pub(super) fn key(&self) -> PathBuf {
        self.tls().join("key.pem")
    }
    pub(super) fn commands(&self) -> PathBuf {
        self.root.join("commands")
    }
    pub(super) fn attempts(&self) -> PathBuf {
        self.root.join("attempts")
    }
    pub(super) fn files(&self) -> PathBuf {
        self.root.join("files")
    }
    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }
    /// Stands in the directory while `init` works.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.root.join("unfinished")
    }

    /// Whether this is a whole data directory that we may use: the server's and the administrator's first question.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let shown = self.root.display();
        let metadata = match fs::metadata(&self.root) {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return Err(Failure::usage(format!("{shown} is not a directory"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Failure::usage(format!(
                    "{shown} does not exist: make it with `dayend init --data {shown}`"
                )));
            }
            Err(error) => {
                return Err(Failure::cannot_serve(format!("{shown} cannot be read: {error}")));
            }
        };
        if let Err(error) = fs::read_dir(&self.root) {
            return Err(Failure::cannot_serve(format!("{shown} cannot be read: {error}")));
        }
        if self.unfinished().exists() {
            return Err(Failure::usage(format!(
                "{shown} is unfinished: `dayend init` was stopped half-way; run `dayend init --data {shown}` again"
            )));
        }
        if !self.settings().exists() {
            return Err(self.not_ours());
        }
        if metadata.permissions().mode() & 0o027 != 0 {
            return Err(Failure::cannot_serve(format!(
                "{shown} can be read or changed by other users: run `chmod 700 {shown}`"
            )));
        }
        self.check_writable()
    }

    /// Whether the database's file is there: the question of all who do not use a database server.
    pub(super) fn check_database(&self) -> Result<(), Failure> {
        if self.database().exists() { Ok(()) } else { Err(self.not_ours()) }
    }

    fn not_ours(&self) -> Failure {
        let shown = self.root.display();
        Failure::usage(format!(
            "{shown} is not a data directory of Dayend: make one with `dayend init --data {shown}`"
        ))
    }

    fn check_writable(&self) -> Result<(), Failure> {
        use rustix::fs::{Access, access};
        access(&self.root, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            let sentence =
                format!("{} cannot be written to: {}", self.root.display(), io::Error::from(error));
            Failure::cannot_serve(sentence)
        })
    }

    /// The text of `dayend.toml`; a missing file is an empty one.
    pub(super) fn read_settings(&self) -> Result<String, Failure> {
        let path = self.settings();
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        let mode =
            file.metadata().map_err(|error| cannot("read", &path, &error))?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(Failure::cannot_serve(format!(
                "{0} can be changed by other users: run `chmod 600 {0}`",
                path.display()
            )));
        }
        let mut text = String::new();
        file.take(SETTINGS_MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| cannot("read", &path, &error))?;
        Ok(text)
    }
}

/// Reads a key file, unless somebody else may read it too.
pub(super) fn read_secret(path: &Path) -> Result<String, Failure> {
    let read = || -> io::Result<(u32, String)> {
        let mut file = fs::File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok((mode, text))
    };
    let (mode, text) = read().map_err(|error| cannot("read", path, &error))?;
    if mode & 0o077 != 0 {
        return Err(Failure::cannot_serve(format!(
            "the key {0} can be read by other users: run `chmod 600 {0}`, and consider it known to them",
            path.display()
        )));
    }
    Ok(text)
}

/// Makes a directory that only its owner may enter.
pub(super) fn make_directory(path: &Path) -> Result<(), Failure> {
    let made = fs::DirBuilder::new().mode(0o700).create(path);
    made.map_err(|error| {
        Failure::cannot_serve(format!("{} cannot be made: {error}", path.display()))
    })
}

/// Puts a file in its place whole or not at all, and on disk before it returns.
pub(super) fn write_file(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = parent.join(name);
    let write = || -> io::Result<()> {
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
        // The umask may have taken bits away that readers of a certificate need.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        fs::File::open(parent)?.sync_all()
    };
    write().map_err(|error| cannot("write", path, &error))
}

/// Makes `DIR/commands/dayend` lead to the running program, so that definitions can name it without knowing where it is.
pub(super) fn link_program(directory: &Directory) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::cannot_serve(format!("the program's own path is not known: {error}"))
    })?;
    let link = directory.commands().join("dayend");
    if fs::read_link(&link).is_ok_and(|target| target == program) {
        return Ok(());
    }
    let fresh = directory.commands().join(".dayend.new");
    let make = || -> io::Result<()> {
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::os::unix::fs::symlink(&program, &fresh)?;
        fs::rename(&fresh, &link)
    };
    make().map_err(|error| cannot("write", &link, &error))
}

/// A failure to do something with a path.
pub(super) fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::cannot_serve(format!("cannot {verb} {}: {error}", path.display()))
}
