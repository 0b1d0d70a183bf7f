//! A data directory while `init` works on it: marked and locked, so that a killed `init` leaves nothing that looks whole.

use super::directory::{Directory, cannot};
use super::failure::Failure;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

/// What a fresh file system has in its root.
const NOT_OURS: &str = "lost+found";
/// Stands in the mark before the tenant.
const TENANT: &str = "tenant: ";
/// The names that `init` makes; the database's files all begin with `dayend.`.
const OURS: [&str; 6] = ["profile.json", "keys", "tls", "commands", "attempts", "work"];

/// The mark in a directory that is being made. Dropped before [`Unfinished::finish`], everything made is removed again.
pub(super) struct Unfinished {
    directory: Directory,
    mark: Option<File>,
    made_root: bool,
    /// The tenant whose installation stands in a database server, made by this `init` or a stopped one.
    tenant: Option<String>,
}

impl Unfinished {
    /// Makes or takes the directory, which must be empty or left behind by an `init` that was stopped.
    pub(super) fn begin(directory: &Directory) -> Result<Self, Failure> {
        let root = directory.root();
        let made_root = match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => false,
            Ok(_) => return Err(Failure::usage(format!("{} is not a directory", root.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(root).map_err(|error| cannot("make", root, &error))?;
                true
            }
            Err(error) => return Err(cannot("read", root, &error)),
        };
        let again = directory.unfinished().exists();
        if !again {
            refuse_if_used(directory)?;
        }
        fs::set_permissions(root, fs::Permissions::from_mode(0o700))
            .map_err(|error| cannot("protect", root, &error))?;
        let (mark, tenant) = mark(directory)?;
        let unfinished = Self { directory: directory.clone(), mark: Some(mark), made_root, tenant };
        if again {
            unfinished.remove_leftovers()?;
        }
        Ok(unfinished)
    }

    /// The tenant that a stopped `init` began to make in a database server.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Notes, before it happens, that an installation is made in a database server.
    pub(super) fn promise(&mut self, tenant: &str) -> Result<(), Failure> {
        self.tenant = Some(tenant.to_owned());
        let path = self.directory.unfinished();
        let Some(mark) = &mut self.mark else { return Ok(()) };
        sign(mark, self.tenant.as_deref()).map_err(|error| cannot("write", &path, &error))
    }

    /// Everything is made: takes the mark away.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let path = self.directory.unfinished();
        let root = self.directory.root().to_owned();
        let sync = || File::open(&root)?.sync_all();
        sync().map_err(|error| cannot("write", &root, &error))?;
        fs::remove_file(&path).map_err(|error| cannot("remove", &path, &error))?;
        sync().map_err(|error| cannot("write", &root, &error))?;
        self.mark = None;
        Ok(())
    }

    fn remove_leftovers(&self) -> Result<(), Failure> {
        let (ours, others) = leftovers(&self.directory)?;
        if let Some(other) = others.first() {
            return Err(Failure::usage(format!(
                "{} is not from `dayend init`: move it away, or choose another directory",
                other.display()
            )));
        }
        for path in ours {
            let is_directory = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            let removed =
                if is_directory { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|error| cannot("remove", &path, &error))?;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // With the mark goes the knowledge whose the installation in the server is.
        if self.mark.is_some() && self.remove_leftovers().is_ok() && self.tenant.is_none() {
            // What cannot be removed stays marked, and the next `init` tries again.
            let _ = fs::remove_file(self.directory.unfinished());
            if self.made_root {
                let _ = fs::remove_dir(self.directory.root());
            }
        }
    }
}

fn refuse_if_used(directory: &Directory) -> Result<(), Failure> {
    let shown = directory.root().display();
    if directory.settings().exists() || directory.database().exists() {
        return Err(Failure::usage(format!(
            "{shown} is initialised already: start it with `dayend serve --data {shown}`"
        )));
    }
    let (ours, others) = leftovers(directory)?;
    match ours.into_iter().chain(others).next() {
        Some(path) => {
            Err(Failure::usage(format!("{shown} is not empty: {} is in it", path.display())))
        }
        None => Ok(()),
    }
}

/// Makes or takes the mark; what it says of an earlier `init` stays in it.
fn mark(directory: &Directory) -> Result<(File, Option<String>), Failure> {
    let path = directory.unfinished();
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| cannot("write", &path, &error))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Err(Failure::in_use(format!(
            "another `dayend init` works on {}",
            directory.root().display()
        )));
    }
    let mut said = String::new();
    // What is no text was not written by us.
    let _ = file.read_to_string(&mut said);
    let tenant = said.lines().find_map(|line| line.strip_prefix(TENANT)).map(str::to_owned);
    sign(&mut file, tenant.as_deref()).map_err(|error| cannot("write", &path, &error))?;
    Ok((file, tenant))
}

