//! `/admin/v1/Grants`.

use super::built_in::Defined;
use super::kinds::{Made, Shown, Wants};
use super::roles::{app_of, by_id, id_of};
use super::shape::finished;
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{Input, Says as _};
use crate::admin::schema::{GRANT, GRANT_EXTENSION, Schema};
use dayend_engine::codes::shortened;
use dayend_engine::time::Timestamp;
use dayend_identity::admin::{Holder, Holding, Right};
use dayend_identity::model::Stamp;
use serde_json::{Map, Value, json};

/// Who holds what.
pub(in crate::admin) struct Grants;

/// The name of the only kind of entitlement.
const APP_ROLES: &str = "appRoles";
/// Any service or workspace.
const ANY: &str = "*";

impl Shown for Grants {
    type Item = Holding;
    const SCHEMA: &'static Schema = &GRANT;

    async fn find(call: &Call, id: &str) -> Result<Option<Holding>, ScimError> {
        let all = call.identity().holdings(call.tenant()).await?;
        Ok(all.into_iter().find(|holding| holding.id == id))
    }

    async fn told(call: &Call, holding: &Holding, wants: Wants<'_>) -> Result<Value, ScimError> {
        Ok(shape(call, holding, wants("compositeKey")))
    }

    async fn all(call: &Call, wants: Wants<'_>) -> Result<Vec<Value>, ScimError> {
        let all = call.identity().holdings(call.tenant()).await?;
        let whole = wants("compositeKey");
        Ok(all.iter().map(|holding| shape(call, holding, whole)).collect())
    }
}

impl Made for Grants {
    async fn create(call: &Call, input: Input) -> Result<(Holding, Input), ScimError> {
        let holder = holder(call, &input).await?;
        let right = right(call, &input)?;
        let by = &call.administrator;
        let given = call.identity().give(by, call.tenant(), (holder, right), call.now).await?;
        Ok((given, Input::new()))
    }

    async fn delete(call: &Call, holding: &Holding) -> Result<(), ScimError> {
        let (by, what) = (&call.administrator, (&holding.holder, &holding.right));
        Ok(call.identity().take(by, call.tenant(), what, call.now).await?)
    }
}

/// Who gets it. What the mechanism and the type of the grantee say must be the same.
async fn holder(call: &Call, input: &Input) -> Result<Holder, ScimError> {
    let empty = Input::new();
    let grantee = input.object("grantee").unwrap_or(&empty);
    let id = grantee.text("value").unwrap_or_default();
    let kind = grantee.text("type").unwrap_or_default();
    let mechanism = input.text("grantMechanism").unwrap_or_default();
    let missing = |what: &str| ScimError::not_found(what, id);
    match (mechanism, kind) {
        ("ADMINISTRATOR_TO_USER", "User") => Ok(Holder::User(id.to_owned())),
        ("ADMINISTRATOR_TO_GROUP", "Group") => Ok(Holder::Group(id.to_owned())),
        ("ADMINISTRATOR_TO_APP", "App") => {
            let app = call.identity().app_by_id(call.tenant(), id).await?;
            app.map(|app| Holder::App(app.client_id)).ok_or_else(|| missing("App"))
        }
        _ => Err(ScimError::value(
            "`grantMechanism` is ADMINISTRATOR_TO_USER, _GROUP or _APP, and `grantee.type` User, Group or App to match",
        )),
    }
}

fn right(call: &Call, input: &Input) -> Result<Right, ScimError> {
    let empty = Input::new();
    let entitlement = input.object("entitlement").unwrap_or(&empty);
    if entitlement.text("attributeName") != Some(APP_ROLES) {
        return Err(ScimError::value(format!("`entitlement.attributeName` must be {APP_ROLES}")));
    }
    let id = entitlement.text("attributeValue").unwrap_or_default();
    let role = by_id(call, id)
        .ok_or_else(|| ScimError::value(format!("there is no app role `{}`", shortened(id))))?;
    let app = input.object("app").and_then(|app| app.text("value"));
    if app.is_some_and(|app| app != role.app().id) {
        return Err(ScimError::value("the app role is not one of `app.value`"));
    }
    let place = input.object(GRANT_EXTENSION);
    let named = |name: &str| place.and_then(|place| place.text(name)).unwrap_or(ANY).to_owned();
    match role {
        Defined::Role(_) if place.is_some() => Err(ScimError::value(
            "a role holds in the whole tenant: only functions are granted in a service",
        )),
        Defined::Role(role) => Ok(Right::Role(role)),
        Defined::Function(function) => Ok(Right::Function {
            function,
            service: named("service"),
            workspace: named("workspace"),
        }),
    }
}

fn shape(call: &Call, holding: &Holding, whole: bool) -> Value {
    let role = Defined::of(&holding.right);
    let (mechanism, kind, endpoint, id) = match &holding.holder {
        Holder::User(id) => ("ADMINISTRATOR_TO_USER", "User", "Users", id.clone()),
        Holder::Group(id) => ("ADMINISTRATOR_TO_GROUP", "Group", "Groups", id.clone()),
        Holder::App(client_id) => {
            ("ADMINISTRATOR_TO_APP", "App", "Apps", call.identity().app_id(client_id))
        }
    };
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(holding.id));
    fields.insert("grantMechanism".to_owned(), json!(mechanism));
    fields.insert(
        "grantee".to_owned(),
        json!({ "value": id, "type": kind, "$ref": call.location(endpoint, &id) }),
    );
    fields.insert("app".to_owned(), app_of(call, role));
    fields.insert(
        "entitlement".to_owned(),
        json!({ "attributeName": APP_ROLES, "attributeValue": id_of(call, role) }),
    );
    fields.insert("isFulfilled".to_owned(), json!(true));
    if let Right::Function { service, workspace, .. } = &holding.right {
        let place = json!({ "service": service, "workspace": workspace });
        fields.insert(GRANT_EXTENSION.to_owned(), place);
    }
    let mut told = finished(call, &GRANT, fields, (Timestamp(0), &Stamp::default()), "");
    if whole && let Some(fields) = told.as_object_mut() {
        let key = format!("{mechanism}_{id}_{}_{}", role.app().id, role.name());
        fields.insert("compositeKey".to_owned(), json!(key));
    }
    told
}
