//! `dayend admin group add|join|leave|delete|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use clap::{Args, Subcommand};
use dayend_identity::admin::{Administrator, Group, GroupDraft, Holder};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Args)]
pub(super) struct GroupArgs {
    #[command(subcommand)]
    verb: GroupVerb,
}

#[derive(Debug, Subcommand)]
enum GroupVerb {
    /// Makes a group
    Add(NameArgs),
    /// Takes users into a group
    Join(MembersArgs),
    /// Takes users out of a group
    Leave(MembersArgs),
    /// Deletes a group; its members lose what it gave them
    Delete(NameArgs),
    /// Lists the groups and who is in them
    List(Place),
}

#[derive(Debug, Args)]
struct NameArgs {
    #[command(flatten)]
    place: Place,
    /// The group's name
    name: String,
}

#[derive(Debug, Args)]
struct MembersArgs {
    #[command(flatten)]
    place: Place,
    /// The group's name
    name: String,
    /// Users, by log-in name
    #[arg(value_name = "USER", required = true)]
    users: Vec<String>,
}

pub(super) async fn run(args: &GroupArgs) -> Result<Answer, Failure> {
    match &args.verb {
        GroupVerb::Add(args) => add(args).await,
        GroupVerb::Join(args) => move_users(args, true).await,
        GroupVerb::Leave(args) => move_users(args, false).await,
        GroupVerb::Delete(args) => delete(args).await,
        GroupVerb::List(place) => list(place).await,
    }
}

async fn add(args: &NameArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let draft = GroupDraft { display_name: args.name.clone(), ..GroupDraft::default() };
    let by = Administrator::on_the_machine(&actor());
    let made = offline.identity.create_group(&by, &tenant, draft, offline.now()).await;
    let group = offline.close_with(made.map_err(Failure::from)).await?;
    Ok(Answer::new()
        .line(format!("group {} was made", group.display_name))
        .value("group", group.display_name)
        .value("id", group.id))
}

async fn move_users(args: &MembersArgs, join: bool) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let moved = moved(&offline, &tenant, args, join).await;
    let count = offline.close_with(moved).await?;
    Ok(Answer::new()
        .line(format!("group {} has {count} members", args.name))
        .value("group", args.name.as_str())
        .value("members", count))
}

async fn moved(
    offline: &Offline,
    tenant: &str,
    args: &MembersArgs,
    join: bool,
) -> Result<usize, Failure> {
    let identity = &offline.identity;
    let group = group_named(offline, tenant, &args.name).await?;
    let there = identity.members(tenant, &group.id).await?;
    let mut members: BTreeSet<Holder> = there.into_iter().map(|member| member.holder).collect();
    for name in &args.users {
        let user = identity.user_named(tenant, name).await?;
        let user =
            user.ok_or_else(|| Failure::not_found(format!("the user `{name}` does not exist")))?;
        if join {
            members.insert(Holder::User(user.id));
        } else {
            members.remove(&Holder::User(user.id));
        }
    }
    let count = members.len();
    let draft = GroupDraft {
        display_name: group.display_name.clone(),
        external_id: group.external_id.clone(),
        description: group.description.clone(),
        members: Some(members),
    };
    let by = Administrator::on_the_machine(&actor());
    identity.change_group(&by, tenant, &group, draft, offline.now()).await?;
    Ok(count)
}

async fn delete(args: &NameArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let deleted = async {
        let group = group_named(&offline, &tenant, &args.name).await?;
        let by = Administrator::on_the_machine(&actor());
        Ok(offline.identity.delete_group(&by, &tenant, &group, offline.now()).await?)
    };
    let deleted = deleted.await;
    offline.close_with(deleted).await?;
    Ok(Answer::new()
        .line(format!("group {} was deleted", args.name))
        .value("group", args.name.as_str())
        .value("deleted", true))
}

async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let listed = listed(&offline, &tenant).await;
    offline.close_with(listed).await
}

async fn listed(offline: &Offline, tenant: &str) -> Result<Answer, Failure> {
    let identity = &offline.identity;
    let users = identity.all_users(tenant).await?;
    let names: BTreeMap<String, String> =
        users.into_iter().map(|user| (user.id, user.name)).collect();
    let mut groups = identity.groups(tenant).await?;
    groups.sort_by(|one, other| one.display_name.cmp(&other.display_name));
    let (mut answer, mut objects) = (Answer::new(), Vec::new());
    for group in groups {
        let members = identity.members(tenant, &group.id).await?;
        let members: Vec<String> = members
            .into_iter()
            .map(|member| match member.holder {
                Holder::User(id) => names.get(&id).cloned().unwrap_or(id),
                Holder::App(id) | Holder::Group(id) => id,
            })
            .collect();
        answer = answer.line(format!("{}\t{}", group.display_name, members.join(" ")));
        objects.push(json!({ "group": group.display_name, "id": group.id, "members": members }));
    }
    Ok(answer.value("groups", Value::Array(objects)))
}

/// The group with this name, in whatever case.
pub(super) async fn group_named(
    offline: &Offline,
    tenant: &str,
    name: &str,
) -> Result<Group, Failure> {
    let groups = offline.identity.groups(tenant).await?;
    let found =
        groups.into_iter().find(|group| group.display_name.to_lowercase() == name.to_lowercase());
    found.ok_or_else(|| Failure::not_found(format!("the group `{name}` does not exist")))
}
