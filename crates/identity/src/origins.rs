//! From which pages apps are used: the origins in their settings.

use crate::identity::Identity;
use crate::model::AppSettings;
use dayend_engine::time::Timestamp;
use dayend_store::port::StoreError;
use std::collections::HashSet;
use std::sync::Arc;

/// What browsers say of pages that have no origin.
const NULL: &str = "null";
/// Apps that are read at a time.
const PAGE: u32 = 500;

/// The origins of all apps.
pub(crate) type Origins = HashSet<String>;

impl AppSettings {
    /// Whether pages of this origin may use the app. Whole texts are compared.
    pub fn allows_origin(&self, origin: &str) -> bool {
        if origin == NULL {
            return self.cors_null_origin;
        }
        self.cors_origins.iter().any(|allowed| allowed == origin)
    }
}

impl Identity {
    /// Whether pages of this origin may use the app with this client id.
    pub async fn is_origin_of(
        &self,
        client_id: &str,
        origin: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let app = self.known_app(client_id, now).await?;
        Ok(app.is_some_and(|app| app.row.active && app.settings.allows_origin(origin)))
    }

    /// Whether pages of this origin may use any app at all.
    pub async fn is_some_apps_origin(
        &self,
        origin: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let edition = match self.principals.origins.get(&(), now) {
            Ok(origins) => return Ok(origins.contains(origin)),
            Err(edition) => edition,
        };
        let origins = Arc::new(self.read_origins().await?);
        let found = origins.contains(origin);
        self.principals.origins.put((), origins, now, edition);
        Ok(found)
    }

    async fn read_origins(&self) -> Result<Origins, StoreError> {
        let mut origins = Origins::new();
        let (mut tenant, mut id) = (String::new(), String::new());
        loop {
            let page = self.documents_of_all::<AppSettings>((&tenant, &id), PAGE).await?;
            let Some((last_tenant, last)) = page.last() else { return Ok(origins) };
            (tenant, id) = (last_tenant.clone(), last.id.clone());
            for (_, kept) in page {
                origins.extend(kept.value.cors_origins);
                origins.extend(kept.value.cors_null_origin.then(|| NULL.to_owned()));
            }
        }
    }
}
