//! `/admin/v1/Apps`.

use super::app_input::{draft, registration};
use super::app_shape::{built_in, client_secret, put_roles, shape};
use super::built_in::{ALL, BuiltIn};
use super::kinds::{Changed, Made, Shown, Wants};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::Input;
use crate::admin::schema::{APP, Schema};
use dayend_identity::admin::{App, Holder, Holding};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Programs.
pub(in crate::admin) struct Apps;

/// An app of the tenant, or one that is part of the server.
pub(in crate::admin) enum AnApp {
    Registered(Box<App>),
    BuiltIn(BuiltIn),
}

/// By fully qualified scope, the id of the app that defines it.
pub(super) type Definers = BTreeMap<String, String>;

impl AnApp {
    /// The app, if it can be changed.
    pub(super) fn registered(&self) -> Result<&App, ScimError> {
        match self {
            Self::Registered(app) => Ok(app),
            Self::BuiltIn(app) => Err(ScimError::forbidden(format!(
                "the app `{}` is part of the server and cannot be changed",
                app.id
            ))),
        }
    }
}

impl Shown for Apps {
    type Item = AnApp;
    const SCHEMA: &'static Schema = &APP;

    async fn find(call: &Call, id: &str) -> Result<Option<AnApp>, ScimError> {
        if let Some(app) = ALL.into_iter().find(|app| app.id == id) {
            return Ok(Some(AnApp::BuiltIn(app)));
        }
        let app = call.identity().app_by_id(call.tenant(), id).await?;
        Ok(app.map(|app| AnApp::Registered(Box::new(app))))
    }

    async fn told(call: &Call, app: &AnApp, wants: Wants<'_>) -> Result<Value, ScimError> {
        let app = match app {
            AnApp::Registered(app) => app,
            AnApp::BuiltIn(app) => return Ok(built_in(call, *app)),
        };
        let definers = if app.settings.allowed_scopes.is_empty() {
            Definers::new()
        } else {
            definers(&call.identity().all_apps(call.tenant()).await?)
        };
        let mut told = shape(call, app, &definers);
        if wants("grantedAppRoles") {
            let holder = Holder::App(app.client_id.clone());
            let held = call.identity().holdings_of(call.tenant(), &holder).await?;
            put_roles(call, &mut told, held.iter());
        }
        Ok(told)
    }

    async fn all(call: &Call, wants: Wants<'_>) -> Result<Vec<Value>, ScimError> {
        let apps = call.identity().all_apps(call.tenant()).await?;
        let definers = definers(&apps);
        let held = if wants("grantedAppRoles") { by_app(call).await? } else { HashMap::new() };
        let mut told: Vec<Value> = ALL.into_iter().map(|app| built_in(call, app)).collect();
        for app in &apps {
            let mut shaped = shape(call, app, &definers);
            if let Some(held) = held.get(&app.client_id) {
                put_roles(call, &mut shaped, held.iter());
            }
            told.push(shaped);
        }
        Ok(told)
    }
}

impl Made for Apps {
    async fn create(call: &Call, input: Input) -> Result<(AnApp, Input), ScimError> {
        let new = registration(&input)?;
        let by = &call.administrator;
        let made = call.identity().register_app(by, call.tenant(), new, call.now).await?;
        let once = made.secret.as_ref().map(client_secret).unwrap_or_default();
        Ok((AnApp::Registered(Box::new(made.app)), once))
    }

    async fn delete(call: &Call, app: &AnApp) -> Result<(), ScimError> {
        let (by, app) = (&call.administrator, app.registered()?);
        Ok(call.identity().delete_app(by, call.tenant(), app, call.now).await?)
    }
}

impl Changed for Apps {
    async fn change(call: &Call, app: &AnApp, input: Input) -> Result<AnApp, ScimError> {
        let (by, app) = (&call.administrator, app.registered()?);
        let draft = draft(&input, Some(app));
        let changed = call.identity().change_app(by, call.tenant(), app, draft, call.now).await?;
        Ok(AnApp::Registered(Box::new(changed)))
    }
}

fn definers(apps: &[App]) -> Definers {
    let mut found = Definers::new();
    for app in apps {
        let audience = app.settings.audience.as_deref().unwrap_or_default();
        for scope in &app.settings.scopes {
            found.insert(format!("{audience}{}", scope.value), app.id.clone());
        }
    }
    found
}

async fn by_app(call: &Call) -> Result<HashMap<String, Vec<Holding>>, ScimError> {
    let mut found: HashMap<String, Vec<Holding>> = HashMap::new();
    for holding in call.identity().holdings(call.tenant()).await? {
        if let Holder::App(client_id) = &holding.holder {
            found.entry(client_id.clone()).or_default().push(holding);
        }
    }
    Ok(found)
}
