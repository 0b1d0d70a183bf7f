//! `dayend admin grant` and `dayend admin revoke`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::args::Place;
use clap::Args;
use dayend_identity::admin::{GrantChange, Grantee};
use dayend_identity::caller::Function;

#[derive(Debug, Args)]
#[group(id = "grantee", required = true, multiple = false, args = ["user", "app"])]
pub(super) struct GrantArgs {
    #[command(flatten)]
    place: Place,
    /// A user, by log-in name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// An app, by client id
    #[arg(long, value_name = "ID")]
    app: Option<String>,
    /// The functions: `BATCH_VIEW`, `BATCH_EXEC`, `BATCH_OPER`, `BATCH_MOD`, `BATCH_CMD`, `FILE_VIEW`, `FILE_PUT`,
    /// `IMPERSONATE`, `ADMIN`
    #[arg(long, value_name = "FUNCTION,…", value_delimiter = ',', required = true, value_parser = function)]
    functions: Vec<Function>,
    /// The service in which they hold
    #[arg(long, value_name = "ID", default_value = "*")]
    service: String,
    /// The workspace in which they hold
    #[arg(long, value_name = "ID", default_value = "*")]
    workspace: String,
}

pub(super) async fn run(args: &GrantArgs, granted: bool) -> Result<Answer, Failure> {
    let (offline, tenant) = args.place.open().await?;
    let changed = change(args, &offline, &tenant, granted).await;
    offline.close_with(changed).await?;
    let who = args.user.as_deref().or(args.app.as_deref()).unwrap_or_default();
    let what: Vec<_> = args.functions.iter().map(|function| function.as_str()).collect();
    let verb = if granted { "holds" } else { "no longer holds" };
    Ok(Answer::new()
        .line(format!("{who} {verb} {} in {}/{}", what.join(", "), args.service, args.workspace))
        .value(if args.user.is_some() { "user" } else { "client_id" }, who)
        .value("functions", what)
        .value("service", args.service.as_str())
        .value("workspace", args.workspace.as_str())
        .value("granted", granted))
}

async fn change(
    args: &GrantArgs,
    offline: &Offline,
    tenant: &str,
    granted: bool,
) -> Result<(), Failure> {
    let who = match (&args.user, &args.app) {
        (Some(user), _) => Grantee::User(user.clone()),
        (None, Some(app)) => Grantee::App(app.clone()),
        (None, None) => return Err(Failure::usage("say --user or --app")),
    };
    known_scope(args, offline, tenant).await?;
    for function in &args.functions {
        let change = GrantChange {
            tenant: tenant.to_owned(),
            grantee: who.clone(),
            service: args.service.clone(),
            workspace: args.workspace.clone(),
            function: *function,
        };
        let (by, now) = (actor(), offline.now());
        if granted {
            offline.identity.grant(&by, change, now).await?;
        } else {
            offline.identity.revoke(&by, change, now).await?;
        }
    }
    Ok(())
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
