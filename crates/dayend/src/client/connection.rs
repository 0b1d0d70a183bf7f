//! The connection to a server: one HTTP client, one access token, and the patience to get through.

use super::backoff;
use super::failure::Failure;
use super::profile::{Grant, Profile};
use super::retry::{Trouble, judge};
use super::token::{Bearer, Held};
use super::voice::Voice;
use dayend_wire::exit::ExitCode;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a command goes on trying while the server cannot be reached.
pub(super) const RETRY_FOR: Duration = Duration::from_secs(30);
/// The same while it waits for a run: long enough for a server to be restored.
const RETRY_FOR_WAITING: Duration = Duration::from_mins(15);
/// The longest answer that is read.
const ANSWER_MAX_BYTES: usize = 512 * 1024 * 1024;

/// How patient a connection is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
    pub(crate) retry_for: Option<Duration>,
}

/// A server, and who we are there.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) client: Client,
    pub(super) profile: Profile,
    pub(super) limits: Limits,
    pub(super) held: Mutex<Held>,
    voice: Arc<Voice>,
}

/// A request that can be sent as often as it takes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the base URL, with its query.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    pub(super) key: Option<String>,
    /// It belongs to a wait for a run, which outlives a restart of the server.
    pub(super) waiting: bool,
}

/// An answer that is not a reason to try again.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A reading request.
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None, key: None, waiting: false }
    }

    /// A request with a JSON body.
    pub(super) fn post(path: String, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own bodies are always JSON");
        Self { method: Method::POST, path, body: Some(body), key: None, waiting: false }
    }
}

impl Connection {
    /// Prepares a connection; nothing is sent yet.
    pub(crate) fn new(
        profile: Profile,
        limits: Limits,
        voice: Arc<Voice>,
    ) -> Result<Self, Failure> {
        let mut builder = Client::builder()
            .user_agent(concat!("dayend/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.request)
            // A redirect could take the token to another server.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&profile.base_url) {
            builder = builder.no_proxy();
        }
        if let Some(file) = &profile.ca_file {
            let unreadable = |problem: &dyn std::fmt::Display| {
                Failure::usage(format!(
                    "the CA file {} of the profile cannot be used: {problem}",
                    file.display()
                ))
            };
            let pem = std::fs::read(file).map_err(|error| unreadable(&error))?;
            let authorities =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
            if authorities.is_empty() {
                return Err(unreadable(&"there is no certificate in it"));
            }
            builder = builder.tls_certs_merge(authorities);
        }
        let client = builder.build().map_err(|error| {
            Failure::new(
                ExitCode::Bug,
                format!("the HTTP client cannot be made: {}", super::retry::chain(&error)),
            )
        })?;
        Ok(Self { client, profile, limits, held: Mutex::new(Held::default()), voice })
    }

    /// The same connection with another way to its token.
    pub(crate) fn again_with(&self, grant: Grant) -> Result<Self, Failure> {
        Ok(Self {
            client: self.client.clone(),
            profile: self.profile.clone().with_grant(grant)?,
            limits: self.limits,
            held: Mutex::new(Held::default()),
            voice: Arc::clone(&self.voice),
        })
    }

    /// The profile in use.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Where to say things.
    pub(crate) fn voice(&self) -> &Voice {
        &self.voice
    }

    /// The longest that a single request may wait for news on the server.
    pub(super) fn longest_poll(&self) -> Duration {
        self.limits.request.saturating_sub(Duration::from_secs(5)).max(Duration::from_secs(1))
    }

    /// Sends a request until there is an answer, a lasting problem, or no patience left.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let usual = if request.waiting { RETRY_FOR_WAITING } else { RETRY_FOR };
        let mut renewed = false;
        let sent = self.patiently(usual, async || {
            let answer = self.try_once(request).await?;
            match answer {
                Ok(answer) if answer.status == 401 && !renewed => {
                    // Expired or revoked: one new token, then the refusal counts.
                    renewed = true;
                    self.held.lock().await.refuse();
                    Ok(self.try_once(request).await?.and_then(judge))
                }
                answer => Ok(answer.and_then(judge)),
            }
        });
        sent.await?.map_err(|trouble| Self::unreachable(&trouble, request))
    }

