//! Files that a command reads: fetched into its directory before it starts.

use crate::attempt_dir::AttemptDir;
use crate::executors::Shared;
use crate::files::{AreaError, AreaFile, AreaReader, FileArea, Origin, newest};
use crate::port::{Attempt, FileNote, FileUse};
use crate::shim::spec::UserIds;
use dayend_engine::codes::shortened;
use dayend_engine::definition::InputFile;
use dayend_engine::file_names::{NamePattern, local_path};
use rustix::fs::{Gid, Uid};
use sha2::{Digest as _, Sha256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the exchange is asked before the attempt fails for want of an answer: about a minute.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(500);

/// What fetches the inputs of one attempt.
pub(super) struct Inputs<'a> {
    pub(super) shared: &'a Shared,
    pub(super) attempt: &'a Attempt,
    pub(super) dir: &'a AttemptDir,
    pub(super) user: Option<UserIds>,
}

impl Inputs<'_> {
    /// Fetches them all, and writes down which they were. The error is why the attempt fails.
    pub(super) async fn fetch(&self, inputs: &[InputFile]) -> Result<(), String> {
        let area = self.shared.area().await;
        let mut notes = Vec::new();
        let mut room = self.shared.settings.limits.files_bytes;
        for input in inputs {
            if let Some(note) = self.fetch_one(area.as_ref(), input, room).await? {
                room = room.saturating_sub(note.size_bytes);
                notes.push(note);
            }
        }
        let dir = self.dir.clone();
        blocking(move || dir.write_notes(&dir.fetched(), &notes))
            .await
            .map_err(|error| not_kept(&error))
    }

    /// Fetches one. A file that is replaced meanwhile, or an exchange that cannot answer, is asked again.
    async fn fetch_one(
        &self,
        area: &dyn FileArea,
        input: &InputFile,
        room: u64,
    ) -> Result<Option<FileNote>, String> {
        let pattern = NamePattern::fill(&input.name, &self.attempt.params);
        let mut pause = PAUSE;
        for tries in 1.. {
            let problem = match self.fetch_once(area, input, &pattern, room).await {
                Ok(note) => return Ok(note),
                Err(AreaError::NotNow(_)) if tries < TRIES => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    continue;
                }
                Err(error) => error,
            };
            return Err(format!("the command was not started: its input `{pattern}` {problem}"));
        }
        Ok(None)
    }

    async fn fetch_once(
        &self,
        area: &dyn FileArea,
        input: &InputFile,
        pattern: &NamePattern,
        room: u64,
    ) -> Result<Option<FileNote>, AreaError> {
        let scope = &self.attempt.scope;
        let found = match newest(area, scope, pattern).await? {
            Some(file) => area.read(scope, &file.name, &Origin::of(self.attempt)).await?,
            None => None,
        };
        let Some((file, bytes)) = found else {
            return if input.optional { Ok(None) } else { refused("is not there") };
        };
        if file.size_bytes > room {
            let most = self.shared.settings.limits.files_bytes;
            return refused(format!("is too large: all inputs together have at most {most} bytes"));
        }
        let place = match &input.place {
            Some(place) => self.attempt.params.fill(place),
            None => file.name.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        let cannot = |problem: &dyn std::fmt::Display| {
            AreaError::Refused(format!("cannot be put at `{}`: {problem}", shortened(&place)))
        };
        local_path(&place).map_err(|problem| cannot(&problem))?;
        let (cwd, path, user) = (self.dir.cwd(), PathBuf::from(&place), self.user.clone());
        let made = blocking(move || make(&cwd, &path, user.as_ref())).await;
        let copied = copy(bytes, made.map_err(|error| cannot(&error))?, &file).await;
        if let Err(error) = copied {
            let path = self.dir.cwd().join(&place);
            // If it stays, the next try says so.
            let _ = blocking(move || std::fs::remove_file(path)).await;
            return Err(error);
        }
        let AreaFile { name, size_bytes, sha256, .. } = file;
        Ok(Some(FileNote { purpose: FileUse::In, name, size_bytes, sha256 }))
    }
}

fn refused<T>(problem: impl Into<String>) -> Result<T, AreaError> {
    Err(AreaError::Refused(problem.into()))
}

/// Makes an empty file below the directory, in which nothing runs yet.
fn make(cwd: &Path, place: &Path, user: Option<&UserIds>) -> io::Result<File> {
    let owned = |path: &Path| match user {
        Some(user) => {
            let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
            Ok(rustix::fs::chown(path, Some(uid), Some(gid))?)
        }
        None => io::Result::Ok(()),
    };
    let mut parent = cwd.to_owned();
    for part in place.parent().into_iter().flat_map(Path::components) {
        parent.push(part);
        match DirBuilder::new().mode(0o700).create(&parent) {
            Ok(()) => owned(&parent)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let path = cwd.join(place);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    owned(&path)?;
    Ok(file)
}

/// Copies the bytes, which must be those that the exchange promised.
async fn copy(mut bytes: Box<dyn AreaReader>, to: File, file: &AreaFile) -> Result<(), AreaError> {
    let (mut to, mut sum, mut size) = (to, Sha256::new(), 0_u64);
    while let Some(piece) = bytes.next().await? {
        size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let written = blocking(move || {
            to.write_all(&piece)?;
            sum.update(&piece);
            Ok((to, sum))
        });
        let written = written.await;
        (to, sum) = written
            .map_err(|error| AreaError::Refused(format!("cannot be written down: {error}")))?;
    }
    let sum = crate::files::hex(&sum.finalize());
    if (size, sum.as_str()) == (file.size_bytes, file.sha256.as_str()) {
        return Ok(());
    }
    let want = file.size_bytes;
    refused(format!("is not what was uploaded: {size} bytes instead of {want}, or other ones"))
}

fn not_kept(error: &io::Error) -> String {
    format!("the command was not started: which inputs it has cannot be written down: {error}")
}

/// Does what blocks on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
