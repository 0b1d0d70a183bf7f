//! `dayend admin user add|password|disable|enable|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use super::listing::names;
use super::password::PasswordArgs;
use clap::{Args, Subcommand};
use dayend_identity::admin::NewUser;
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
        UserVerb::Disable(args) => switch(args, false).await,
        UserVerb::Enable(args) => switch(args, true).await,
        UserVerb::List(place) => list(place).await,
    }
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
    let whose = (tenant.as_str(), args.name.as_str());
    let changed = offline
        .identity
        .set_password(&actor(), whose, chosen, offline.now())
        .await
        .map_err(Failure::from);
    let password = offline.close_with(changed).await?;
    Ok(Answer::new()
        .line(format!("user {} has another password", args.name))
        .value("user", args.name.as_str())
        .secret("password", generated.then_some(&password)))
}

async fn switch(args: &NameArgs, on: bool) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let (by, now) = (actor(), offline.now());
    let switched = if on {
        offline.identity.enable_user(&by, &tenant, &args.name, now).await
    } else {
        offline.identity.disable_user(&by, &tenant, &args.name, now).await
    };
    offline.close_with(switched.map_err(Failure::from)).await?;
    Ok(Answer::new()
        .line(format!("user {} is {}", args.name, if on { "enabled" } else { "disabled" }))
        .value("user", args.name.as_str())
        .value("state", if on { "active" } else { "disabled" }))
}

async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let listed = listed(&offline, &tenant).await;
    offline.close_with(listed).await
}

async fn listed(offline: &Offline, tenant: &str) -> Result<Answer, Failure> {
    let (mut answer, mut users) = (Answer::new(), Vec::new());
    for name in names(offline, tenant, "user", "user").await? {
        let found = offline.store.user_by_name(tenant, &name).await;
        if let Some(user) = found.map_err(|error| Failure::cannot_serve(error.to_string()))? {
            let state = if user.active { "active" } else { "disabled" };
            answer = answer.line(format!("{}\t{state}\t{}", user.name, user.display_name));
            users.push(
                json!({ "user": user.name, "state": state, "display_name": user.display_name }),
            );
        }
    }
    Ok(answer.value("users", Value::Array(users)))
}
