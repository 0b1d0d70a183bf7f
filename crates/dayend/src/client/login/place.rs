//! Where a log-in is kept: one file for each server, in the user's state directory.
//!
//! A reader never locks: the file is replaced as a whole. Whoever replaces it holds the lock beside it, which the system
//! releases when its holder dies, however that happens. The next content is written beside it first; if its writer dies
//! before it took its place, the next holder of the lock finishes that.

use super::kept::KeptLogin;
use crate::client::failure::Failure;
use crate::client::profile::Profile;
use aws_lc_rs::digest::{SHA256, digest};
use dayend_wire::exit::ExitCode;
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file larger than this holds no log-in. As much is reserved before a token is asked for.
const MAX_BYTES: usize = 64 * 1024;
/// How long another process may be at it.
const LOCK_WITHIN: Duration = Duration::from_mins(2);
/// How often the lock is tried.
const LOCK_EVERY: Duration = Duration::from_millis(50);

/// The file of one server's log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    path: PathBuf,
}

/// The right to replace the file.
#[derive(Debug)]
pub(crate) struct Locked {
    path: PathBuf,
    _lock: File,
}

/// The next content's file, with room for it: storing it cannot fail for want of space or permission any more.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    /// The log-in is in it: from then on it is worth keeping, whatever fails.
    is_whole: bool,
}

impl Place {
    /// The place for a profile's server and log-in app.
    pub(crate) fn of(profile: &Profile) -> Result<Self, Failure> {
        let directory = directory(|name| std::env::var_os(name).map(PathBuf::from))?;
        Ok(Self { path: directory.join(file_name(&profile.base_url, &profile.login_client_id)) })
    }

    /// The place at a path.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the file lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept; none if nobody is logged in.
    pub(crate) fn read(&self) -> Result<Option<KeptLogin>, Failure> {
        read(&self.path)
    }

    /// Waits for the right to replace the file.
    pub(crate) async fn lock(&self) -> Result<Locked, Failure> {
        let unusable = |error: io::Error| cannot_be_kept(&self.path, &error);
        let directory = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(NO_FOLLOW)
            .open(self.path.with_extension("lock"))
            .map_err(unusable)?;
        let give_up = Instant::now() + LOCK_WITHIN;
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    finish_what_was_begun(&self.path).map_err(unusable)?;
                    return Ok(Locked { path: self.path.clone(), _lock: lock });
                }
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    tokio::time::sleep(LOCK_EVERY).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let sentence = format!(
                        "another command has been renewing the log-in in {} for too long: find it with `fuser {}` and end it",
                        self.path.display(),
                        self.path.with_extension("lock").display()
                    );
                    return Err(Failure::new(ExitCode::Unreachable, sentence));
                }
            }
        }
    }
}

impl Locked {
    /// Makes the next file and reserves its space. This comes before any token is asked for: a spent token whose successor
    /// cannot be stored would end the log-in.
    pub(crate) fn draft(&self) -> Result<Draft, Failure> {
        let made = || -> io::Result<File> {
            let mut file = OpenOptions::new()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(draft_of(&self.path))?;
            file.write_all(&vec![b' '; MAX_BYTES])?;
            file.sync_all()?;
            Ok(file)
        };
        let file = made().map_err(|error| {
            // A part of it may lie there; the next holder of the lock removes it too.
            let _ = std::fs::remove_file(draft_of(&self.path));
            cannot_be_kept(&self.path, &error)
        })?;
        Ok(Draft { file, path: self.path.clone(), is_whole: false })
    }

    /// Removes the file; that nothing was there is fine.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        let removed = match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => sync_directory(&self.path),
        };
        removed.map_err(|error| cannot_be_kept(&self.path, &error))
    }
}