fn sign(mark: &mut File, tenant: Option<&str>) -> io::Result<()> {
    let mut text = "`dayend init` is making this data directory. If it was stopped, run it again: it starts over.\n".to_owned();
    if let Some(tenant) = tenant {
        text.push_str(TENANT);
        text.push_str(tenant);
        text.push('\n');
    }
    mark.set_len(0)?;
    mark.write_all(text.as_bytes())?;
    mark.sync_all()
}

/// What is in the directory beside the mark: what `init` makes, and everything else.
fn leftovers(directory: &Directory) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    let root = directory.root();
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(root).map_err(|error| cannot("read", root, &error))? {
        let entry = entry.map_err(|error| cannot("read", root, &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if path == directory.unfinished() || name == NOT_OURS {
            continue;
        }
        let is_ours = OURS.contains(&name.trim_end_matches(".new")) || name.starts_with("dayend.");
        if is_ours { ours.push(path) } else { others.push(path) }
    }
    Ok((ours, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_init_that_fails_leaves_nothing() {
        let (_keep, directory) = missing();
        let unfinished = Unfinished::begin(&directory).unwrap();
        fs::write(directory.settings(), "").unwrap();
        fs::create_dir(directory.keys()).unwrap();
        drop(unfinished);
        assert!(!directory.root().exists());
    }

    #[test]
    fn a_directory_that_was_there_stays_but_is_empty_again() {
        let keep = tempfile::tempdir().unwrap();
        fs::create_dir(keep.path().join("lost+found")).unwrap();
        let directory = Directory::at(keep.path()).unwrap();
        drop(Unfinished::begin(&directory).unwrap());
        let left: Vec<_> =
            fs::read_dir(keep.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["lost+found"]);
    }

    #[test]
    fn a_killed_init_is_taken_up_and_starts_over() {
        let (_keep, directory) = missing();
        fs::create_dir_all(directory.tls()).unwrap();
        fs::write(directory.unfinished(), "killed").unwrap();
        fs::write(directory.database(), "half").unwrap();
        assert!(directory.check().unwrap_err().sentence.contains("unfinished"));
        Unfinished::begin(&directory).unwrap().finish().unwrap();
        assert!(
            !directory.unfinished().exists()
                && !directory.tls().exists()
                && !directory.database().exists()
        );
    }

    #[test]
    fn what_a_stopped_init_began_in_a_database_server_is_known_until_it_is_finished() {
        let (_keep, directory) = missing();
        let mut first = Unfinished::begin(&directory).unwrap();
        assert_eq!(first.tenant(), None);
        first.promise("bank1").unwrap();
        drop(first);
        let mut second = Unfinished::begin(&directory).unwrap();
        assert_eq!(second.tenant(), Some("bank1"));
        second.promise("bank2").unwrap();
        // As if it was killed.
        std::mem::forget(second.mark.take());
        drop(second);
        let third = Unfinished::begin(&directory);
        // The lock of the forgotten file is still held by this process.
        assert_eq!(third.err().unwrap().kind.exit_code(), 8);
        assert!(fs::read_to_string(directory.unfinished()).unwrap().ends_with("tenant: bank2\n"));
    }

    #[test]
    fn two_inits_at_once_are_one_too_many() {
        let (_keep, directory) = missing();
        let _first = Unfinished::begin(&directory).unwrap();
        assert_eq!(Unfinished::begin(&directory).err().unwrap().kind.exit_code(), 8);
    }

    #[test]
    fn directories_in_use_or_with_strangers_in_them_are_refused() {
        let keep = tempfile::tempdir().unwrap();
        let directory = Directory::at(keep.path()).unwrap();
        fs::write(keep.path().join("ledger.csv"), "").unwrap();
        let sentence = Unfinished::begin(&directory).err().unwrap().sentence;
        assert!(sentence.contains("not empty") && sentence.contains("ledger.csv"), "{sentence}");
        fs::write(directory.settings(), "").unwrap();
        assert!(
            Unfinished::begin(&directory).err().unwrap().sentence.contains("initialised already")
        );
        fs::write(directory.unfinished(), "").unwrap();
        assert!(Unfinished::begin(&directory).err().unwrap().sentence.contains("ledger.csv"));
        assert!(keep.path().join("ledger.csv").exists());
    }

    fn missing() -> (tempfile::TempDir, Directory) {
        let keep = tempfile::tempdir().unwrap();
        let directory = Directory::at(&keep.path().join("a/data")).unwrap();
        (keep, directory)
    }
}
