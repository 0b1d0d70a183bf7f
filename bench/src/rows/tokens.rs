//! Tokens for apps and for people.

use crate::bank::Bank;
use crate::caller::{Caller, Request};
use crate::load::{Client, Seen, Take, drive};
use crate::processor::Used;
use crate::raw::{Limit, password_hash, rs256, secret_hash};
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::Result;
use std::time::Duration;

const CLIENTS: usize = 16;
/// More log-ins of one user at once from one address count as guesses.
const PEOPLE: usize = 4;
/// Processor time of the server for a token, in signatures.
const SIGNATURES: f64 = 1.25;
/// So long is one library measured.
const RAW_MS: u64 = 1000;

/// Tokens of an app's own, then those for name and password; before and after, what the libraries need for the same.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let time = settings.time(5000, 1500);
    let raw = settings.time(RAW_MS, RAW_MS / 2);
    let bank = Bank::open(settings, store)?;
    let caller = bank.caller().await?;
    let before = rs256(raw)?;
    let (mut seen, used) =
        ask((&bank, &caller), CLIENTS, caller.app_token(&bank.server)?, time).await?;
    let signature = (before + rs256(raw)?) / 2;
    let secret = secret_hash(raw)?;
    let figure =
        Figure::new("client_credentials tokens/s, 16 clients", seen.rate(), Unit::PerSecond)
            .beside(seen.rate(), rate(signature), "RS256 signatures in one thread")
            .of(seen.rate(), Limit::Hello)
            .cost(&used, seen.count())
            .note(&format!(
                "RS256 alone {:.0}/s in one thread, HMAC of a secret {:.0}/s",
                rate(signature),
                rate(secret)
            ));
    report.add(Some(store), figure);
    let p99 = Figure::new(
        "client_credentials tokens, 16 clients, p99",
        seen.p99_ms(),
        Unit::Milliseconds,
    );
    report.add(Some(store), p99);
    let figure = in_signatures(&used, seen.count(), signature);
    report.add(Some(store), figure.at_most(SIGNATURES).diskless());

    let before = password_hash(raw)?;
    let asked = caller.password_token(&bank.server)?;
    let (seen, used) = ask((&bank, &caller), PEOPLE, asked, time).await?;
    let hash = (before + password_hash(raw)?) / 2;
    let figure = Figure::new("password tokens/s, 4 clients", seen.rate(), Unit::PerSecond)
        .beside(seen.rate(), rate(hash), "Argon2id hashes in one thread")
        .cost(&used, seen.count())
        .note(&format!("Argon2id alone {:.0}/s in one thread", rate(hash)));
    report.add(Some(store), figure);
    Ok(())
}

/// The server's processor time for one token, as a multiple of one signature.
fn in_signatures(used: &Used, tokens: usize, signature: Duration) -> Figure {
    let tokens = f64::from(u32::try_from(tokens).unwrap_or(u32::MAX));
    let times = used.server.as_secs_f64() / tokens / signature.as_secs_f64();
    let what = "server CPU of a client_credentials token, in RS256 signatures";
    Figure::new(what, times, Unit::Times)
        .note(&format!("a signature takes {:.0} µs", signature.as_secs_f64() * 1e6))
}

fn rate(each: Duration) -> f64 {
    each.as_secs_f64().recip()
}

async fn ask(
    (bank, caller): (&Bank, &Caller),
    clients: usize,
    request: Request,
    time: Duration,
) -> Result<(Seen, Used)> {
    let mut crowd = Vec::with_capacity(clients);
    for _ in 0..clients {
        let requests = std::iter::repeat(Request::clone(&request));
        crowd.push(Client::new(caller, Take::Token, requests).await?);
    }
    let meter = bank.meter()?;
    let seen = drive(crowd, Some(time)).await?;
    Ok((seen, meter.read()?))
}
