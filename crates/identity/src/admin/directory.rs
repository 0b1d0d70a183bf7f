//! Reading whole lists of what a tenant has.

use super::AdminError;
use crate::identity::Identity;
use crate::model::{Document, Kept};
use dayend_store::port::{AppRow, StoreError, UserRow};

/// Rows that are read at a time.
const PAGE: u32 = 1000;
/// Users, apps, groups or members of one list; a tenant with more must be asked for them one by one.
pub const DIRECTORY_MAX: usize = 100_000;

impl Identity {
    pub(super) async fn user_rows(&self, tenant: &str) -> Result<Vec<UserRow>, AdminError> {
        let mut rows: Vec<UserRow> = Vec::new();
        loop {
            let after = rows.last().map(|row| row.name.clone()).unwrap_or_default();
            let page = self.store.users(tenant, &after, PAGE).await?;
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
            within(rows.len())?;
        }
    }

    pub(super) async fn app_rows(&self, tenant: &str) -> Result<Vec<AppRow>, AdminError> {
        let mut rows: Vec<AppRow> = Vec::new();
        loop {
            let after = rows.last().map(|row| row.client_id.clone()).unwrap_or_default();
            let page = self.store.apps(tenant, &after, PAGE).await?;
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
            within(rows.len())?;
        }
    }

    /// All documents of a type, by id; those of one parent, if one is given.
    pub(super) async fn all_documents<D: Document>(
        &self,
        tenant: &str,
        parent: Option<&str>,
    ) -> Result<Vec<Kept<D>>, AdminError> {
        let mut all: Vec<Kept<D>> = Vec::new();
        loop {
            let after = all.last().map(|kept| kept.id.clone()).unwrap_or_default();
            let page = self.documents::<D>(tenant, parent, &after, PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
            within(all.len())?;
        }
    }

    /// All documents of a type whose id begins with `prefix`, which ends where ids of another prefix cannot go on.
    pub(crate) async fn documents_under<D: Document>(
        &self,
        tenant: &str,
        prefix: &str,
    ) -> Result<Vec<Kept<D>>, StoreError> {
        let mut found: Vec<Kept<D>> = Vec::new();
        loop {
            let after = found.last().map_or_else(|| prefix.to_owned(), |kept| kept.id.clone());
            let page = self.documents::<D>(tenant, None, &after, PAGE).await?;
            let read = page.len();
            let before = found.len();
            found.extend(page.into_iter().take_while(|kept| kept.id.starts_with(prefix)));
            if found.len() - before < read || read == 0 {
                return Ok(found);
            }
        }
    }
}

fn within(count: usize) -> Result<(), AdminError> {
    if count <= DIRECTORY_MAX {
        return Ok(());
    }
    Err(AdminError::Invalid(format!("there are more than {DIRECTORY_MAX}: ask for them by id")))
}
