//! A user as SCIM tells it.

use super::shape::{finished, put_list, put_text};
use crate::admin::gate::Call;
use crate::admin::schema::Schema;
use dayend_identity::admin::{Group, User};
use serde_json::{Map, Value, json};

/// All of a user but the groups.
pub(super) fn shape(call: &Call, schema: &Schema, user: &User) -> Value {
    let profile = &user.profile;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(user.id));
    fields.insert("userName".to_owned(), json!(user.name));
    fields.insert("displayName".to_owned(), json!(user.display_name));
    fields.insert("active".to_owned(), json!(user.active));
    for (name, text) in [
        ("externalId", &profile.external_id),
        ("nickName", &profile.nick_name),
        ("title", &profile.title),
        ("userType", &profile.user_type),
        ("locale", &profile.locale),
        ("preferredLanguage", &profile.preferred_language),
        ("timezone", &profile.timezone),
        ("description", &profile.description),
    ] {
        put_text(&mut fields, name, text);
    }
    let name = name_of(user);
    if !name.is_empty() {
        fields.insert("name".to_owned(), Value::Object(name));
    }
    put_list(&mut fields, "emails", emails(user));
    if !profile.phone.is_empty() {
        put_list(
            &mut fields,
            "phoneNumbers",
            vec![json!({ "value": profile.phone, "type": "work" })],
        );
    }
    finished(call, schema, fields, (user.created_at, &profile.stamp), "")
}

fn name_of(user: &User) -> Map<String, Value> {
    let profile = &user.profile;
    let parts = [
        ("givenName", &profile.given_name),
        ("middleName", &profile.middle_name),
        ("familyName", &profile.family_name),
    ];
    let mut name = Map::new();
    for (part, text) in parts {
        put_text(&mut name, part, text);
    }
    let formatted: Vec<&str> =
        parts.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    put_text(&mut name, "formatted", &formatted.join(" "));
    name
}

fn emails(user: &User) -> Vec<Value> {
    let told = user.profile.emails.iter().map(|email| {
        let mut told = Map::new();
        told.insert("value".to_owned(), json!(email.value));
        put_text(&mut told, "type", &email.kind);
        told.insert("primary".to_owned(), json!(email.primary));
        Value::Object(told)
    });
    told.collect()
}

/// Adds the groups in which the user is.
pub(super) fn put_groups<'g>(
    call: &Call,
    told: &mut Value,
    groups: impl Iterator<Item = &'g Group>,
) {
    let list: Vec<Value> = groups
        .map(|group| {
            json!({
                "value": group.id, "display": group.display_name, "type": "direct",
                "$ref": call.location("Groups", &group.id),
            })
        })
        .collect();
    if let Some(fields) = told.as_object_mut() {
        put_list(fields, "groups", list);
    }
}
