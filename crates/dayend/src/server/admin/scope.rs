//! `dayend admin scope add|list`.

use super::super::failure::Failure;
use super::super::offline::{Offline, actor};
use super::answer::Answer;
use super::listing::{all_scopes, scopes_of};
use clap::{Args, Subcommand};
use dayend_engine::codes::{SCOPE_ID_MAX_CHARS, Scope};
use dayend_store::port::HistoryRecord;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The record of a new scope.
pub(super) const SCOPE_EVENT: &str = "scope";

#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    #[command(subcommand)]
    verb: ScopeVerb,
}

#[derive(Debug, Subcommand)]
enum ScopeVerb {
    /// Makes a workspace; its tenant and its service are made with it if they are new
    Add(AddArgs),
    /// Lists the workspaces of all tenants, or of one
    List(ListArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// The tenant: nothing of it can be seen or changed by another one
    #[arg(long, value_name = "ID", value_parser = scope_id)]
    tenant: String,
    /// The service
    #[arg(long, value_name = "ID", value_parser = scope_id)]
    service: String,
    /// The workspace
    #[arg(long, value_name = "ID", value_parser = scope_id)]
    workspace: String,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// Only this tenant's
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
}

pub(super) async fn run(args: &ScopeArgs) -> Result<Answer, Failure> {
    match &args.verb {
        ScopeVerb::Add(args) => add(args).await,
        ScopeVerb::List(args) => list(args).await,
    }
}

async fn add(args: &AddArgs) -> Result<Answer, Failure> {
    let scope = Scope {
        tenant: args.tenant.clone(),
        service: args.service.clone(),
        workspace: args.workspace.clone(),
    };
    let offline = Offline::open(&args.data).await?;
    let made = make(&offline, &scope).await;
    offline.close_with(made).await?;
    Ok(Answer::new()
        .line(format!("workspace {scope} was made"))
        .value("tenant", scope.tenant)
        .value("service", scope.service)
        .value("workspace", scope.workspace))
}

async fn make(offline: &Offline, scope: &Scope) -> Result<(), Failure> {
    let cannot = |error: dayend_store::port::StoreError| Failure::cannot_serve(error.to_string());
    if offline.store.scope_exists(scope).await.map_err(cannot)? {
        return Err(Failure::in_use(format!("the workspace {scope} exists already")));
    }
    let detail = json!({
        "tenant": scope.tenant, "service": scope.service, "workspace": scope.workspace,
    });
    // First the record: if the machine stops in between, the workspace is made by saying it again.
    offline
        .audit(HistoryRecord {
            run: None,
            at: offline.now(),
            actor: actor(),
            event: SCOPE_EVENT.to_owned(),
            detail: detail.to_string(),
        })
        .await?;
    offline.store.put_scope(scope).await.map_err(cannot)
}

async fn list(args: &ListArgs) -> Result<Answer, Failure> {
    let offline = Offline::open(&args.data).await?;
    let listed = listed(&offline, args.tenant.as_deref()).await;
    offline.close_with(listed).await
}

async fn listed(offline: &Offline, tenant: Option<&str>) -> Result<Answer, Failure> {
    let scopes = match tenant {
        Some(tenant) => scopes_of(offline, tenant).await?,
        None => all_scopes(offline).await?,
    };
    let (mut answer, mut objects) = (Answer::new(), Vec::new());
    for Scope { tenant, service, workspace } in scopes {
        answer = answer.line(format!("{tenant}\t{service}\t{workspace}"));
        objects.push(json!({ "tenant": tenant, "service": service, "workspace": workspace }));
    }
    Ok(answer.value("scopes", Value::Array(objects)))
}

/// Ids stand in headers, paths and keys: nothing in them may need to be escaped there.
fn scope_id(text: &str) -> Result<String, String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if starts_well && text.len() <= SCOPE_ID_MAX_CHARS && text.chars().all(is_letter) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "an id begins with a letter or digit and has letters, digits, `_`, `.` and `-`, at most {SCOPE_ID_MAX_CHARS}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_need_no_escaping_anywhere() {
        for good in ["bank2", "OFS_DAYEND", "WS001", "a.b-c", "9"] {
            scope_id(good).expect(good);
        }
        let long = "x".repeat(SCOPE_ID_MAX_CHARS + 1);
        for bad in ["", "*", "a/b", "a b", "a:b", "a[b]", "-a", "..", "ü", "a\n", &long] {
            scope_id(bad).expect_err(bad);
        }
    }
}
