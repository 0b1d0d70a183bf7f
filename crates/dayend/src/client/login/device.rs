//! Logging in on another machine, by a code that is typed there (RFC 8628).

use super::kept::KeptLogin;
use super::reach;
use super::session::{SCOPE, keep, patiently};
use crate::client::backoff::LONGEST;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::oauth::{Proof, Tokens, refusal};
use dayend_wire::exit::ExitCode;
use serde::Deserialize;
use std::fmt;
use std::time::{Duration, Instant};

const DEVICE: &str = "/oauth2/v1/device";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What RFC 8628 says where the server says nothing, and what `slow_down` adds.
const INTERVAL_S: u64 = 5;

/// The codes, and where to type the short one.
#[derive(Deserialize)]
struct DeviceCodes {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: Option<String>,
    expires_in: u64,
    #[serde(default)]
    interval: Option<u64>,
}

impl fmt::Debug for DeviceCodes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DeviceCodes").field("user_code", &self.user_code).finish_non_exhaustive()
    }
}

/// Shows a code, waits until it is confirmed, and keeps the log-in.
pub(crate) async fn log_in_with_device(
    connection: &Connection,
    timeout: Duration,
) -> Result<KeptLogin, Failure> {
    reach::check(connection).await?;
    let give_up = Instant::now() + timeout;
    let codes = ask(connection).await?;
    let DeviceCodes { user_code, verification_uri, .. } = &codes;
    let mut sentence =
        format!("open {verification_uri} in any browser and type the code\n  {user_code}");
    if let Some(complete) = &codes.verification_uri_complete {
        sentence = format!("{sentence}\nor open {complete}");
    }
    connection.voice().say(&sentence);
    let give_up = give_up.min(Instant::now() + Duration::from_secs(codes.expires_in));
    let tokens = confirmed(connection, &codes, give_up).await?;
    keep(connection, &tokens).await
}

async fn ask(connection: &Connection) -> Result<DeviceCodes, Failure> {
    let form = [("response_type", "device_code"), ("scope", SCOPE)];
    let proof = Proof::Public(&connection.profile().login_client_id);
    let answer = connection.post_form_patiently(DEVICE, proof, &form).await?;
    if answer.status != 200 {
        let sentence = format!(
            "{} gave no device code: {}",
            connection.profile().base_url,
            refusal(&answer).said
        );
        return Err(Failure::new(ExitCode::NotAllowed, sentence));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| Failure::odd_answer("the device endpoint answered no code"))
}

/// Asks every few seconds whether the code was confirmed.
async fn confirmed(
    connection: &Connection,
    codes: &DeviceCodes,
    give_up: Instant,
) -> Result<Tokens, Failure> {
    let form = [("grant_type", GRANT), ("device_code", codes.device_code.as_str())];
    let proof = Proof::Public(&connection.profile().login_client_id);
    let mut interval_s = codes.interval.unwrap_or(INTERVAL_S).clamp(1, LONGEST.as_secs());
    loop {
        let interval = Duration::from_secs(interval_s);
        if Instant::now() + interval > give_up {
            return Err(not_confirmed());
        }
        tokio::time::sleep(interval).await;
        let asked =
            patiently(connection, async || connection.ask_for_tokens(proof, &form).await).await?;
        let refusal = match asked {
            Ok(tokens) => return Ok(tokens),
            Err(refusal) => refusal,
        };
        match refusal.error.as_str() {
            "authorization_pending" => {}
            "slow_down" => interval_s = interval_s.saturating_add(INTERVAL_S),
            "expired_token" => return Err(not_confirmed()),
            "access_denied" => {
                let sentence = "the log-in was refused in the browser";
                return Err(Failure::new(ExitCode::NotAllowed, sentence));
            }
            _ => return Err(connection.no_token(&refusal)),
        }
    }
}

fn not_confirmed() -> Failure {
    let sentence = "the code was not confirmed in time: run `dayend login --device` again";
    Failure::new(ExitCode::NotAllowed, sentence)
}
