//! Logging in with a browser on this machine: authorization code with a proof key (RFC 6749, 7636, 8252, 9207).

use super::answer::{Answer, Expected};
use super::kept::KeptLogin;
use super::loopback::{Browser, Loopback};
use super::open::open;
use super::random::{challenge, unguessable};
use super::reach;
use super::session::{SCOPE, keep, patiently};
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::oauth::Proof;
use dayend_wire::exit::ExitCode;
use reqwest::Url;
use std::time::Duration;

const AUTHORIZE: &str = "/oauth2/v1/authorize";

/// Sends the user to the log-in page, waits for the code, and keeps the log-in.
pub(crate) async fn log_in_with_browser(
    connection: &Connection,
    show_only: bool,
    timeout: Duration,
) -> Result<KeptLogin, Failure> {
    reach::check(connection).await?;
    let loopback = Loopback::listen().await?;
    let (redirect_uri, verifier) = (loopback.redirect_uri(), unguessable());
    let expected =
        Expected { state: unguessable(), issuer: connection.profile().issuer().to_owned() };
    let page = page(connection, &redirect_uri, &expected.state, &verifier)?;
    if !show_only && open(page.as_str()) {
        connection
            .voice()
            .say(&format!("the log-in page is open in your browser; if not, go to\n  {page}"));
    } else {
        connection.voice().say(&format!("open this page in a browser on this machine:\n  {page}"));
    }
    let waited = tokio::time::timeout(timeout, loopback.answer(&expected)).await;
    let Ok((answer, browser)) = waited else { return Err(too_late(timeout)) };
    let logged_in = match answer {
        Answer::Code(code) => redeem(connection, &code, &redirect_uri, &verifier).await,
        Answer::Refused(why) => {
            Err(Failure::new(ExitCode::NotAllowed, format!("the log-in came to nothing: {why}")))
        }
        Answer::NotOurs => Err(Failure::new(ExitCode::Bug, "a stranger's answer was taken")),
    };
    tell(browser, &logged_in).await;
    logged_in
}

fn page(
    connection: &Connection,
    redirect_uri: &str,
    state: &str,
    verifier: &str,
) -> Result<Url, Failure> {
    let profile = connection.profile();
    let mut url = Url::parse(&format!("{}{AUTHORIZE}", profile.base_url))
        .map_err(|error| Failure::usage(format!("the base URL cannot be used: {error}")))?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &profile.login_client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", SCOPE)
        .append_pair("state", state)
        .append_pair("code_challenge", &challenge(verifier))
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

async fn redeem(
    connection: &Connection,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<KeptLogin, Failure> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    let proof = Proof::Public(&connection.profile().login_client_id);
    let tokens = patiently(connection, async || connection.tokens(proof, &form).await).await?;
    keep(connection, &tokens).await
}

async fn tell(browser: Browser, logged_in: &Result<KeptLogin, Failure>) {
    match logged_in {
        Ok(login) => {
            let text = format!(
                "You are logged in at {} as {}. You may close this page and go on in the terminal.",
                login.server, login.user
            );
            browser.say(200, "Logged in", &text).await;
        }
        Err(failure) => {
            let text = format!("Nobody was logged in: {failure}. You may close this page.");
            browser.say(200, "Not logged in", &text).await;
        }
    }
}

fn too_late(timeout: Duration) -> Failure {
    let sentence = format!(
        "nobody logged in within {} s: run `dayend login` again, or log in on another machine with --device",
        timeout.as_secs()
    );
    Failure::new(ExitCode::NotAllowed, sentence)
}
