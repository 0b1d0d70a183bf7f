//! `/admin/v1/Users`.

use super::kinds::{Changed, Made, Shown, Wants};
use super::user_input::draft;
use super::user_shape::{put_groups, shape};
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::Input;
use crate::admin::schema::{Schema, USER};
use dayend_identity::admin::{Group, Holder, User};
use serde_json::Value;
use std::collections::HashMap;

/// People.
pub(in crate::admin) struct Users;

impl Shown for Users {
    type Item = User;
    const SCHEMA: &'static Schema = &USER;

    async fn find(call: &Call, id: &str) -> Result<Option<User>, ScimError> {
        Ok(call.identity().user(call.tenant(), id).await?)
    }

    async fn told(call: &Call, user: &User, wants: Wants<'_>) -> Result<Value, ScimError> {
        let mut told = shape(call, &USER, user);
        if wants("groups") {
            let holder = Holder::User(user.id.clone());
            let groups = call.identity().groups_of(call.tenant(), &holder).await?;
            put_groups(call, &mut told, groups.iter());
        }
        Ok(told)
    }

    async fn all(call: &Call, wants: Wants<'_>) -> Result<Vec<Value>, ScimError> {
        let users = call.identity().all_users(call.tenant()).await?;
        let memberships = if wants("groups") { by_user(call).await? } else { HashMap::new() };
        let told = users.iter().map(|user| {
            let mut told = shape(call, &USER, user);
            if let Some(groups) = memberships.get(&user.id) {
                put_groups(call, &mut told, groups.iter());
            }
            told
        });
        Ok(told.collect())
    }
}

impl Made for Users {
    async fn create(call: &Call, input: Input) -> Result<(User, Input), ScimError> {
        let draft = draft(&input, None)?;
        let user =
            call.identity().register_user(&call.administrator, call.tenant(), draft, call.now);
        Ok((user.await?, Input::new()))
    }

    async fn delete(call: &Call, user: &User) -> Result<(), ScimError> {
        let identity = call.identity();
        Ok(identity.delete_user(&call.administrator, call.tenant(), user, call.now).await?)
    }
}

impl Changed for Users {
    async fn change(call: &Call, user: &User, input: Input) -> Result<User, ScimError> {
        let draft = draft(&input, Some(user))?;
        let (identity, by) = (call.identity(), &call.administrator);
        Ok(identity.change_user(by, call.tenant(), user, draft, call.now).await?)
    }
}

/// The groups of each user who is in one.
async fn by_user(call: &Call) -> Result<HashMap<String, Vec<Group>>, ScimError> {
    let groups = call.identity().groups(call.tenant()).await?;
    let groups: HashMap<String, Group> =
        groups.into_iter().map(|group| (group.id.clone(), group)).collect();
    let mut found: HashMap<String, Vec<Group>> = HashMap::new();
    for member in call.identity().all_members(call.tenant()).await? {
        if let (Holder::User(user), Some(group)) = (member.holder, groups.get(&member.group)) {
            found.entry(user).or_default().push(group.clone());
        }
    }
    Ok(found)
}
