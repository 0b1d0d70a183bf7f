//! The requests of one attempt, written down in its log.

use crate::executors::Shared;
use crate::http::answer::{Reply, Verdict, judge, judge_poll};
use crate::http::client::Request;
use crate::http::request::Plan;
use crate::http::target;
use crate::log::AttemptLog;
use crate::port::Outcome;
use reqwest::{Method, Url};
use std::time::Duration;

/// How many polls in a row may fail before nobody knows any more how the attempt goes.
const POLL_FAILURES_MAX: u32 = 10;

/// One attempt's conversation with its endpoint.
pub(super) struct Exchange<'a> {
    pub(super) shared: &'a Shared,
    pub(super) plan: Plan,
    pub(super) log: AttemptLog,
    /// The pause that the endpoint asked for before the next request.
    pub(super) wish: Option<Duration>,
}

impl Exchange<'_> {
    /// Sends the task's own request.
    pub(super) async fn ask(&mut self) -> Verdict {
        let mut headers = self.plan.headers.clone();
        headers.extend(self.plan.contract.clone());
        let (method, url) = (self.plan.method.clone(), self.plan.url.clone());
        let request = Request {
            method,
            url,
            headers,
            body: self.plan.body.take(),
            ca_file: self.plan.ca_file.clone(),
        };
        for note in std::mem::take(&mut self.plan.notes) {
            self.note(&note).await;
        }
        match self.send(request).await {
            Ok(reply) => {
                self.wish = reply.retry_after;
                self.masked(judge(&reply))
            }
            Err(reason) => Verdict::Ended(Outcome::Failed, reason),
        }
    }

    /// Asks again and again until the endpoint names an end.
    pub(super) async fn poll(&mut self, url: Url) -> (Outcome, String) {
        let settings = self.shared.http.settings.clone();
        let (mut pause, mut failures) = (settings.poll_first, 0);
        loop {
            let wish = self
                .wish
                .take()
                .map(|wish| wish.clamp(settings.poll_first, settings.retry_after_max));
            tokio::time::sleep(wish.unwrap_or(pause)).await;
            pause = pause.saturating_mul(2).min(settings.poll_max);
            let problem = match self.poll_once(url.clone(), settings.poll_timeout).await {
                Ok(reply) => {
                    self.wish = reply.retry_after;
                    match self.masked(judge_poll(&reply)) {
                        Verdict::Ended(outcome, message) => return (outcome, message),
                        Verdict::Accepted { .. } => {
                            failures = 0;
                            continue;
                        }
                        Verdict::NotNow(problem) => problem,
                    }
                }
                Err(problem) => problem,
            };
            failures += 1;
            if failures >= POLL_FAILURES_MAX {
                return (
                    Outcome::Lost,
                    format!("{failures} polls in a row failed, the last one so: {problem}"),
                );
            }
        }
    }

    async fn poll_once(&mut self, url: Url, limit: Duration) -> Result<Reply, String> {
        let same_origin = url.origin() == self.plan.url.origin();
        // Nobody but the endpoint itself gets what the connection's headers hold.
        let mut headers =
            if same_origin { self.plan.headers.clone() } else { reqwest::header::HeaderMap::new() };
        headers.remove(reqwest::header::CONTENT_TYPE);
        headers.extend(self.plan.contract.clone());
        let ca_file = self.plan.ca_file.clone();
        let _slot = self.shared.http.slot(&self.plan.tenant, &url).await;
        let request = Request { method: Method::GET, url, headers, body: None, ca_file };
        let sent = tokio::time::timeout(limit, self.send(request)).await;
        if let Ok(result) = sent {
            return result;
        }
        let problem = format!("the poll was not answered within {} ms", limit.as_millis());
        self.note(&problem).await;
        Err(problem)
    }

    /// Where the endpoint wants to be asked, relative to the request's own URL.
    pub(super) fn poll_url(&self, location: &str) -> Result<Url, String> {
        let joined = self
            .plan
            .url
            .join(location)
            .map_err(|error| format!("the answer's Location cannot be read: {error}"))?;
        let url = target::parse(joined.as_str())
            .map_err(|reason| format!("the answer's Location: {reason}"))?;
        if self.plan.url.scheme() == "https" && url.scheme() != "https" {
            return Err("the answer's Location leads from https to http".to_owned());
        }
        Ok(url)
    }

    /// Writes a line into the attempt's log.
    pub(super) async fn note(&mut self, text: &str) {
        self.log.line(&self.plan.mask.hide(text)).await;
    }

    async fn send(&mut self, request: Request) -> Result<Reply, String> {
        self.note(&format!("{} {}", request.method, request.url)).await;
        let result =
            self.shared.http.send(request).await.map_err(|reason| self.plan.mask.hide(&reason));
        match &result {
            Ok(reply) => {
                let line = format!(
                    "HTTP {}, {} bytes: {}",
                    reply.status,
                    reply.body.len(),
                    String::from_utf8_lossy(&reply.body)
                );
                self.note(&line).await;
            }
            Err(reason) => self.note(reason).await,
        }
        result
    }

    fn masked(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Ended(outcome, message) => {
                Verdict::Ended(outcome, self.plan.mask.hide(&message))
            }
            Verdict::NotNow(problem) => Verdict::NotNow(self.plan.mask.hide(&problem)),
            Verdict::Accepted { location } => Verdict::Accepted { location },
        }
    }
}
