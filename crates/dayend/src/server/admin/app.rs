//! `dayend admin app add|show|set|secret|disable|enable|logout|delete|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::app_settings::SettingsArgs;
use super::app_show;
use super::args::Place;
use clap::{Args, Subcommand};
use dayend_identity::GrantType;
use dayend_identity::admin::{Administrator, App, AppDraft, Registration};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct AppArgs {
    #[command(subcommand)]
    verb: AppVerb,
}

#[derive(Debug, Subcommand)]
enum AppVerb {
    /// Makes an app; its secret is generated and shown once
    Add(Box<AddArgs>),
    /// Shows an app with all its settings
    Show(IdArgs),
    /// Changes the settings of an app
    Set(Box<SetArgs>),
    /// Gives an app another secret
    Secret(IdArgs),
    /// Switches an app off; tokens that are out are refused from then on
    Disable(IdArgs),
    /// Switches an app on again
    Enable(IdArgs),
    /// Ends all tokens of an app; it may ask for new ones
    Logout(IdArgs),
    /// Deletes an app with all that it holds
    Delete(IdArgs),
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
    /// The grants that it may use: `password`, `client_credentials`, `refresh_token`, `authorization_code`, …
    #[arg(long, value_name = "GRANT,…", value_delimiter = ',', default_value = "client_credentials", value_parser = grant)]
    grants: Vec<GrantType>,
    /// Without a secret, for programs on people's machines
    #[arg(long)]
    public: bool,
    /// Answers logical errors of the scheduler interface with 4xx
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Args)]
struct SetArgs {
    #[command(flatten)]
    place: Place,
    /// The app's client id
    client_id: String,
    /// The name that people read
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The grants that it may use, all of them
    #[arg(long, value_name = "GRANT,…", value_delimiter = ',', value_parser = grant)]
    grants: Vec<GrantType>,
    /// Answers logical errors of the scheduler interface with 4xx
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    strict: Option<bool>,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Args)]
struct IdArgs {
    #[command(flatten)]
    place: Place,
    /// The app's client id
    client_id: String,
}

/// What is done with an app that exists.
#[derive(Clone, Copy)]
enum Change {
    Secret,
    Switch(bool),
    Logout,
    Delete,
}

pub(super) async fn run(args: &AppArgs) -> Result<Answer, Failure> {
    match &args.verb {
        AppVerb::Add(args) => add(args).await,
        AppVerb::Show(args) => show(args).await,
        AppVerb::Set(args) => set(args).await,
        AppVerb::Secret(args) => change(args, Change::Secret).await,
        AppVerb::Disable(args) => change(args, Change::Switch(false)).await,
        AppVerb::Enable(args) => change(args, Change::Switch(true)).await,
        AppVerb::Logout(args) => change(args, Change::Logout).await,
        AppVerb::Delete(args) => change(args, Change::Delete).await,
        AppVerb::List(place) => list(place).await,
    }
}

async fn add(args: &AddArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let mut draft = AppDraft {
        display_name: args.name.clone(),
        active: true,
        grants: names(&args.grants),
        strict: args.strict,
        ..AppDraft::default()
    };
    draft.settings.oauth_client = true;
    args.settings.put_into(&mut draft);
    let new = Registration { client_id: args.client_id.clone(), public: args.public, draft };
    let by = Administrator::on_the_machine(&actor());
    let made = offline.identity.register_app(&by, &tenant, new, offline.now()).await;
    let made = offline.close_with(made.map_err(Failure::from)).await?;
    Ok(Answer::new()
        .line(format!("app {} was made", args.name))
        .line(format!("client id: {}", made.app.client_id))
        .value("app", args.name.as_str())
        .value("client_id", made.app.client_id)
        .secret("client_secret", made.secret.as_ref()))
}

async fn show(args: &IdArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let found = existing(&offline, &tenant, &args.client_id).await;
    let app = offline.close_with(found).await?;
    Ok(app_show::all(&app))
}

async fn set(args: &SetArgs) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let changed = async {
        let app = existing(&offline, &tenant, &args.client_id).await?;
        let mut draft = app.draft();
        if let Some(name) = &args.name {
            draft.display_name.clone_from(name);
        }
        if !args.grants.is_empty() {
            draft.grants = names(&args.grants);
        }
        draft.strict = args.strict.unwrap_or(draft.strict);
        args.settings.put_into(&mut draft);
        let by = Administrator::on_the_machine(&actor());
        let now = offline.now();
        Ok(offline.identity.change_app(&by, &tenant, &app, draft, now).await?)
    };
    let changed = changed.await;
    let app = offline.close_with(changed).await?;
    Ok(app_show::all(&app))
}

async fn change(args: &IdArgs, change: Change) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let changed = changed(&offline, &tenant, &args.client_id, change).await;
    let (sentence, answer) = offline.close_with(changed).await?;
    let line = format!("app {} {sentence}", args.client_id);
    Ok(answer.first(line).value("client_id", args.client_id.as_str()))
}

async fn changed(
    offline: &Offline,
    tenant: &str,
    client_id: &str,
    change: Change,
) -> Result<(&'static str, Answer), Failure> {
    let app = existing(offline, tenant, client_id).await?;
    let (identity, by) = (&offline.identity, Administrator::on_the_machine(&actor()));
    let now = offline.now();
    let answer = Answer::new();
    Ok(match change {
        Change::Secret => {
            let secret = identity.regenerate_secret(&by, tenant, &app, now).await?;
            ("has another secret", answer.secret("client_secret", Some(&secret)))
        }
        Change::Switch(active) => {
            let draft = AppDraft { active, ..app.draft() };
            identity.change_app(&by, tenant, &app, draft, now).await?;
            let state = if active { "active" } else { "disabled" };
            (if active { "is enabled" } else { "is disabled" }, answer.value("state", state))
        }
        Change::Logout => {
            identity.end_app(&by, tenant, &app, now).await?;
            ("has no valid tokens any more", answer.value("ended", true))
        }
        Change::Delete => {
            identity.delete_app(&by, tenant, &app, now).await?;
            ("was deleted", answer.value("deleted", true))
        }
    })
}

async fn existing(offline: &Offline, tenant: &str, client_id: &str) -> Result<App, Failure> {
    let app = offline.identity.app_named(tenant, client_id).await?;
    app.ok_or_else(|| Failure::not_found(format!("the app `{client_id}` does not exist")))
}

async fn list(place: &Place) -> Result<Answer, Failure> {
    let (offline, tenant) = place.open().await?;
    let apps = offline.identity.all_apps(&tenant).await.map_err(Failure::from);
    let apps = offline.close_with(apps).await?;
    let answer = apps.iter().fold(Answer::new(), |answer, app| answer.line(app_show::line(app)));
    let objects: Vec<Value> = apps.iter().map(app_show::object).collect();
    Ok(answer.value("apps", json!(objects)))
}

fn names(grants: &[GrantType]) -> Vec<String> {
    let mut names: Vec<String> = grants.iter().map(|grant| grant.as_str().to_owned()).collect();
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(name.clone());
        new
    });
    names
}

fn grant(name: &str) -> Result<GrantType, String> {
    GrantType::from_name(name).ok_or_else(|| {
        let known: Vec<_> = GrantType::ALL.into_iter().map(GrantType::as_str).collect();
        format!("none of {}", known.join(", "))
    })
}