impl Draft {
    /// Puts the log-in in the place of what was there; when this returns it is on disk.
    pub(crate) fn store(mut self, login: &KeptLogin) -> Result<(), Failure> {
        let text = serde_json::to_string(login).expect("a struct of texts and numbers is JSON");
        let mut stored = || -> io::Result<()> {
            if text.len() > MAX_BYTES {
                return Err(io::Error::other("the server's tokens are far too long"));
            }
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())?;
            let length = u64::try_from(text.len()).map_err(io::Error::other)?;
            self.file.set_len(length)?;
            self.is_whole = true;
            self.file.sync_all()?;
            std::fs::rename(draft_of(&self.path), &self.path)?;
            sync_directory(&self.path)
        };
        stored().map_err(|error| cannot_be_kept(&self.path, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_whole {
            let _ = std::fs::remove_file(draft_of(&self.path));
        }
    }
}

/// Called with the lock: a draft that is there was left by a process that died, and if it is whole, its tokens are the ones
/// that the server knows.
fn finish_what_was_begun(path: &Path) -> io::Result<()> {
    let draft = draft_of(path);
    match read(&draft) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => std::fs::rename(&draft, path).and_then(|()| sync_directory(path)),
        Err(_) => std::fs::remove_file(&draft),
    }
}

fn read(path: &Path) -> Result<Option<KeptLogin>, Failure> {
    let shown = path.display();
    let unusable = |problem: &dyn std::fmt::Display| {
        let sentence = format!(
            "the log-in in {shown} cannot be used ({problem}): remove the file and run `dayend login`"
        );
        Failure::new(ExitCode::NotAllowed, sentence)
    };
    let file = match OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(&error)),
    };
    let metadata = file.metadata().map_err(|error| unusable(&error))?;
    let mine = rustix::process::geteuid().as_raw();
    if !metadata.is_file() || metadata.mode() & 0o077 != 0 || metadata.uid() != mine {
        return Err(unusable(
            &"others can reach it: consider its tokens known to them, and have an administrator end them",
        ));
    }
    let mut text = String::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    file.take(limit).read_to_string(&mut text).map_err(|error| unusable(&error))?;
    // The parser's own words could repeat a token.
    let login = serde_json::from_str(&text).map_err(|_| unusable(&"it is damaged"))?;
    Ok(Some(login))
}

fn draft_of(path: &Path) -> PathBuf {
    path.with_extension("next")
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn cannot_be_kept(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    Failure::usage(format!(
        "the log-in cannot be kept in {shown} ({error}): make room there, or name another directory in XDG_STATE_HOME"
    ))
}

/// A link could lead to somebody else's file.
const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

fn directory(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(variable("HOME")?.join(".local/state")));
    let nowhere = || {
        Failure::usage(
            "a log-in has no place to be kept in, because there is no home directory: set XDG_STATE_HOME",
        )
    };
    Ok(state.ok_or_else(nowhere)?.join("dayend/logins"))
}

