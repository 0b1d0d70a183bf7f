//! `/admin/v1/Groups`.

use super::kinds::{Changed, Made, Shown, Wants};
use super::shape::{finished, put_list, put_text};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{Input, Says as _};
use crate::admin::schema::{GROUP, GROUP_EXTENSION, Schema};
use dayend_engine::codes::shortened;
use dayend_identity::admin::{Group, GroupDraft, Holder, Member};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// Groups.
pub(in crate::admin) struct Groups;

impl Shown for Groups {
    type Item = Group;
    const SCHEMA: &'static Schema = &GROUP;

    async fn find(call: &Call, id: &str) -> Result<Option<Group>, ScimError> {
        Ok(call.identity().group(call.tenant(), id).await?)
    }

    async fn told(call: &Call, group: &Group, wants: Wants<'_>) -> Result<Value, ScimError> {
        let mut told = shape(call, group);
        if wants("members") {
            let members = call.identity().members(call.tenant(), &group.id).await?;
            let mut shaped = Vec::new();
            for member in &members {
                shaped.push(one_member(call, member).await?);
            }
            put_members(&mut told, shaped);
        }
        Ok(told)
    }

    async fn all(call: &Call, wants: Wants<'_>) -> Result<Vec<Value>, ScimError> {
        let groups = call.identity().groups(call.tenant()).await?;
        let mut members = if wants("members") { by_group(call).await? } else { HashMap::new() };
        let told = groups.iter().map(|group| {
            let mut told = shape(call, group);
            put_members(&mut told, members.remove(&group.id).unwrap_or_default());
            told
        });
        Ok(told.collect())
    }
}

impl Made for Groups {
    async fn create(call: &Call, input: Input) -> Result<(Group, Input), ScimError> {
        let draft = draft(call, &input).await?;
        let by = &call.administrator;
        let group = call.identity().create_group(by, call.tenant(), draft, call.now).await?;
        Ok((group, Input::new()))
    }

    async fn delete(call: &Call, group: &Group) -> Result<(), ScimError> {
        let by = &call.administrator;
        Ok(call.identity().delete_group(by, call.tenant(), group, call.now).await?)
    }
}

impl Changed for Groups {
    async fn change(call: &Call, group: &Group, input: Input) -> Result<Group, ScimError> {
        let draft = draft(call, &input).await?;
        let (identity, by) = (call.identity(), &call.administrator);
        Ok(identity.change_group(by, call.tenant(), group, draft, call.now).await?)
    }
}

async fn draft(call: &Call, input: &Input) -> Result<GroupDraft, ScimError> {
    let text = |name: &str| input.text(name).unwrap_or_default().to_owned();
    let extension = input.object(GROUP_EXTENSION);
    let description = extension.and_then(|extension| extension.text("description"));
    let mut members = BTreeSet::new();
    for member in input.objects("members") {
        members.insert(holder(call, member).await?);
    }
    Ok(GroupDraft {
        display_name: text("displayName"),
        external_id: text("externalId"),
        description: description.unwrap_or_default().to_owned(),
        members: Some(members),
    })
}

/// Who is meant: an app is named by its id, and known by its client id.
async fn holder(call: &Call, member: &Input) -> Result<Holder, ScimError> {
    let id = member.text("value").unwrap_or_default();
    match member.text("type") {
        None | Some("User") => Ok(Holder::User(id.to_owned())),
        Some("App") => {
            let app = call.identity().app_by_id(call.tenant(), id).await?;
            let missing =
                || ScimError::value(format!("there is no app `{}` to be a member", shortened(id)));
            app.map(|app| Holder::App(app.client_id)).ok_or_else(missing)
        }
        Some(_) => Err(ScimError::value("a member is a User or an App")),
    }
}

fn shape(call: &Call, group: &Group) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(group.id));
    fields.insert("displayName".to_owned(), json!(group.display_name));
    put_text(&mut fields, "externalId", &group.external_id);
    if !group.description.is_empty() {
        fields.insert(GROUP_EXTENSION.to_owned(), json!({ "description": group.description }));
    }
    // Whoever comes or goes changes the group, whether or not the members are told.
    let beside = group.revision().to_string();
    finished(call, &GROUP, fields, (group.created_at, &group.stamp), &beside)
}

fn put_members(told: &mut Value, members: Vec<Value>) {
    if let Some(fields) = told.as_object_mut() {
        put_list(fields, "members", members);
    }
}

async fn one_member(call: &Call, member: &Member) -> Result<Value, ScimError> {
    let identity = call.identity();
    Ok(match &member.holder {
        Holder::User(id) => {
            let user = identity.user(call.tenant(), id).await?;
            let names = user.as_ref().map(|user| (user.name.as_str(), user.display_name.as_str()));
            told_member(call, member, ("User", "Users", id), names)
        }
        Holder::App(client_id) => {
            let app = identity.app_named(call.tenant(), client_id).await?;
            let names = app.as_ref().map(|app| (app.client_id.as_str(), app.display_name.as_str()));
            told_member(call, member, ("App", "Apps", &identity.app_id(client_id)), names)
        }
        Holder::Group(id) => told_member(call, member, ("Group", "Groups", id), None),
    })
}

/// The members of every group. Names are read at once instead of one by one.
async fn by_group(call: &Call) -> Result<HashMap<String, Vec<Value>>, ScimError> {
    let identity = call.identity();
    let users = identity.all_users(call.tenant()).await?;
    let users: HashMap<&str, (&str, &str)> = users
        .iter()
        .map(|user| (user.id.as_str(), (user.name.as_str(), user.display_name.as_str())))
        .collect();
    let mut found: HashMap<String, Vec<Value>> = HashMap::new();
    for member in identity.all_members(call.tenant()).await? {
        let told = match &member.holder {
            Holder::User(id) => {
                let names = users.get(id.as_str()).copied();
                told_member(call, &member, ("User", "Users", id), names)
            }
            Holder::App(_) | Holder::Group(_) => one_member(call, &member).await?,
        };
        found.entry(member.group).or_default().push(told);
    }
    Ok(found)
}

fn told_member(
    call: &Call,
    member: &Member,
    (kind, endpoint, id): (&str, &str, &str),
    names: Option<(&str, &str)>,
) -> Value {
    let mut told = Map::new();
    told.insert("value".to_owned(), json!(id));
    told.insert("type".to_owned(), json!(kind));
    if let Some((name, display)) = names {
        told.insert("name".to_owned(), json!(name));
        told.insert("display".to_owned(), json!(display));
    }
    told.insert("dateAdded".to_owned(), json!(member.since.to_string()));
    told.insert("$ref".to_owned(), json!(call.location(endpoint, id)));
    Value::Object(told)
}
