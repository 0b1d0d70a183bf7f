//! An app, and what one is to be.

use crate::admin::AdminError;
use crate::identity::Identity;
use crate::model::{AppSettings, Kept};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, Guard};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// 32 hex digits: its id in the admin API.
    pub id: String,
    /// Its name there.
    pub client_id: String,
    /// The name that people read.
    pub display_name: String,
    /// It has a secret.
    pub confidential: bool,
    pub active: bool,
    /// Names of the grants that it may use.
    pub grants: Vec<String>,
    /// Logical errors of the scheduler interface answer with 4xx.
    pub strict: bool,
    pub created_at: Timestamp,
    pub settings: AppSettings,
    /// Of the settings; none: there is no document yet.
    revision: Option<i64>,
}

/// What an app is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppDraft {
    pub display_name: String,
    pub active: bool,
    pub grants: Vec<String>,
    pub strict: bool,
    pub settings: AppSettings,
}

/// An app to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// None: 32 random hex digits.
    pub client_id: Option<String>,
    /// It has no secret.
    pub public: bool,
    pub draft: AppDraft,
}

/// An app that was made.
#[derive(Debug)]
pub struct RegisteredApp {
    pub app: App,
    /// Shown once; none for a public app.
    pub secret: Option<SecretString>,
}

impl App {
    pub(super) fn new(id: String, row: AppRow, kept: Option<Kept<AppSettings>>) -> Self {
        let revision = kept.as_ref().map(|kept| kept.revision);
        Self {
            id,
            confidential: row.secret.is_some(),
            client_id: row.client_id,
            display_name: row.name,
            active: row.active,
            grants: row.grants.split_ascii_whitespace().map(str::to_owned).collect(),
            strict: row.strict,
            created_at: row.created_at,
            settings: kept.map(|kept| kept.value).unwrap_or_default(),
            revision,
        }
    }

    /// What must hold for the settings to be as they were read.
    pub(in crate::admin) fn guard(&self) -> Guard {
        self.revision.map_or(Guard::Absent, Guard::Revision)
    }

    /// The app as it is, to be changed.
    pub fn draft(&self) -> AppDraft {
        AppDraft {
            display_name: self.display_name.clone(),
            active: self.active,
            grants: self.grants.clone(),
            strict: self.strict,
            settings: self.settings.clone(),
        }
    }
}

impl AppDraft {
    /// Everything that the history may tell of an app: the secret is not in it.
    pub(super) fn told(&self) -> Value {
        let mut told = json!(self.settings);
        if let Some(fields) = told.as_object_mut() {
            fields.insert("display_name".to_owned(), json!(self.display_name));
            fields.insert("active".to_owned(), json!(self.active));
            fields.insert("grants".to_owned(), json!(self.grants));
            fields.insert("strict".to_owned(), json!(self.strict));
        }
        told
    }
}

impl Identity {
    /// All apps of the tenant, by client id.
    pub async fn all_apps(&self, tenant: &str) -> Result<Vec<App>, AdminError> {
        let rows = self.app_rows(tenant).await?;
        let kept = self.all_documents::<AppSettings>(tenant, None).await?;
        let mut kept: HashMap<String, Kept<AppSettings>> =
            kept.into_iter().map(|kept| (kept.id.clone(), kept)).collect();
        Ok(rows
            .into_iter()
            .map(|row| {
                let settings = kept.remove(&row.client_id);
                App::new(self.app_id(&row.client_id), row, settings)
            })
            .collect())
    }

    /// The app with this id (not its client id).
    pub async fn app_by_id(&self, tenant: &str, id: &str) -> Result<Option<App>, AdminError> {
        let rows = self.app_rows(tenant).await?;
        match rows.into_iter().find(|row| self.app_id(&row.client_id) == id) {
            Some(row) => self.with_settings(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The app with this client id; one of another tenant does not exist.
    pub async fn app_named(
        &self,
        tenant: &str,
        client_id: &str,
    ) -> Result<Option<App>, AdminError> {
        match self.store.app(client_id).await?.filter(|row| row.tenant == tenant) {
            Some(row) => self.with_settings(row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn with_settings(&self, row: AppRow) -> Result<App, AdminError> {
        let kept = self.document::<AppSettings>(&row.tenant, &row.client_id).await?;
        Ok(App::new(self.app_id(&row.client_id), row, kept))
    }
}
