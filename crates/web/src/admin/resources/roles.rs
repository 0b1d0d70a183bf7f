//! `/admin/v1/AppRoles`: what can be granted.

use super::built_in::Defined;
use super::kinds::{Shown, Wants};
use super::shape::finished;
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::schema::{ROLE, Schema};
use dayend_engine::time::Timestamp;
use dayend_identity::model::Stamp;
use serde_json::{Map, Value, json};

/// Roles and functions.
pub(in crate::admin) struct AppRoles;

impl Shown for AppRoles {
    type Item = Defined;
    const SCHEMA: &'static Schema = &ROLE;

    async fn find(call: &Call, id: &str) -> Result<Option<Defined>, ScimError> {
        Ok(by_id(call, id))
    }

    async fn told(call: &Call, role: &Defined, _: Wants<'_>) -> Result<Value, ScimError> {
        Ok(shape(call, *role))
    }

    async fn all(call: &Call, _: Wants<'_>) -> Result<Vec<Value>, ScimError> {
        Ok(Defined::all().map(|role| shape(call, role)).collect())
    }
}

/// The id of a role.
pub(super) fn id_of(call: &Call, role: Defined) -> String {
    call.identity().role_id(role.name())
}

/// The role with this id.
pub(super) fn by_id(call: &Call, id: &str) -> Option<Defined> {
    Defined::all().find(|role| id_of(call, *role) == id)
}

/// The app that defines the role.
pub(super) fn app_of(call: &Call, role: Defined) -> Value {
    let app = role.app();
    json!({
        "value": app.id, "display": app.display_name, "name": app.name, "$ref": call.location("Apps", app.id),
    })
}

fn shape(call: &Call, role: Defined) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(id_of(call, role)));
    fields.insert("displayName".to_owned(), json!(role.name()));
    fields.insert("uniqueName".to_owned(), json!(format!("{}_{}", role.app().id, role.name())));
    fields.insert("description".to_owned(), json!(role.description()));
    fields.insert("adminRole".to_owned(), json!(role.is_administrative()));
    fields.insert("availableToUsers".to_owned(), json!(role.for_people()));
    fields.insert("availableToGroups".to_owned(), json!(role.for_people()));
    fields.insert("availableToClients".to_owned(), json!(role.for_apps()));
    fields.insert("public".to_owned(), json!(false));
    fields.insert("app".to_owned(), app_of(call, role));
    finished(call, &ROLE, fields, (Timestamp(0), &Stamp::default()), "")
}
