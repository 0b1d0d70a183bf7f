//! A caller with a token: requests that are made once and sent often.

use crate::http::{Answer, Connection, Door};
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// A request as it goes over the wire.
pub(crate) type Request = Arc<[u8]>;

/// The five calls of the external interface live below this.
const EXTERNAL: &str = "/SchedulerService/rest-api/v1/external";

/// Knows the server, a token and a scope.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) door: Door,
    /// The header lines of every request.
    headers: String,
}

impl Caller {
    /// Gets a token of the app's own.
    pub(crate) async fn new(server: &Server) -> Result<Self> {
        let door = Door::new(&server.base_url, Path::new(server.profile("ca_file")?))?;
        let asked = token_request(&door, server, "grant_type=client_credentials")?;
        let mut connection = door.connect().await?;
        let answer = connection.exchange(&asked).await?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        let token = body.get("access_token").and_then(Value::as_str);
        let token = token.with_context(|| format!("no token: {} {body}", answer.status))?;
        let mut headers = format!("host: {}\r\nauthorization: Bearer {token}\r\n", door.authority);
        let scope = [
            ("ofs_tenant_id", "tenant"),
            ("ofs_service_id", "service"),
            ("ofs_workspace_id", "workspace"),
            ("ofs_remote_user", "user"),
        ];
        for (header, key) in scope {
            write!(headers, "{header}: {}\r\n", server.profile(key)?)?;
        }
        Ok(Self { door, headers })
    }

    /// The question for a token of the app's own.
    pub(crate) fn app_token(&self, server: &Server) -> Result<Request> {
        token_request(&self.door, server, "grant_type=client_credentials")
    }

    /// The question for a token of the administrator, with name and password.
    pub(crate) fn password_token(&self, server: &Server) -> Result<Request> {
        let form = format!(
            "grant_type=password&username={}&password={}",
            encoded(server.profile("user")?),
            encoded(server.profile("password")?)
        );
        token_request(&self.door, server, &form)
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        self.door.connect().await
    }

    /// A request that asks for something.
    pub(crate) fn get(&self, path: &str) -> Request {
        format!("GET {path} HTTP/1.1\r\n{}\r\n", self.headers).into_bytes().into()
    }

    /// A request with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Request {
        let body = body.to_string();
        format!(
            "POST {path} HTTP/1.1\r\n{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.headers,
            body.len()
        )
        .into_bytes()
        .into()
    }

    /// A request with a body that is a file's.
    pub(crate) fn put(&self, path: &str, body: &[u8]) -> Request {
        let (headers, length) = (&self.headers, body.len());
        let head = format!("PUT {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat().into()
    }

    /// The trigger of a batch, with some of its tasks held.
    pub(crate) fn trigger(&self, batch: &str, held: &str) -> Request {
        let body = json!({"batchName": batch, "batchType": "rest", "heldTasks": held});
        self.post(&format!("{EXTERNAL}/trigger"), &body)
    }

    /// The question for a run's state; one task keeps the answer small, none asks for all.
    pub(crate) fn status(&self, run: &str, task: &str) -> Request {
        let body = match task {
            "" => json!({ "batchRunId": run }),
            task => json!({"batchRunId": run, "tasks": [task]}),
        };
        self.post(&format!("{EXTERNAL}/status"), &body)
    }

    /// Lets a held task go on.
    pub(crate) fn release(&self, run: &str, task: &str) -> Request {
        self.post(&format!("/api/v1/runs/{run}/tasks/{task}/release"), &json!({"reason": "go"}))
    }

    /// The server's own record of a run: when it was created and when it ended, in microseconds of the Unix epoch.
    pub(crate) async fn record(&self, connection: &mut Connection, run: &str) -> Result<Value> {
        let answer = connection.exchange(&self.get(&format!("/api/v1/runs/{run}"))).await?;
        ensure!(answer.status == 200, "a record was answered with {}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// A question for a token, from the app that `init` made.
fn token_request(door: &Door, server: &Server, form: &str) -> Result<Request> {
    let form = format!(
        "{form}&client_id={}&client_secret={}",
        encoded(server.profile("client_id")?),
        encoded(server.profile("client_secret")?)
    );
    let asked = format!(
        "POST /oauth2/v1/token HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        door.authority,
        form.len()
    );
    Ok(asked.into_bytes().into())
}

/// Whether one of the external calls was answered with success: the envelope ends with its code.
pub(crate) fn accepted(answer: &Answer<'_>) -> Result<()> {
    let well = answer.status == 200 && answer.body.ends_with(b"\"statusCode\":\"0\"}");
    ensure!(well, "answered with {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(())
}

/// The text behind a key of a compact JSON object whose values have no quotes in them.
pub(crate) fn text<'a>(answer: &'a Answer<'_>, key: &str) -> Result<&'a str> {
    let body = std::str::from_utf8(&answer.body)?;
    let value = body.split_once(key).and_then(|(_, rest)| rest.strip_prefix("\":\""));
    let value = value.and_then(|rest| rest.split_once('"')).map(|(value, _)| value);
    value.with_context(|| format!("no `{key}` in {body}"))
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
        encoded
    })
}
