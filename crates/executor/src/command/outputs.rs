//! Files that a command leaves: collected from its directory after it succeeded.
//!
//! That it succeeded is on disk by then, so whoever begins with this can be followed by whoever finds it unfinished: the
//! same bytes of the same attempt are the same version of a file.

use super::inputs::blocking;
use crate::attempt_dir::AttemptDir;
use crate::executors::Shared;
use crate::files::{AreaError, AreaFile, AreaWriter, FileArea, Origin};
use crate::port::{Attempt, FileNote, FileUse};
use dayend_engine::codes::shortened;
use dayend_engine::definition::OutputFile;
use dayend_engine::file_names::local_path;
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// What is read at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// The pause before an exchange that cannot answer is asked again; it doubles in between.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What collects the outputs of one attempt.
pub(super) struct Outputs<'a> {
    pub(super) shared: &'a Shared,
    pub(super) attempt: &'a Attempt,
    pub(super) dir: &'a AttemptDir,
}

/// A file that the command left, opened.
struct Left {
    file: File,
    stat: Stat,
    path: String,
    name: String,
}

impl Outputs<'_> {
    /// Puts them all into the exchange, or none. The error is why the attempt fails. An exchange that cannot answer is
    /// asked again until it does: the command has done its work.
    pub(super) async fn collect(&self, outputs: &[OutputFile]) -> Result<Vec<FileNote>, String> {
        let area = self.shared.area().await;
        let mut pause = PAUSE;
        loop {
            let left = self.left(outputs).await?;
            match self.put(area.as_ref(), left).await {
                Ok(notes) => return Ok(notes),
                Err(NotPut::Failed(problem)) => return Err(problem),
                Err(NotPut::Later(problem)) => {
                    tracing::warn!(problem, "the files of an attempt cannot be collected yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Opens what the command left, and finds everything that can be wrong with it.
    async fn left(&self, outputs: &[OutputFile]) -> Result<Vec<Left>, String> {
        let params = &self.attempt.params;
        let named = |output: &OutputFile| {
            let path = params.fill(&output.path);
            let name = output.name.as_ref().map_or_else(|| path.clone(), |name| params.fill(name));
            (path, name, output.optional)
        };
        let wanted: Vec<_> = outputs.iter().map(named).collect();
        let cwd = self.dir.cwd();
        let opened = blocking(move || Ok(open_all(&cwd, wanted))).await;
        let left = opened.map_err(|error| error.to_string()).flatten()?;
        let most = self.shared.settings.limits.files_bytes;
        let sum = left.iter().map(|left| size_of_file(&left.stat)).fold(0, u64::saturating_add);
        if sum > most {
            return Err(format!("its output files have {sum} bytes, at most {most} are allowed"));
        }
        Ok(left)
    }

    /// First all bytes, then all names: what there is no room for is found out before anything is visible.
    async fn put(&self, area: &dyn FileArea, left: Vec<Left>) -> Result<Vec<FileNote>, NotPut> {
        let origin = Origin::of(self.attempt);
        let mut written = Vec::with_capacity(left.len());
        for one in left {
            let (path, name) = (one.path.clone(), one.name.clone());
            let scope = &self.attempt.scope;
            let begun = area.write(scope, &name, size_of_file(&one.stat), &origin).await;
            let writer = begun.map_err(|error| NotPut::of(error, &path, &name))?;
            written.push((send(one, writer).await?, path, name));
        }
        let mut notes = Vec::with_capacity(written.len());
        for (writer, path, name) in written {
            let kept = writer.finish().await.map_err(|error| NotPut::of(error, &path, &name))?;
            let AreaFile { name, size_bytes, sha256, .. } = kept;
            notes.push(FileNote { purpose: FileUse::Out, name, size_bytes, sha256 });
        }
        Ok(notes)
    }
}

/// Why nothing was collected.
enum NotPut {
    Failed(String),
    Later(String),
}

impl NotPut {
    fn of(error: AreaError, path: &str, name: &str) -> Self {
        let told = |problem: String| {
            let (path, name) = (shortened(path), shortened(name));
            format!("its output `{path}` cannot be kept as `{name}`: {problem}")
        };
        match error {
            AreaError::Refused(problem) => Self::Failed(told(problem)),
            AreaError::NotNow(problem) => Self::Later(told(problem)),
        }
    }
}

async fn send(left: Left, mut to: Box<dyn AreaWriter>) -> Result<Box<dyn AreaWriter>, NotPut> {
    let Left { mut file, stat, path, name } = left;
    let unreadable = |error: io::Error| {
        NotPut::Failed(format!("its output `{}` cannot be read: {error}", shortened(&path)))
    };
    let (mut rest, mut piece) = (size_of_file(&stat), Vec::new());
    loop {
        // One byte more than there should be, to notice what was added.
        let most = usize::try_from(rest.saturating_add(1)).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let read = blocking(move || {
            piece.resize(most, 0);
            let count = file.read(&mut piece)?;
            piece.truncate(count);
            Ok((file, piece))
        });
        (file, piece) = read.await.map_err(unreadable)?;
        let count = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if count == 0 || count > rest {
            break;
        }
        rest -= count;
        to.write(&piece).await.map_err(|error| NotPut::of(error, &path, &name))?;
    }
    let now = blocking(move || Ok(fstat(&file)?)).await.map_err(unreadable)?;
    if rest > 0 || !piece.is_empty() || !is_unchanged(&stat, &now) {
        let path = shortened(&path);
        return Err(NotPut::Failed(format!(
            "its output `{path}` was changed while it was collected"
        )));
    }
    Ok(to)
}

fn open_all(cwd: &Path, wanted: Vec<(String, String, bool)>) -> Result<Vec<Left>, String> {
    let mut left = Vec::with_capacity(wanted.len());
    for (path, name, optional) in wanted {
        match open(cwd, &path) {
            Ok((file, stat)) => left.push(Left { file, stat, path, name }),
            Err(Unfit::Missing) if optional => {}
            Err(Unfit::Missing) => {
                return Err(format!("the command left no file `{}`", shortened(&path)));
            }
            Err(Unfit::Problem(problem)) => {
                return Err(format!("its output `{}` {problem}", shortened(&path)));
            }
        }
    }
    Ok(left)
}

/// Why a file is not collected.
enum Unfit {
    Missing,
    Problem(String),
}

/// Opens a file below the directory, going through no link.
fn open(cwd: &Path, path: &str) -> Result<(File, Stat), Unfit> {
    let problem = |text: &str| Unfit::Problem(text.to_owned());
    let parts =
        local_path(path).map_err(|refused| Unfit::Problem(format!("is refused: {refused}")))?;
    let (last, parents) = parts.split_last().ok_or(Unfit::Missing)?;
    let common = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut dir = openat(CWD, cwd, common | OFlags::DIRECTORY, Mode::empty()).map_err(unfit)?;
    for part in parents {
        dir = openat(&dir, *part, common | OFlags::DIRECTORY, Mode::empty()).map_err(unfit)?;
    }
    // Non-blocking: a pipe without a writer would never be open.
    let flags = common | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = openat(&dir, *last, flags, Mode::empty()).map_err(unfit)?;
    let stat = fstat(&file).map_err(unfit)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(problem("is no regular file"));
    }
    // Under its other name it may be anybody's.
    if stat.st_nlink != 1 {
        return Err(problem("has another name too (a hard link)"));
    }
    Ok((File::from(file), stat))
}

fn unfit(error: Errno) -> Unfit {
    match error {
        Errno::NOENT => Unfit::Missing,
        Errno::LOOP | Errno::NOTDIR => Unfit::Problem(
            "lies behind a link, or behind something that is no directory".to_owned(),
        ),
        Errno::NXIO => Unfit::Problem("is no regular file".to_owned()),
        error => Unfit::Problem(format!("cannot be opened: {error}")),
    }
}

fn size_of_file(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn is_unchanged(before: &Stat, after: &Stat) -> bool {
    let seen = |stat: &Stat| {
        (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec)
    };
    seen(before) == seen(after)
}
