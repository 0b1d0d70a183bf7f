//! What each tenant's files take, and how much they may.

use super::documents;
use super::error::FileError;
use super::records::{FileRecord, PartRecord, Record, Stage, UploadRecord};
use dayend_store::port::Store;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Documents that are counted at a time.
const PAGE: u32 = 1000;

/// How much a tenant may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) bytes: u64,
    pub(super) files: u64,
}

/// What all tenants have, counted once and followed from then on.
#[derive(Debug)]
pub(super) struct Usage {
    quota: Quota,
    tenants: Mutex<HashMap<String, Arc<OnceCell<Arc<Tenant>>>>>,
}

/// What one tenant has, with what is on its way.
#[derive(Debug)]
pub(super) struct Tenant {
    quota: Quota,
    taken: Mutex<Taken>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    bytes: u64,
    files: u64,
}

/// Room for something that is on its way; given back at its end unless it is kept.
#[derive(Debug)]
pub(super) struct Reserved {
    tenant: Arc<Tenant>,
    bytes: u64,
    files: u64,
}

impl Usage {
    pub(super) fn new(quota: Quota) -> Self {
        Self { quota, tenants: Mutex::default() }
    }

    /// What a tenant has.
    pub(super) async fn of(
        &self,
        store: &dyn Store,
        tenant: &str,
    ) -> Result<Arc<Tenant>, FileError> {
        let cell = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tenants.entry(tenant.to_owned()).or_default())
        };
        let counted = cell.get_or_try_init(|| async {
            let taken = count(store, tenant).await?;
            Ok::<_, FileError>(Arc::new(Tenant { quota: self.quota, taken: Mutex::new(taken) }))
        });
        counted.await.map(Arc::clone)
    }
}

impl Tenant {
    /// Takes room for `files` files with `bytes` bytes together.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64, files: u64) -> Result<Reserved, FileError> {
        self.take(bytes, files)?;
        Ok(Reserved { tenant: Arc::clone(self), bytes, files })
    }

    /// Gives room back that something kept had.
    pub(super) fn release(&self, bytes: u64, files: u64) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.bytes = taken.bytes.saturating_sub(bytes);
        taken.files = taken.files.saturating_sub(files);
    }

    fn take(&self, bytes: u64, files: u64) -> Result<(), FileError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let want = Taken {
            bytes: taken.bytes.saturating_add(bytes),
            files: taken.files.saturating_add(files),
        };
        if bytes > 0 && want.bytes > self.quota.bytes {
            return Err(FileError::Quota(format!("{} bytes", self.quota.bytes)));
        }
        if files > 0 && want.files > self.quota.files {
            return Err(FileError::Quota(format!("{} files", self.quota.files)));
        }
        *taken = want;
        Ok(())
    }
}

impl Reserved {
    /// Makes sure that there is room for so many bytes in all.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), FileError> {
        if bytes > self.bytes {
            self.tenant.take(bytes - self.bytes, 0)?;
            self.bytes = bytes;
        }
        Ok(())
    }

    /// What it was for is there, with so many bytes, and stays; `replaces` is what it took the place of.
    pub(super) fn keep(mut self, bytes: u64, replaces: Option<u64>) {
        let spare = self.bytes.saturating_sub(bytes).saturating_add(replaces.unwrap_or(0));
        self.tenant.release(spare, u64::from(replaces.is_some()));
        (self.bytes, self.files) = (0, 0);
    }
}

impl Reserved {
    /// As [`Reserved::keep`], for bytes that are no file of their own.
    pub(super) fn keep_instead_of(self, bytes: u64, replaced: u64) {
        let tenant = Arc::clone(&self.tenant);
        self.keep(bytes, None);
        tenant.release(replaced, 0);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.tenant.release(self.bytes, self.files);
    }
}

async fn count(store: &dyn Store, tenant: &str) -> Result<Taken, FileError> {
    let mut taken = Taken::default();
    each(store, tenant, |_, file: &FileRecord| {
        taken.bytes = taken.bytes.saturating_add(file.size);
        taken.files += 1;
    })
    .await?;
    // What is left of an upload that came to its end is counted with its file, or not at all.
    let mut uploads = HashSet::new();
    each(store, tenant, |id, upload: &UploadRecord| {
        if matches!(upload.stage, Stage::Open | Stage::Closing) {
            uploads.insert(id.to_owned());
        }
    })
    .await?;
    taken.files += u64::try_from(uploads.len()).unwrap_or(0);
    each(store, tenant, |id, part: &PartRecord| {
        if id.split_once('/').is_some_and(|(upload, _)| uploads.contains(upload)) {
            taken.bytes = taken.bytes.saturating_add(part.size);
        }
    })
    .await?;
    Ok(taken)
}

async fn each<R: Record>(
    store: &dyn Store,
    tenant: &str,
    mut look: impl FnMut(&str, &R),
) -> Result<(), FileError> {
    let mut after = String::new();
    loop {
        let page = documents::list::<R>(store, (tenant, None), &after, PAGE).await?;
        for found in &page {
            look(&found.id, &found.record);
        }
        match page.into_iter().next_back() {
            Some(last) => after = last.id,
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(bytes: u64, files: u64) -> Arc<Tenant> {
        Arc::new(Tenant { quota: Quota { bytes, files }, taken: Mutex::default() })
    }

    fn taken(tenant: &Tenant) -> (u64, u64) {
        let taken = tenant.taken.lock().unwrap();
        (taken.bytes, taken.files)
    }

    #[test]
    fn what_is_on_its_way_counts_and_is_given_back_when_it_does_not_arrive() {
        let tenant = tenant(100, 2);
        let first = tenant.reserve(60, 1).unwrap();
        assert_eq!(tenant.reserve(50, 1).unwrap_err(), FileError::Quota("100 bytes".to_owned()));
        let mut second = tenant.reserve(0, 1).unwrap();
        assert_eq!(tenant.reserve(0, 1).unwrap_err(), FileError::Quota("2 files".to_owned()));
        second.grow_to(40).unwrap();
        second.grow_to(30).unwrap();
        assert_eq!(second.grow_to(41).unwrap_err(), FileError::Quota("100 bytes".to_owned()));
        drop(first);
        assert_eq!(taken(&tenant), (40, 1));
        second.keep(25, None);
        assert_eq!(taken(&tenant), (25, 1));
        tenant.reserve(10, 1).unwrap().keep(10, Some(25));
        assert_eq!(taken(&tenant), (10, 1), "what was replaced does not count");
        tenant.release(10, 1);
        assert_eq!(taken(&tenant), (0, 0));
    }
}
