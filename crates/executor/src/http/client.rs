//! Sends one request: guarded, without redirects, proxies, cookies or a shared connection.

use crate::http::answer::Reply;
use crate::http::policy::{AddressPolicy, GuardedResolver};
use crate::http::slots::{RequestSlot, Slots};
use crate::settings::{HttpSettings, Settings};
use dayend_engine::time::Timestamp;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The most bytes of an answer that are read.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;
/// A connection whose other end vanished is given up after about two minutes.
const KEEPALIVE: Duration = Duration::from_mins(1);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;

/// What all HTTP attempts share.
#[derive(Debug)]
pub(crate) struct Http {
    pub(super) settings: HttpSettings,
    policy: Arc<AddressPolicy>,
    slots: Slots,
    now: fn() -> Timestamp,
    /// Trusts what the system trusts; loaded with the first https request.
    system_tls: OnceCell<ClientConfig>,
}

/// One request to send.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) ca_file: Option<String>,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.http.clone(),
            policy: Arc::new(AddressPolicy::new(settings)),
            slots: Slots::new(settings.limits.http, settings.limits.http_per_host),
            now: settings.now,
            system_tls: OnceCell::new(),
        }
    }

    /// Waits until a request to this host may be under way.
    pub(super) async fn slot(&self, tenant: &Arc<str>, url: &Url) -> RequestSlot {
        self.slots.acquire(tenant, url.host_str().unwrap_or_default()).await
    }

    /// Sends the request and reads the answer.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, String> {
        self.policy.check_url(&request.url).await?;
        let client = self.client(&request).await?;
        let mut builder = client.request(request.method, request.url).headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(reason)?;
        let text = |name| {
            response
                .headers()
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let location = text(LOCATION);
        let retry_after = text(RETRY_AFTER).and_then(|value| pause(&value, (self.now)()));
        let status = response.status();
        let body = read_body(response).await?;
        Ok(Reply { status, location, retry_after, body })
    }

    /// A client for one request. It keeps no connections: a stale one would turn a fine endpoint into a failed attempt.
    async fn client(&self, request: &Request) -> Result<Client, String> {
        let port = request.url.port_or_known_default().unwrap_or_default();
        let resolver = GuardedResolver { policy: Arc::clone(&self.policy), port };
        Client::builder()
            .tls_backend_preconfigured(self.tls(request).await?)
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(self.settings.connect_timeout)
            .tcp_keepalive(KEEPALIVE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(KEEPALIVE_PROBES)
            .build()
            .map_err(reason)
    }

    async fn tls(&self, request: &Request) -> Result<ClientConfig, String> {
        if request.url.scheme() != "https" {
            return trusting(RootCertStore::empty());
        }
        if let Some(path) = request.ca_file.clone() {
            let read = tokio::task::spawn_blocking(move || own_roots(&path)).await;
            return trusting(
                read.map_err(|_| "the CA file could not be read: internal error".to_owned())??,
            );
        }
        let load = || async {
            let loaded = tokio::task::spawn_blocking(trusting_the_system).await;
            loaded.map_err(|_| {
                "the system's certificates could not be loaded: internal error".to_owned()
            })?
        };
        self.system_tls.get_or_try_init(load).await.cloned()
    }
}

/// The pause that a `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
fn pause(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let micros = date.as_microsecond().saturating_sub(now.0);
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| format!("the answer broke off: {}", reason(error)))?
    {
        if body.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(format!("the answer is larger than {ANSWER_MAX_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn trusting_the_system() -> Result<ClientConfig, String> {
    let verifier = Verifier::new(provider())
        .map_err(|error| format!("the system's certificates cannot be used: {error}"))?;
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    Ok(builder
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn own_roots(path: &str) -> Result<RootCertStore, String> {
    let refused =
        |error: &dyn Error| format!("the connection's CA file `{path}` cannot be used: {error}");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    if roots.is_empty() {
        Err(format!("the connection's CA file `{path}` holds no certificate"))
    } else {
        Ok(roots)
    }
}

/// The error with its causes, without the URL: that may hold what is not for logs.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_be_asked_later_is_read_in_both_forms() {
        let now = Timestamp(1_793_318_400_000_000);
        #[rustfmt::skip]
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Fri, 30 Oct 2026 00:01:30 GMT", Some(90)),
            ("Thu, 29 Oct 2026 00:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ];
        for (value, want) in cases {
            assert_eq!(pause(value, now), want.map(Duration::from_secs), "{value}");
        }
    }
}
