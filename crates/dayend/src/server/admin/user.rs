//! `dayend admin user add|password|disable|enable|unlock|logout|delete|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use super::password::PasswordArgs;
use clap::{Args, Subcommand};
use dayend_identity::admin::{Administrator, NewUser, User, UserDraft};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    verb: UserVerb,
}

#[derive(Debug, Subcommand)]
enum UserVerb {
    /// Makes a user; a password that is not given is generated and shown once
    Add(AddArgs),
    /// Gives a user another password
    Password(PasswordOfArgs),
    /// Switches a user off; tokens that are out are refused from then on
    Disable(NameArgs),
    /// Switches a user on again
    Enable(NameArgs),
    /// Ends the delay after wrong passwords
    Unlock(NameArgs),
    /// Logs a user out everywhere: sessions and tokens that are out are refused from then on
    Logout(NameArgs),
    /// Deletes a user with all that the user holds
    Delete(NameArgs),
    /// Lists the users
    List(Place),
}

#[derive(Debug, Args)]
struct AddArgs {
    #[command(flatten)]
    place: Place,
    /// The log-in name
    name: String,
    /// The name that people read; without it, the log-in name
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
struct PasswordOfArgs {
    #[command(flatten)]
    place: Place,
    /// The log-in name
    name: String,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
struct NameArgs {
    #[command(flatten)]
    place: Place,
    /// The log-in name
    name: String,
}

pub(super) async fn run(args: &UserArgs) -> Result<Answer, Failure> {
    match &args.verb {
        UserVerb::Add(args) => add(args).await,
        UserVerb::Password(args) => password(args).await,
        UserVerb::Disable(args) => change(args, Change::Switch(false)).await,
        UserVerb::Enable(args) => change(args, Change::Switch(true)).await,
        UserVerb::Unlock(args) => change(args, Change::Unlock).await,
        UserVerb::Logout(args) => change(args, Change::Logout).await,
        UserVerb::Delete(args) => change(args, Change::Delete).await,
        UserVerb::List(place) => list(place).await,
    }
}

/// What is done with a user who exists.
#[derive(Clone, Copy)]
enum Change {
    Switch(bool),
    Unlock,
    Logout,
    Delete,
}

async fn add(args: &AddArgs) -> Result<Answer, Failure> {
    let password = args.password.read()?;
    let generated = password.is_none();
    let (offline, tenant) = args.place.open().await?;
    let new = NewUser {
        tenant,
        name: args.name.clone(),
        display_name: args.display_name.clone().unwrap_or_else(|| args.name.clone()),
        password,
    };
    let created =
        offline.identity.create_user(&actor(), new, offline.now()).await.map_err(Failure::from);
    let created = offline.close_with(created).await?;
    Ok(Answer::new()
        .line(format!("user {} was made", args.name))
        .value("user", args.name.as_str())
        // A password that the caller chose is not repeated.
        .secret("password", generated.then_some(&created.password)))
}

async fn password(args: &PasswordOfArgs) -> Result<Answer, Failure> {
    let chosen = args.password.read()?;
    let generated = chosen.is_none();
    let (offline, tenant) = args.place.open().await?;
    let changed = async {
        let user = existing(&offline, &tenant, &args.name).await?;
        let by = Administrator::on_the_machine(&actor());
        let now = offline.now();
        Ok(offline.identity.replace_password(&by, &tenant, &user, chosen, now).await?)
    };
    let changed = changed.await;
    let password = offline.close_with(changed).await?;
    Ok(Answer::new()
        .line(format!("user {} has another password", args.name))
        .value("user", args.name.as_str())
        .secret("password", generated.then_some(&password)))
}

async fn change(args: &NameArgs, change: Change) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let changed = changed(&offline, &tenant, &args.name, change).await;
    let (sentence, key, value) = offline.close_with(changed).await?;
    Ok(Answer::new()
        .line(format!("user {} {sentence}", args.name))
        .value("user", args.name.as_str())
        .value(key, value))
}

async fn changed(
    offline: &Offline,
    tenant: &str,
    name: &str,
    change: Change,
) -> Result<(&'static str, &'static str, Value), Failure> {
    let user = existing(offline, tenant, name).await?;
    let (identity, by) = (&offline.identity, Administrator::on_the_machine(&actor()));
    let now = offline.now();
    Ok(match change {
        Change::Switch(active) => {
            let draft = UserDraft { active, ..user.draft() };
            identity.change_user(&by, tenant, &user, draft, now).await?;
            if active {
                ("is enabled", "state", json!("active"))
            } else {
                ("is disabled", "state", json!("disabled"))
            }
        }
        Change::Unlock => {
            identity.unlock_user(&by.actor, tenant, name, now).await?;
            ("may try again at once", "unlocked", json!(true))
        }
        Change::Logout => {
            identity.end_user(&by, tenant, &user, now).await?;
            ("is logged out everywhere", "ended", json!(true))
        }
        Change::Delete => {
            identity.delete_user(&by, tenant, &user, now).await?;
            ("was deleted", "deleted", json!(true))
        }
    })
}

async fn existing(offline: &Offline, tenant: &str, name: &str) -> Result<User, Failure> {
    let user = offline.identity.user_named(tenant, name).await?;
    user.ok_or_else(|| Failure::not_found(format!("the user `{name}` does not exist")))
}

async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let users = offline.identity.all_users(&tenant).await.map_err(Failure::from);
    let users = offline.close_with(users).await?;
    let (mut answer, mut objects) = (Answer::new(), Vec::new());
    for user in users {
        let state = if user.active { "active" } else { "disabled" };
        answer = answer.line(format!("{}\t{state}\t{}", user.name, user.display_name));
        objects
            .push(json!({ "user": user.name, "state": state, "display_name": user.display_name }));
    }
    Ok(answer.value("users", Value::Array(objects)))
}
