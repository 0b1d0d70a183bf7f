//! `dayend admin app add|secret|disable|enable|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::super::say::say;
use super::args::Place;
use super::listing::names;
use clap::{Args, Subcommand};
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use secrecy::ExposeSecret as _;

#[derive(Debug, Args)]
pub(super) struct AppArgs {
    #[command(subcommand)]
    verb: AppVerb,
}

#[derive(Debug, Subcommand)]
enum AppVerb {
    /// Makes an app; its secret is generated and shown once
    Add(AddArgs),
    /// Gives an app another secret
    Secret(IdArgs),
    /// Switches an app off; tokens that are out are refused from then on
    Disable(IdArgs),
    /// Switches an app on again
    Enable(IdArgs),
    /// Lists the apps
    List(Place),
}

#[derive(Debug, Args)]
struct AddArgs {
    #[command(flatten)]
    place: Place,
    /// The name that people read
    name: String,
    /// The client id; without it, 32 random hex digits
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The grants that it may use: `password`, `client_credentials`, `refresh_token`, `authorization_code`
    #[arg(long, value_name = "GRANT,…", value_delimiter = ',', default_value = "client_credentials", value_parser = grant)]
    grants: Vec<GrantType>,
    /// Without a secret, for programs on people's machines
    #[arg(long)]
    public: bool,
    /// Answers logical errors of the scheduler interface with 4xx
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Args)]
struct IdArgs {
    #[command(flatten)]
    place: Place,
    /// The app's client id
    client_id: String,
}

pub(super) async fn run(args: &AppArgs) -> Result<(), Failure> {
    match &args.verb {
        AppVerb::Add(args) => add(args).await,
        AppVerb::Secret(args) => secret(args).await,
        AppVerb::Disable(args) => switch(args, false).await,
        AppVerb::Enable(args) => switch(args, true).await,
        AppVerb::List(place) => list(place).await,
    }
}

async fn add(args: &AddArgs) -> Result<(), Failure> {
    let (offline, tenant) = args.place.open().await?;
    let new = NewApp {
        tenant,
        name: args.name.clone(),
        client_id: args.client_id.clone(),
        grants: args.grants.clone(),
        public: args.public,
        strict: args.strict,
    };
    let created =
        offline.identity.create_app(&actor(), new, offline.now()).await.map_err(Failure::from);
    let created = offline.close_with(created).await?;
    say(&format!("app {} was made\nclient id: {}", args.name, created.client_id))?;
    match created.secret {
        Some(secret) => say(&format!("client secret: {}", secret.expose_secret())),
        None => Ok(()),
    }
}

async fn secret(args: &IdArgs) -> Result<(), Failure> {
    let (offline, tenant) = args.place.open().await?;
    let reset =
        offline.identity.reset_app_secret(&actor(), &tenant, &args.client_id, offline.now()).await;
    let secret = offline.close_with(reset.map_err(Failure::from)).await?;
    say(&format!(
        "app {} has another secret\nclient secret: {}",
        args.client_id,
        secret.expose_secret()
    ))
}

async fn switch(args: &IdArgs, on: bool) -> Result<(), Failure> {
    let (offline, tenant) = args.place.open().await?;
    let (by, now) = (actor(), offline.now());
    let switched = if on {
        offline.identity.enable_app(&by, &tenant, &args.client_id, now).await
    } else {
        offline.identity.disable_app(&by, &tenant, &args.client_id, now).await
    };
    offline.close_with(switched.map_err(Failure::from)).await?;
    say(&format!("app {} is {}", args.client_id, if on { "enabled" } else { "disabled" }))
}

async fn list(place: &Place) -> Result<(), Failure> {
    let (offline, tenant) = place.open().await?;
    let lines = lines(&offline, &tenant).await;
    for line in offline.close_with(lines).await? {
        say(&line)?;
    }
    Ok(())
}

async fn lines(offline: &Offline, tenant: &str) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for client_id in names(offline, tenant, "app", "client").await? {
        let found = offline.store.app(&client_id).await;
        if let Some(app) = found.map_err(|error| Failure::cannot_serve(error.to_string()))? {
            let state = if app.active { "active" } else { "disabled" };
            let kind = if app.secret.is_some() { "confidential" } else { "public" };
            lines.push(format!("{}\t{state}\t{kind}\t{}\t{}", app.client_id, app.grants, app.name));
        }
    }
    Ok(lines)
}

fn grant(name: &str) -> Result<GrantType, String> {
    GrantType::from_name(name).ok_or_else(|| {
        let known: Vec<_> = GrantType::ALL.into_iter().map(GrantType::as_str).collect();
        format!("none of {}", known.join(", "))
    })
}
