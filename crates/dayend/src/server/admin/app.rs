//! `dayend admin app add|secret|disable|enable|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use super::listing::names;
use clap::{Args, Subcommand};
use dayend_identity::GrantType;
use dayend_identity::admin::NewApp;
use serde_json::{Value, json};

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

pub(super) async fn run(args: &AppArgs) -> Result<Answer, Failure> {
    match &args.verb {
        AppVerb::Add(args) => add(args).await,
        AppVerb::Secret(args) => secret(args).await,
        AppVerb::Disable(args) => switch(args, false).await,
        AppVerb::Enable(args) => switch(args, true).await,
        AppVerb::List(place) => list(place).await,
    }
}

async fn add(args: &AddArgs) -> Result<Answer, Failure> {
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
    Ok(Answer::new()
        .line(format!("app {} was made", args.name))
        .line(format!("client id: {}", created.client_id))
        .value("app", args.name.as_str())
        .value("client_id", created.client_id)
        .secret("client_secret", created.secret.as_ref()))
}

async fn secret(args: &IdArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let reset =
        offline.identity.reset_app_secret(&actor(), &tenant, &args.client_id, offline.now()).await;
    let secret = offline.close_with(reset.map_err(Failure::from)).await?;
    Ok(Answer::new()
        .line(format!("app {} has another secret", args.client_id))
        .value("client_id", args.client_id.as_str())
        .secret("client_secret", Some(&secret)))
}

async fn switch(args: &IdArgs, on: bool) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let (by, now) = (actor(), offline.now());
    let switched = if on {
        offline.identity.enable_app(&by, &tenant, &args.client_id, now).await
    } else {
        offline.identity.disable_app(&by, &tenant, &args.client_id, now).await
    };
    offline.close_with(switched.map_err(Failure::from)).await?;
    Ok(Answer::new()
        .line(format!("app {} is {}", args.client_id, if on { "enabled" } else { "disabled" }))
        .value("client_id", args.client_id.as_str())
        .value("state", if on { "active" } else { "disabled" }))
}

async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let listed = listed(&offline, &tenant).await;
    offline.close_with(listed).await
}

async fn listed(offline: &Offline, tenant: &str) -> Result<Answer, Failure> {
    let (mut answer, mut apps) = (Answer::new(), Vec::new());
    for client_id in names(offline, tenant, "app", "client").await? {
        let found = offline.store.app(&client_id).await;
        if let Some(app) = found.map_err(|error| Failure::cannot_serve(error.to_string()))? {
            let state = if app.active { "active" } else { "disabled" };
            let kind = if app.secret.is_some() { "confidential" } else { "public" };
            let grants: Vec<&str> = app.grants.split_whitespace().collect();
            answer = answer
                .line(format!("{}\t{state}\t{kind}\t{}\t{}", app.client_id, app.grants, app.name));
            apps.push(json!({
                "client_id": app.client_id, "state": state, "kind": kind, "grants": grants, "app": app.name,
            }));
        }
    }
    Ok(answer.value("apps", Value::Array(apps)))
}

fn grant(name: &str) -> Result<GrantType, String> {
    GrantType::from_name(name).ok_or_else(|| {
        let known: Vec<_> = GrantType::ALL.into_iter().map(GrantType::as_str).collect();
        format!("none of {}", known.join(", "))
    })
}
