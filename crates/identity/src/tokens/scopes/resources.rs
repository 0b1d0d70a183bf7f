//! The resource servers of a tenant: what tokens can be for beside this server.

use crate::identity::Identity;
use crate::model::AppSettings;
use dayend_engine::time::Timestamp;
use dayend_store::port::StoreError;
use std::sync::Arc;

/// Apps that are read at a time.
const PAGE: u32 = 500;

/// All resource servers of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Resources(Vec<Resource>);

/// A resource server.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) client_id: String,
    pub(super) audience: String,
    pub(super) settings: AppSettings,
}

impl Resources {
    /// The resource servers whose fully qualified scopes can begin as this one does, and what follows the audience.
    pub(super) fn of<'a>(
        &'a self,
        scope: &'a str,
    ) -> impl Iterator<Item = (&'a Resource, &'a str)> {
        self.0.iter().filter_map(move |resource| {
            scope.strip_prefix(resource.audience.as_str()).map(|value| (resource, value))
        })
    }
}

impl Identity {
    /// The resource servers of a tenant, as they were at most a few seconds ago.
    pub(super) async fn resources(
        &self,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Arc<Resources>, StoreError> {
        let key = tenant.to_owned();
        let edition = match self.principals.resources.get(&key, now) {
            Ok(resources) => return Ok(resources),
            Err(edition) => edition,
        };
        let resources = Arc::new(self.read_resources(tenant).await?);
        self.principals.resources.put(key, Arc::clone(&resources), now, edition);
        Ok(resources)
    }

    async fn read_resources(&self, tenant: &str) -> Result<Resources, StoreError> {
        let (mut found, mut after) = (Resources::default(), String::new());
        loop {
            let page = self.documents::<AppSettings>(tenant, None, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after.clone_from(&last.id);
            for kept in page {
                // Nobody but this server is this server.
                let audience =
                    kept.value.audience.clone().filter(|audience| {
                        !audience.is_empty() && *audience != self.settings.issuer
                    });
                if let Some(audience) = audience {
                    let (client_id, settings) = (kept.id, kept.value);
                    found.0.push(Resource { client_id, audience, settings });
                }
            }
        }
    }
}
