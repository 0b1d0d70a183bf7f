//! Many small files, stored and read again.

use crate::bank::Bank;
use crate::caller::{Caller, Request};
use crate::load::{Client, Seen, Take, drive, share};
use crate::processor::memory_mib;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::{Result, ensure};
use serde_json::Value;

const FILES: usize = 10_000;
const FILES_QUICK: usize = 500;
const BYTES: usize = 1024;
const CLIENTS: usize = 64;
const PAGE: usize = 1000;

/// 64 clients store 10,000 files of 1 KiB and read them again.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let bank = Bank::open(settings, store)?;
    let caller = bank.caller().await?;
    let files = settings.count(FILES, FILES_QUICK);
    let before = memory_mib(bank.server.pid(), "VmRSS")?;
    for (what, request) in [
        ("stored", stored as fn(&Caller, usize) -> Request),
        ("read", |caller, at| caller.get(&path(at))),
    ] {
        let meter = bank.meter()?;
        let mut seen = all(&caller, files, request).await?;
        let used = meter.read()?;
        let name = format!("small files {what}/s, {files} of 1 KiB, {CLIENTS} clients");
        let figure = Figure::new(&name, seen.rate(), Unit::PerSecond).cost(&used, seen.count());
        report.add(Some(store), figure.note(&format!("p99 {:.1} ms", seen.p99_ms())));
    }
    let there = listed(&caller).await?;
    ensure!(there == files, "{there} of {files} files are there");
    let growth = memory_mib(bank.server.pid(), "VmHWM")? - before;
    let what = "memory that the server grew by with small files";
    report.add(Some(store), Figure::new(what, growth, Unit::Mebibytes).diskless());
    Ok(())
}

async fn all(
    caller: &Caller,
    files: usize,
    request: fn(&Caller, usize) -> Request,
) -> Result<Seen> {
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let (own, count) = (caller.clone(), share(files, CLIENTS, client));
        let requests = (0..count).map(move |at| request(&own, client + at * CLIENTS));
        clients.push(Client::new(caller, Take::Ok, requests).await?);
    }
    drive(clients, None).await
}

fn stored(caller: &Caller, at: usize) -> Request {
    caller.put(&path(at), &[b'x'; BYTES])
}

fn path(at: usize) -> String {
    format!("/api/v1/files/in/{at:05}.csv")
}

/// How many files there are.
async fn listed(caller: &Caller) -> Result<usize> {
    let mut connection = caller.connect().await?;
    let (mut there, mut after) = (0, String::new());
    loop {
        let path = format!("/api/v1/files?prefix=in/&limit={PAGE}&after={after}");
        let answer = connection.exchange(&caller.get(&path)).await?;
        let page: Value = serde_json::from_slice(&answer.body)?;
        there += page.get("files").and_then(Value::as_array).map_or(0, Vec::len);
        match page.get("next").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut after),
            None => return Ok(there),
        }
    }
}
