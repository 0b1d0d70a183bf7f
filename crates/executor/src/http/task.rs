//! An HTTP attempt from its request to its end, or from its handle after a server start.

use crate::executors::Shared;
use crate::http::answer::Verdict;
use crate::http::exchange::Exchange;
use crate::http::request::{self, plan};
use crate::http::slots::RequestSlot;
use crate::live::{Order, Orders, Phase};
use crate::log::AttemptLog;
use crate::port::{Attempt, Outcome};
use dayend_engine::codes::AttemptId;
use dayend_engine::definition::HttpWork;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where to go on with an attempt that its endpoint accepted.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Handle {
    /// Asked here, unless a callback comes first.
    Poll(String),
    /// Only a callback ends it.
    Callback,
}

/// Waits for its turn, then sends the request and follows the attempt to its end.
pub(crate) async fn run(shared: Arc<Shared>, attempt: Attempt, work: HttpWork, mut orders: Orders) {
    let id = attempt.id;
    let url = match request::url(&attempt, &work) {
        Ok(url) => url,
        Err(reason) => return shared.live.end(id, Outcome::Failed, &reason),
    };
    let slot = tokio::select! {
        biased;
        order = orders.changed() => return shared.never_started(id, order),
        slot = shared.http.slot(&attempt.tenant, &url) => slot,
    };
    // In a box of its own: a hundred thousand attempts that wait should not take the room of so many requests.
    Box::pin(send(shared, attempt, work, orders, slot)).await;
}

async fn send(
    shared: Arc<Shared>,
    attempt: Attempt,
    work: HttpWork,
    mut orders: Orders,
    slot: RequestSlot,
) {
    let id = attempt.id;
    let shared_too = Arc::clone(&shared);
    let planned = tokio::task::spawn_blocking(move || plan(&shared_too, &attempt, &work)).await;
    let plan = match planned {
        Ok(Ok(plan)) => plan,
        Ok(Err(reason)) => return shared.live.end(id, Outcome::Failed, &reason),
        Err(_) => {
            return shared.live.end(
                id,
                Outcome::Failed,
                "the request could not be built: internal error",
            );
        }
    };
    shared.live.set_phase(id, Phase::InProcess);
    shared.live.started(id, (shared.settings.now)());
    let log =
        AttemptLog::new(shared.dir(id), shared.settings.limits.log_bytes, shared.settings.now);
    let mut exchange = Exchange { shared: &shared, plan, log, wish: None };
    let verdict = tokio::select! {
        biased;
        order = orders.changed() => return stopped(&shared, id, order, "stopped before the endpoint answered"),
        verdict = exchange.ask() => verdict,
    };
    drop(slot);
    let location = match verdict {
        Verdict::Ended(outcome, message) => return shared.live.end(id, outcome, &message),
        Verdict::NotNow(problem) => return shared.live.end(id, Outcome::Failed, &problem),
        Verdict::Accepted { location } => location,
    };
    let poll = match location.map(|location| exchange.poll_url(&location)).transpose() {
        Ok(poll) => poll,
        Err(reason) => return shared.live.end(id, Outcome::Failed, &reason),
    };
    let handle = poll.as_ref().map_or(Handle::Callback, |url| Handle::Poll(url.to_string()));
    let handle = serde_json::to_string(&handle).expect("a handle is plain JSON");
    // In this order: an attempt outside may be left at any time, and then needs its handle.
    shared.live.accepted(id, handle);
    shared.live.set_phase(id, Phase::Outside);
    follow(id, exchange, poll, orders).await;
}

/// After a server start: goes on where the handle says. Without one nobody knows whether the request arrived.
pub(crate) async fn adopt(shared: Arc<Shared>, attempt: Attempt, work: HttpWork, orders: Orders) {
    let id = attempt.id;
    let handle = attempt.handle.as_deref().map(serde_json::from_str::<Handle>);
    let handle = match handle {
        Some(Ok(handle)) => handle,
        Some(Err(_)) => {
            return shared.live.end(id, Outcome::Lost, "the attempt's handle cannot be read");
        }
        None => {
            return shared.live.end(
                id,
                Outcome::Lost,
                "the server stopped before the endpoint answered",
            );
        }
    };
    let shared_too = Arc::clone(&shared);
    let planned = tokio::task::spawn_blocking(move || plan(&shared_too, &attempt, &work)).await;
    let plan = match planned {
        Ok(Ok(plan)) => plan,
        Ok(Err(reason)) => {
            return shared.live.end(
                id,
                Outcome::Lost,
                &format!("the endpoint cannot be asked any more: {reason}"),
            );
        }
        Err(_) => {
            return shared.live.end(
                id,
                Outcome::Lost,
                "the poll could not be built: internal error",
            );
        }
    };
    let log =
        AttemptLog::new(shared.dir(id), shared.settings.limits.log_bytes, shared.settings.now);
    let exchange = Exchange { shared: &shared, plan, log, wish: None };
    let poll = match handle {
        Handle::Callback => None,
        Handle::Poll(url) => match exchange.poll_url(&url) {
            Ok(url) => Some(url),
            Err(reason) => return shared.live.end(id, Outcome::Lost, &reason),
        },
    };
    shared.live.set_phase(id, Phase::Outside);
    follow(id, exchange, poll, orders).await;
}

/// Polls, or only waits for the callback: that one ends the attempt by itself, which arrives here as an order to leave.
async fn follow(id: AttemptId, mut exchange: Exchange<'_>, poll: Option<Url>, mut orders: Orders) {
    let shared = exchange.shared;
    let Some(url) = poll else {
        exchange.note("accepted, waiting for the callback").await;
        let order = orders.changed().await;
        return stopped(
            shared,
            id,
            order,
            "stopped while waiting for the callback; the endpoint may still be at work",
        );
    };
    exchange.note(&format!("accepted, polling {url}")).await;
    tokio::select! {
        biased;
        order = orders.changed() => stopped(shared, id, order, "stopped while polling; the endpoint may still be at work"),
        (outcome, message) = exchange.poll(url) => shared.live.end(id, outcome, &message),
    }
}

fn stopped(shared: &Shared, id: AttemptId, order: Order, message: &str) {
    match order {
        Order::Stop => shared.live.end(id, Outcome::Failed, message),
        Order::Leave | Order::GoOn => {}
    }
}
