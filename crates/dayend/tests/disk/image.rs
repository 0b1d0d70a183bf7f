//! What is on a disk after the power failed: only what was flushed, or more of it, as chance will have it.

use crate::calls::{Call, Deed};
use crate::outside::chance::Chance;
use crate::outside::curl::shell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A disk writes so many bytes at once, or none of them.
const SECTOR: usize = 512;

/// How much of what was not flushed is on disk all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Luck {
    Nothing,
    /// Any sectors of any writes, and any of the newest names.
    Some,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Directory,
    /// By its number.
    File(usize),
}

/// A change of a file that is not flushed yet.
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Default)]
struct Content {
    /// On disk for certain.
    safe: Vec<u8>,
    /// What programs see.
    seen_length: usize,
    /// By the number of the call.
    open: Vec<(usize, Change)>,
}

/// A change of a directory that is not flushed yet: names that stand for something else now, or for nothing.
type Names = Vec<(PathBuf, Option<Thing>)>;

/// The files below a directory while calls change them.
pub(crate) struct Disk {
    /// The directory when the record began, all of it on disk.
    before: PathBuf,
    root: PathBuf,
    files: Vec<Content>,
    seen: BTreeMap<PathBuf, Option<Thing>>,
    safe: BTreeMap<PathBuf, Option<Thing>>,
    /// By directory and the number of the call.
    open: Vec<(PathBuf, usize, Names)>,
}

impl Disk {
    /// The disk after those calls that were over when the trace was `moment` long.
    pub(crate) fn after(before: &Path, root: &Path, calls: &[Call], moment: u64) -> Self {
        let mut disk = Self {
            before: before.to_owned(),
            root: root.to_owned(),
            files: Vec::new(),
            seen: BTreeMap::new(),
            safe: BTreeMap::new(),
            open: Vec::new(),
        };
        for (number, call) in calls.iter().enumerate().filter(|(_, call)| call.end <= moment) {
            disk.take(number, &call.deed);
        }
        disk
    }

    /// Makes the directory as a start after the power failure finds it.
    pub(crate) fn write(mut self, luck: Luck, chance: &mut Chance, target: &Path) {
        shell(&format!("cp -a {} {}", self.before.display(), target.display()));
        if luck == Luck::Some {
            self.be_lucky(chance);
        }
        for (path, thing) in &self.safe {
            let path = target.join(path.strip_prefix(&self.root).unwrap());
            let parent_is_there = path.parent().unwrap().is_dir();
            match thing {
                // Its directory was lost with all that was in it.
                Some(_) if !parent_is_there => {}
                Some(Thing::Directory) => fs::create_dir_all(&path).unwrap(),
                Some(Thing::File(file)) => fs::write(&path, &self.files[*file].safe).unwrap(),
                None if path.is_dir() => fs::remove_dir_all(&path).unwrap(),
                None if path.exists() => fs::remove_file(&path).unwrap(),
                None => {}
            }
        }
    }

    fn take(&mut self, number: usize, deed: &Deed) {
        match deed {
            Deed::Open { path, emptied } => {
                let Some(file) = self.file(path, number) else { return };
                if *emptied {
                    self.change(file, number, Change::Cut(0));
                }
            }
            Deed::Write { path, at, bytes } => {
                let Some(file) = self.file(path, number) else { return };
                let at = at.unwrap_or(self.files[file].seen_length);
                self.change(file, number, Change::Write(at, bytes.clone()));
            }
            Deed::Cut { path, length } => {
                let Some(file) = self.file(path, number) else { return };
                self.change(file, number, Change::Cut(*length));
            }
            Deed::Flush { path, before } => self.flush(path, *before),
            Deed::Move { from, to } => {
                if let Some(thing) = self.thing(from) {
                    self.name(number, vec![(from.clone(), None), (to.clone(), Some(thing))]);
                }
            }
            Deed::Remove { path } => {
                if self.thing(path).is_some() {
                    self.name(number, vec![(path.clone(), None)]);
                }
            }
            Deed::MakeDirectory { path } => {
                if self.is_ours(path) {
                    self.name(number, vec![(path.clone(), Some(Thing::Directory))]);
                }
            }
        }
    }

    /// Files below the directory; what shares memory has nothing to lose on disk.
    fn is_ours(&self, path: &Path) -> bool {
        path.starts_with(&self.root) && !path.to_string_lossy().ends_with("-shm")
    }

    /// What is behind a name, as programs see it.
    fn thing(&mut self, path: &Path) -> Option<Thing> {
        if !self.is_ours(path) {
            return None;
        }
        if let Some(thing) = self.seen.get(path) {
            return *thing;
        }
        let original = self.before.join(path.strip_prefix(&self.root).unwrap());
        let thing = if original.is_dir() {
            Some(Thing::Directory)
        } else {
            fs::read(&original).ok().map(|safe| {
                self.files.push(Content { seen_length: safe.len(), safe, open: Vec::new() });
                Thing::File(self.files.len() - 1)
            })
        };
        self.seen.insert(path.to_owned(), thing);
        self.safe.insert(path.to_owned(), thing);
        thing
    }

    /// The file of a name, which may be new.
    fn file(&mut self, path: &Path, number: usize) -> Option<usize> {
        if !self.is_ours(path) {
            return None;
        }
        match self.thing(path) {
            Some(Thing::File(file)) => Some(file),
            Some(Thing::Directory) => None,
            None => {
                self.files.push(Content::default());
                let file = self.files.len() - 1;
                self.name(number, vec![(path.to_owned(), Some(Thing::File(file)))]);
                Some(file)
            }
        }
    }

    fn change(&mut self, file: usize, number: usize, change: Change) {
        let content = &mut self.files[file];
        content.seen_length = match &change {
            Change::Write(at, bytes) => content.seen_length.max(at + bytes.len()),
            Change::Cut(length) => *length,
        };
        content.open.push((number, change));
    }

    fn name(&mut self, number: usize, names: Names) {
        for (path, thing) in &names {
            self.seen.insert(path.clone(), *thing);
        }
        let directory = names[0].0.parent().unwrap().to_owned();
        self.open.push((directory, number, names));
    }

    fn flush(&mut self, path: &Path, before: usize) {
        match self.thing(path) {
            Some(Thing::File(file)) => {
                let Content { safe, open, .. } = &mut self.files[file];
                let flushed = open.extract_if(.., |(number, _)| *number < before);
                flushed.for_each(|(_, change)| apply(safe, &change));
            }
            Some(Thing::Directory) => {
                let flushed =
                    self.open.extract_if(.., |(of, number, _)| of == path && *number < before);
                flushed.for_each(|(_, _, names)| self.safe.extend(names));
            }
            None => {}
        }
    }

    /// Some of what was not flushed is on disk: sector by sector, name by name.
    fn be_lucky(&mut self, chance: &mut Chance) {
        for Content { safe, open, .. } in &mut self.files {
            for (_, change) in open.drain(..) {
                match change {
                    Change::Write(at, bytes) => {
                        for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                            if chance.once_in(2) {
                                let sector = Change::Write(at + index * SECTOR, sector.to_vec());
                                apply(safe, &sector);
                            }
                        }
                    }
                    Change::Cut(_) if chance.once_in(2) => apply(safe, &change),
                    Change::Cut(_) => {}
                }
            }
        }
        // A journal of names loses the newest ones.
        let kept = chance.index(self.open.len() + 1);
        self.open.drain(..kept).for_each(|(_, _, names)| self.safe.extend(names));
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut(length) => content.resize(*length, 0),
        Change::Write(at, bytes) => {
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(bytes);
        }
    }
}