/// Readable, and never the same for two servers.
fn file_name(base_url: &str, client_id: &str) -> String {
    let print = digest(&SHA256, format!("{base_url}\n{client_id}").as_bytes());
    let mut short = String::new();
    for byte in print.as_ref().iter().take(8) {
        write!(short, "{byte:02x}").expect("a String takes any text");
    }
    let address = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let readable: String = address
        .chars()
        .take(60)
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' })
        .collect();
    format!("{readable}-{short}.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn login(user: &str) -> KeptLogin {
        KeptLogin {
            server: "https://h".to_owned(),
            client_id: "dayend-cli".to_owned(),
            user: user.to_owned(),
            tenant: None,
            logged_in_at: 1,
            access_token: "A".repeat(3000),
            access_expires_at: 2,
            renew_from: 2,
            refresh_token: Some("R".to_owned()),
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_read_back_and_only_its_owner_can() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("dayend/logins/h.json"));
        assert_eq!(place.read(), Ok(None));
        let locked = place.lock().await.unwrap();
        for user in ["anna", "a much longer name than before", "b"] {
            locked.draft().unwrap().store(&login(user)).unwrap();
            assert_eq!(place.read(), Ok(Some(login(user))));
        }
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path), 0o600);
        assert_eq!(mode(place.path.parent().unwrap()), 0o700);
        locked.remove().unwrap();
        locked.remove().unwrap();
        assert_eq!(place.read(), Ok(None));
        let left: Vec<_> = std::fs::read_dir(place.path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["h.lock"]);
    }

    #[tokio::test]
    async fn a_draft_that_is_not_stored_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("h.json"));
        let locked = place.lock().await.unwrap();
        locked.draft().unwrap().store(&login("anna")).unwrap();
        drop(locked.draft().unwrap());
        assert_eq!(place.read(), Ok(Some(login("anna"))));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn what_a_killed_process_had_written_takes_its_place_and_a_half_written_text_is_dropped()
    {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("h.json"));
        place.lock().await.unwrap().draft().unwrap().store(&login("anna")).unwrap();
        let whole = serde_json::to_string(&login("next")).unwrap();
        let half = whole.get(..whole.len() / 2).unwrap();
        for (left_behind, user) in
            [(half.to_owned(), "anna"), (String::new(), "anna"), (format!("{whole}   "), "next")]
        {
            let draft = draft_of(&place.path);
            std::fs::write(&draft, left_behind).unwrap();
            std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600)).unwrap();
            let locked = place.lock().await.unwrap();
            assert_eq!(place.read(), Ok(Some(login(user))));
            locked.draft().unwrap();
        }
    }

    #[tokio::test]
    async fn files_that_others_reach_links_and_rubbish_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("h.json"));
        place.lock().await.unwrap().draft().unwrap().store(&login("anna")).unwrap();
        let open = |mode| {
            std::fs::set_permissions(&place.path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(0o640);
        assert!(place.read().unwrap_err().sentence.contains("others can reach it"));
        open(0o600);
        assert!(place.read().is_ok());
        let link = Place::at(home.path().join("link.json"));
        std::os::unix::fs::symlink(&place.path, &link.path).unwrap();
        assert!(link.read().is_err());
        std::fs::write(&place.path, r#"{"refresh_token": ["geheim"]}"#).unwrap();
        let failure = place.read().unwrap_err();
        assert!(failure.sentence.contains("damaged") && !failure.sentence.contains("geheim"));
    }

    #[tokio::test]
    async fn the_lock_is_held_until_it_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("h.json"));
        let locked = place.lock().await.unwrap();
        let mut second = Box::pin(place.lock());
        let waited = tokio::time::timeout(Duration::from_millis(200), &mut second).await;
        assert!(waited.is_err(), "two hold the lock");
        drop(locked);
        second.await.unwrap();
    }

    #[test]
    fn each_server_and_app_has_a_file_of_its_own() {
        let names = [
            file_name("https://h:8443", "dayend-cli"),
            file_name("http://h:8443", "dayend-cli"),
            file_name("https://h:8443", "other"),
            file_name("https://h:8443/../../etc", "dayend-cli"),
        ];
        assert!(names.first().unwrap().starts_with("h-8443-"));
        for (at, name) in names.iter().enumerate() {
            assert!(!name.contains('/') && !names.get(at + 1..).unwrap().contains(name), "{name}");
        }
    }

    #[test]
    fn the_place_follows_the_users_state_directory() {
        let variables = |xdg: Option<&'static str>, home: Option<&'static str>| {
            move |name: &str| if name == "HOME" { home } else { xdg }.map(PathBuf::from)
        };
        let cases = [
            (Some("/x"), Some("/h"), Some("/x/dayend/logins")),
            (Some("relative"), Some("/h"), Some("/h/.local/state/dayend/logins")),
            (None, Some("/h"), Some("/h/.local/state/dayend/logins")),
            (None, None, None),
        ];
        for (xdg, home, want) in cases {
            assert_eq!(directory(variables(xdg, home)).ok(), want.map(PathBuf::from));
        }
    }
}
