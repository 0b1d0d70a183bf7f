//! A client with one connection that is kept.

use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// How soon a run is looked at again. The end of a run is known this precisely.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);
/// A run that takes longer than this is not worth measuring.
const RUN_AT_MOST: Duration = Duration::from_mins(10);

/// A client with a token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    client: Client,
    base_url: String,
}

impl Caller {
    /// A new connection, with a token of the app's own.
    pub(crate) async fn new(server: &Server) -> Result<Self> {
        let authority = Certificate::from_pem(&fs::read(server.profile("ca_file")?)?)?;
        let builder = || Client::builder().tls_certs_only([authority.clone()]);
        let url = format!("{}/oauth2/v1/token", server.base_url);
        let asked = builder().build()?.post(url).form(&[("grant_type", "client_credentials")]);
        let (id, secret) = (server.profile("client_id")?, server.profile("client_secret")?);
        let answer: Value = asked.basic_auth(id, Some(secret)).send().await?.json().await?;
        let token = answer.get("access_token").and_then(Value::as_str).context("no token")?;

        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::try_from(format!("Bearer {token}"))?);
        headers.insert("ofs_tenant_id", HeaderValue::from_str(server.profile("tenant")?)?);
        headers.insert("ofs_service_id", HeaderValue::from_str(server.profile("service")?)?);
        headers.insert("ofs_workspace_id", HeaderValue::from_str(server.profile("workspace")?)?);
        headers.insert("ofs_remote_user", HeaderValue::from_str(server.profile("user")?)?);
        let client = builder().default_headers(headers).build()?;
        Ok(Self { client, base_url: server.base_url.clone() })
    }

    /// One of the five calls; it must be accepted.
    pub(crate) async fn call(&self, verb: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/SchedulerService/rest-api/v1/external/{verb}", self.base_url);
        let answer = self.client.post(url).json(body).send().await?;
        let (status, answer): (_, Value) = (answer.status(), answer.json().await?);
        let code = answer.get("statusCode").and_then(Value::as_str);
        ensure!(status == 200 && code == Some("0"), "{verb} was answered with {status} {answer}");
        Ok(answer)
    }

    /// Triggers a batch and gives the run id.
    pub(crate) async fn trigger(&self, batch: &str) -> Result<String> {
        self.trigger_with(&json!({"batchName": batch, "batchType": "rest"})).await
    }

    /// The same with a body of one's own.
    pub(crate) async fn trigger_with(&self, body: &Value) -> Result<String> {
        let answer = self.call("trigger", body).await?;
        let run = answer.get("batchRunId").and_then(Value::as_str).context("no run id")?;
        Ok(run.to_owned())
    }

    /// Looks until the run has ended well. `task` keeps the answers small.
    pub(crate) async fn ended(&self, run: &str, task: &str) -> Result<()> {
        self.until(run, task, "0").await
    }

    /// Looks until the run's `batchStatusCode` is this one.
    pub(crate) async fn until(&self, run: &str, task: &str, wanted: &str) -> Result<()> {
        let begun = Instant::now();
        let body = json!({"batchRunId": run, "tasks": [task]});
        loop {
            let answer = self.call("status", &body).await?;
            match answer.get("batchStatusCode").and_then(Value::as_str) {
                Some(code) if code == wanted => return Ok(()),
                Some("1" | "2") => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                _ => anyhow::bail!("{run} did not become {wanted}: {answer}"),
            }
            ensure!(begun.elapsed() < RUN_AT_MOST, "{run} takes too long");
        }
    }

    /// The whole status of a run, unread: what is measured is the server.
    pub(crate) async fn status(&self, run: &str) -> Result<String> {
        let url = format!("{}/SchedulerService/rest-api/v1/external/status", self.base_url);
        let answer = self.client.post(url).json(&json!({ "batchRunId": run })).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }
}
