//! `dayend admin grant`, `dayend admin revoke` and `dayend admin grants`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use super::group::group_named;
use clap::Args;
use dayend_identity::admin::{Administrator, AppRole, Holder, Right};
use dayend_identity::caller::Function;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Args)]
#[group(id = "grantee", required = true, multiple = false, args = ["user", "app", "group"])]
#[group(id = "right", required = true, multiple = true, args = ["functions", "roles"])]
pub(super) struct GrantArgs {
    #[command(flatten)]
    place: Place,
    /// A user, by log-in name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// An app, by client id
    #[arg(long, value_name = "ID")]
    app: Option<String>,
    /// A group, by name
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The functions: `BATCH_VIEW`, `BATCH_EXEC`, `BATCH_OPER`, `BATCH_MOD`, `BATCH_CMD`, `FILE_VIEW`, `FILE_PUT`,
    /// `IMPERSONATE`, `ADMIN`
    #[arg(long, value_name = "FUNCTION,…", value_delimiter = ',', value_parser = function)]
    functions: Vec<Function>,
    /// The roles in the tenant: `Identity Domain Administrator`, `User Administrator`, `Application Administrator`, …
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',', value_parser = role)]
    roles: Vec<AppRole>,
    /// The service in which the functions hold
    #[arg(long, value_name = "ID", default_value = "*")]
    service: String,
    /// The workspace in which the functions hold
    #[arg(long, value_name = "ID", default_value = "*")]
    workspace: String,
}

pub(super) async fn run(args: &GrantArgs, granted: bool) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let changed = change(args, &offline, &tenant, granted).await;
    offline.close_with(changed).await?;
    let (key, who) = args.grantee();
    let functions: Vec<_> = args.functions.iter().map(|function| function.as_str()).collect();
    let roles: Vec<_> = args.roles.iter().map(|role| role.as_str()).collect();
    let verb = if granted { "holds" } else { "no longer holds" };
    let mut answer = Answer::new();
    if !functions.is_empty() {
        let what = functions.join(", ");
        answer = answer.line(format!("{who} {verb} {what} in {}/{}", args.service, args.workspace));
    }
    if !roles.is_empty() {
        answer = answer
            .line(format!("{who} {verb} the role {}", roles.join(", ")))
            .value("roles", roles);
    }
    Ok(answer
        .value(key, who)
        .value("functions", functions)
        .value("service", args.service.as_str())
        .value("workspace", args.workspace.as_str())
        .value("granted", granted))
}

/// Lists who holds what.
pub(super) async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let listed = listed(&offline, &tenant).await;
    offline.close_with(listed).await
}

async fn listed(offline: &Offline, tenant: &str) -> Result<Answer, Failure> {
    let identity = &offline.identity;
    let users = identity.all_users(tenant).await?.into_iter().map(|user| (user.id, user.name));
    let groups = identity.groups(tenant).await?.into_iter();
    let groups = groups.map(|group| (group.id, group.display_name));
    let names: BTreeMap<String, String> = users.chain(groups).collect();
    let mut rows: Vec<[String; 4]> = identity
        .holdings(tenant)
        .await?
        .into_iter()
        .map(|holding| {
            let (kind, id) = match holding.holder {
                Holder::User(id) => ("user", id),
                Holder::App(id) => ("app", id),
                Holder::Group(id) => ("group", id),
            };
            let name = names.get(&id).cloned().unwrap_or(id);
            let (right, place) = match holding.right {
                Right::Role(role) => (role.as_str().to_owned(), "*/*".to_owned()),
                Right::Function { function, service, workspace } => {
                    (function.as_str().to_owned(), format!("{service}/{workspace}"))
                }
            };
            [kind.to_owned(), name, right, place]
        })
        .collect();
    rows.sort();
    let answer = rows.iter().fold(Answer::new(), |answer, row| answer.line(row.join("\t")));
    let objects: Vec<Value> = rows
        .iter()
        .map(|[kind, name, right, place]| {
            json!({ "kind": kind, "name": name, "right": right, "in": place })
        })
        .collect();
    Ok(answer.value("grants", objects))
}

impl GrantArgs {
    /// Who is meant, under the name that scripts know.
    fn grantee(&self) -> (&'static str, &str) {
        match (&self.user, &self.app, &self.group) {
            (Some(user), ..) => ("user", user),
            (None, Some(app), _) => ("client_id", app),
            (None, None, group) => ("group", group.as_deref().unwrap_or_default()),
        }
    }

    fn rights(&self) -> Vec<Right> {
        let function = |function: &Function| Right::Function {
            function: *function,
            service: self.service.clone(),
            workspace: self.workspace.clone(),
        };
        let functions = self.functions.iter().map(function);
        functions.chain(self.roles.iter().copied().map(Right::Role)).collect()
    }
}

async fn change(
    args: &GrantArgs,
    offline: &Offline,
    tenant: &str,
    granted: bool,
) -> Result<(), Failure> {
    let holder = holder(args, offline, tenant).await?;
    if !args.functions.is_empty() {
        known_scope(args, offline, tenant).await?;
    }
    let (identity, by) = (&offline.identity, Administrator::on_the_machine(&actor()));
    for right in args.rights() {
        let now = offline.now();
        if granted {
            identity.give(&by, tenant, (holder.clone(), right), now).await?;
        } else {
            identity.take(&by, tenant, (&holder, &right), now).await?;
        }
    }
    Ok(())
}

async fn holder(args: &GrantArgs, offline: &Offline, tenant: &str) -> Result<Holder, Failure> {
    let missing =
        |what: &str, name: &str| Failure::not_found(format!("the {what} `{name}` does not exist"));
    match (&args.user, &args.app, &args.group) {
        (Some(name), ..) => {
            let user = offline.identity.user_named(tenant, name).await?;
            user.map(|user| Holder::User(user.id)).ok_or_else(|| missing("user", name))
        }
        (None, Some(id), _) => {
            let app = offline.identity.app_named(tenant, id).await?;
            app.map(|app| Holder::App(app.client_id)).ok_or_else(|| missing("app", id))
        }
        (None, None, Some(name)) => {
            group_named(offline, tenant, name).await.map(|group| Holder::Group(group.id))
        }
        (None, None, None) => Err(Failure::usage("say --user, --app or --group")),
    }
}

/// A grant in a scope that is not there would be a typing error that nobody notices.
async fn known_scope(args: &GrantArgs, offline: &Offline, tenant: &str) -> Result<(), Failure> {
    let scopes = offline
        .store
        .scopes(tenant)
        .await
        .map_err(|error| Failure::cannot_serve(error.to_string()))?;
    let fits = |wanted: &str, there: &str| wanted == "*" || wanted == there;
    let known = scopes.iter().any(|scope| {
        fits(&args.service, &scope.service) && fits(&args.workspace, &scope.workspace)
    });
    if known {
        return Ok(());
    }
    Err(Failure::not_found(format!(
        "there is no workspace {}/{} in tenant {tenant}",
        args.service, args.workspace
    )))
}

fn function(name: &str) -> Result<Function, String> {
    Function::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Function::ALL.into_iter().map(Function::as_str).collect();
        format!("none of {}", known.join(", "))
    })
}

fn role(name: &str) -> Result<AppRole, String> {
    AppRole::from_name(name).ok_or_else(|| {
        let known: Vec<_> = AppRole::ALL.into_iter().map(AppRole::as_str).collect();
        format!("none of {}", known.join(", "))
    })
}