    /// Does something until it works, fails for good, or patience ends: then its last trouble comes back.
    pub(super) async fn patiently<T>(
        &self,
        usual: Duration,
        mut once: impl AsyncFnMut() -> Result<Result<T, Trouble>, Failure>,
    ) -> Result<Result<T, Trouble>, Failure> {
        let give_up = Instant::now() + self.limits.retry_for.unwrap_or(usual);
        let mut retry = 0;
        loop {
            let trouble = match once().await? {
                Ok(done) => return Ok(Ok(done)),
                Err(trouble) => trouble,
            };
            let delay = backoff::delay(retry, trouble.retry_after, backoff::dice());
            let Some(left) =
                give_up.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return Ok(Err(trouble));
            };
            let delay = delay.min(left);
            let sentence = format!(
                "dayend: {}; trying again in {:.1} s",
                trouble.sentence,
                delay.as_secs_f32()
            );
            self.voice.say(&sentence);
            tokio::time::sleep(delay).await;
            retry += 1;
        }
    }

    async fn try_once(&self, request: &Request) -> Result<Result<Answer, Trouble>, Failure> {
        let bearer = match self.bearer().await? {
            Ok(bearer) => bearer,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let url = format!("{}{}", self.profile.base_url, request.path);
        let mut builder = self
            .client
            .request(request.method.clone(), url)
            .bearer_auth(bearer.token.expose_secret());
        for (name, value) in self.scope_headers(&bearer) {
            // As bytes: names may be in any language.
            builder = builder.header(name, value.as_bytes());
        }
        builder = builder.header("locale", "en-US").header("X-Dayend-Strict", "true");
        if let Some(key) = &request.key {
            builder = builder.header("Idempotency-Key", key);
        }
        if let Some(body) = &request.body {
            builder = builder.header("Content-Type", "application/json").body(body.clone());
        }
        self.exchange(builder).await
    }

    /// What the profile says; tenant and user are the token's if it says nothing, the service is the tenant's only one.
    pub(super) fn scope_headers<'a>(&'a self, bearer: &'a Bearer) -> Vec<(&'static str, &'a str)> {
        let Profile { tenant, service, workspace, user, .. } = &self.profile;
        let headers = [
            ("ofs_tenant_id", tenant.as_deref().or(bearer.tenant.as_deref())),
            ("ofs_service_id", service.as_deref()),
            ("ofs_workspace_id", Some(workspace.as_str())),
            ("ofs_remote_user", user.as_deref().or(bearer.user.as_deref())),
        ];
        headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(super) async fn exchange(
        &self,
        builder: RequestBuilder,
    ) -> Result<Result<Answer, Trouble>, Failure> {
        let read = async {
            let mut response = builder.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                    return Ok(None);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Some(Answer { status, headers, body }))
        };
        match read.await {
            Ok(Some(answer)) => Ok(Ok(answer)),
            Ok(None) => Err(Failure::odd_answer("it is far too long")),
            Err(error) => Trouble::of(&error, &self.profile.base_url).map(Err),
        }
    }

    fn unreachable(trouble: &Trouble, request: &Request) -> Failure {
        let advice = match &request.key {
            Some(key) => format!(
                "whether the request was carried out is unknown; repeat it with --key {key}, which is safe"
            ),
            None => "is the server running, and is its base URL right? `dayend serve` starts it"
                .to_owned(),
        };
        Failure::new(ExitCode::Unreachable, format!("{}; given up: {advice}", trouble.sentence))
    }
}

fn is_loopback(base_url: &str) -> bool {
    let host = reqwest::Url::parse(base_url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
