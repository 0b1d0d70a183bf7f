//! Looking for a file.

use super::area::{AreaError, AreaFile, FileArea};
use dayend_engine::codes::Scope;
use dayend_engine::definition::FileWork;
use dayend_engine::file_names::NamePattern;
use dayend_engine::params::Params;
use dayend_engine::time::Timestamp;

/// What a file must be.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) pattern: NamePattern,
    pub(super) marker: Option<String>,
    pub(super) min_bytes: u64,
    pub(super) stable_ms: u64,
}

/// What there is of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Ready {
        file: AreaFile,
        /// How many would do; the file is the newest of them.
        count: usize,
    },
    Missing {
        why: String,
        /// When that may be different although no file comes.
        again_at: Option<Timestamp>,
    },
}

/// Files that match but do not count, and those that do.
#[derive(Default)]
struct Found {
    newest: Option<AreaFile>,
    count: usize,
    small: Option<AreaFile>,
    /// The one that is stable first, and when.
    fresh: Option<(Timestamp, AreaFile)>,
}

impl Wanted {
    /// What the task says, with its placeholders filled.
    pub(super) fn of(work: &FileWork, params: &Params) -> Self {
        Self {
            pattern: NamePattern::fill(&work.name, params),
            marker: work.marker.as_ref().map(|marker| params.fill(marker)),
            min_bytes: work.min_bytes,
            stable_ms: work.stable_ms,
        }
    }

    /// Looks once.
    pub(super) async fn look(
        &self,
        area: &dyn FileArea,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Seen, AreaError> {
        let mut found = Found::default();
        each(area, scope, &self.pattern, |file| found.take(self, file, now)).await?;
        let Some(file) = found.newest.take() else { return Ok(self.missing(found)) };
        if let Some(marker) = &self.marker
            && area.find(scope, marker).await?.is_none()
        {
            let why = format!("`{}` is there, but its marker `{marker}` is not", file.name);
            return Ok(Seen::Missing { why, again_at: None });
        }
        Ok(Seen::Ready { file, count: found.count })
    }

    fn missing(&self, found: Found) -> Seen {
        let (why, again_at) = match (found.fresh, found.small) {
            (Some((at, file)), _) => (
                format!("`{}` was put there too short a time ago: it counts from {at}", file.name),
                Some(at),
            ),
            (None, Some(file)) => {
                let (got, want) = (file.size_bytes, self.min_bytes);
                (format!("`{}` is there, but has {got} of at least {want} bytes", file.name), None)
            }
            (None, None) => ("there is none".to_owned(), None),
        };
        Seen::Missing { why, again_at }
    }
}

impl Found {
    fn take(&mut self, wanted: &Wanted, file: AreaFile, now: Timestamp) {
        let stable_at = file.changed_at.plus_ms(wanted.stable_ms);
        if file.size_bytes < wanted.min_bytes {
            self.small = Some(file);
        } else if wanted.stable_ms > 0 && stable_at > now {
            if self.fresh.as_ref().is_none_or(|(at, _)| stable_at < *at) {
                self.fresh = Some((stable_at, file));
            }
        } else {
            self.count += 1;
            newer(&mut self.newest, file);
        }
    }
}

/// The newest of the files that match.
pub(crate) async fn newest(
    area: &dyn FileArea,
    scope: &Scope,
    pattern: &NamePattern,
) -> Result<Option<AreaFile>, AreaError> {
    let mut found = None;
    each(area, scope, pattern, |file| newer(&mut found, file)).await?;
    Ok(found)
}

/// Of two that came at the same time the one with the later name, so that everybody finds the same.
fn newer(newest: &mut Option<AreaFile>, file: AreaFile) {
    let later = |there: &AreaFile| (there.changed_at, &there.name) < (file.changed_at, &file.name);
    if newest.as_ref().is_none_or(later) {
        *newest = Some(file);
    }
}

async fn each(
    area: &dyn FileArea,
    scope: &Scope,
    pattern: &NamePattern,
    mut take: impl FnMut(AreaFile),
) -> Result<(), AreaError> {
    if let Some(name) = pattern.exact() {
        area.find(scope, name).await?.into_iter().for_each(take);
        return Ok(());
    }
    let mut after = String::new();
    loop {
        let page = area.list(scope, pattern.prefix(), &after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.name);
        page.into_iter().filter(|file| pattern.matches(&file.name)).for_each(&mut take);
    }
}
