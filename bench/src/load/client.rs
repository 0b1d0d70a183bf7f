//! One client, and all of them together.

use super::seen::Seen;
use crate::caller::{Caller, Request, accepted, text};
use crate::http::{Answer, Connection};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What is looked at in an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    /// It is 200.
    Ok,
    /// It is a token.
    Token,
    /// It is an envelope that says success.
    Accepted,
    /// The same, and the run's id is told.
    Run,
    /// The same, and the code of the run's state is told.
    State,
}

/// A client before it begins.
pub(crate) struct Client {
    connection: Connection,
    requests: Box<dyn Iterator<Item = Request> + Send>,
    take: Take,
}

impl Client {
    /// Connects. What `requests` gives is sent, one at a time.
    pub(crate) async fn new(
        caller: &Caller,
        take: Take,
        requests: impl Iterator<Item = Request> + Send + 'static,
    ) -> Result<Self> {
        Ok(Self { connection: caller.connect().await?, requests: Box::new(requests), take })
    }

    async fn work(mut self, until: Option<Instant>) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut now = Instant::now();
        while until.is_none_or(|until| now < until) {
            let Some(request) = self.requests.next() else { break };
            let answer = self.connection.exchange(&request).await?;
            let then = Instant::now();
            seen.latencies.push(then - now);
            look(self.take, &answer, &mut seen.told)?;
            now = then;
        }
        Ok(seen)
    }
}

fn look(take: Take, answer: &Answer<'_>, told: &mut Vec<String>) -> Result<()> {
    match take {
        Take::Ok => {
            ensure!(answer.status == 200, "answered with {}", answer.status);
        }
        Take::Token => {
            let token = answer.status == 200 && answer.body.starts_with(b"{\"access_token\":\"ey");
            ensure!(token, "no token: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Take::Accepted => accepted(answer)?,
        Take::Run => {
            accepted(answer)?;
            told.push(text(answer, "batchRunId")?.to_owned());
        }
        Take::State => {
            accepted(answer)?;
            told.push(text(answer, "batchStatusCode")?.to_owned());
        }
    }
    Ok(())
}

/// How many of `count` things one of `clients` clients has to do.
pub(crate) fn share(count: usize, clients: usize, client: usize) -> usize {
    (0..count).skip(client).step_by(clients).count()
}

/// Lets all clients work at once: until they have nothing to ask any more, or the time is over. What is told stands in
/// the order of the clients.
pub(crate) async fn drive(clients: Vec<Client>, time: Option<Duration>) -> Result<Seen> {
    let begun = Instant::now();
    let until = time.map(|time| begun + time);
    let mut working = JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        working.spawn(async move { (number, client.work(until).await) });
    }
    let mut all = Vec::new();
    while let Some(done) = working.join_next().await {
        let (number, seen) = done?;
        all.push((number, seen?));
    }
    let wall = begun.elapsed();
    all.sort_by_key(|(number, _)| *number);
    let mut together = Seen { wall, ..Seen::default() };
    for (_, seen) in all {
        together.latencies.extend(seen.latencies);
        together.told.extend(seen.told);
    }
    Ok(together)
}
