use crate::harness::{Place, attempt, connected, http, map, post};
use crate::http::{Does, Endpoint, answer, header};
use dayend_engine::definition::{ConnectionTarget, Work};
use dayend_executor::CallbackError;
use dayend_executor::port::{Executor, Outcome};
use std::time::{Duration, Instant};

const SUCCESS: &[u8] = br#"{"STATUS":"SUCCESS","MESSAGE":"by callback"}"#;

fn accepted(headers: &str) -> Does {
    Does::Send(answer("202 Accepted", headers, ""))
}

fn token(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

#[tokio::test]
async fn an_accepted_attempt_is_polled_until_it_ends() {
    let place = Place::new();
    let mut node = place.node();
    let script = vec![
        accepted("Location: /jobs/7?x=1\r\n"),
        accepted(""),
        Does::Send(answer("200 OK", "", r#"{"STATUS":"Running"}"#)),
        Does::Send(answer("503 Service Unavailable", "", "")),
        Does::Send(Vec::new()),
        Does::Send(answer("200 OK", "", r#"{"STATUS":"FAILED","MESSAGE":"no rates"}"#)),
    ];
    let mut endpoint = Endpoint::new(script).await;
    let attempt = attempt(post(&endpoint.url));
    let id = attempt.id;
    node.executors.start(attempt);
    node.started(id).await;
    node.accepted(id).await;
    assert_eq!(node.end_of(id).await, (Outcome::Failed, "no rates".to_owned()));
    assert!(endpoint.request().await.starts_with("POST / "));
    for _ in 0..5 {
        let poll = endpoint.request().await;
        assert!(poll.starts_with("GET /jobs/7?x=1 "), "{poll}");
        assert_eq!(header(&poll, "x-fencing-token"), Some(id.epoch.to_string().as_str()));
    }
    assert!(node.log_text(id).contains("polling"));
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_polled_any_more_loses_the_attempt() {
    let place = Place::new();
    let mut node =
        place.node_with(|settings| settings.http.poll_timeout = Duration::from_millis(20));
    for broken in [
        Does::Send(Vec::new()),
        Does::Hang(Vec::new()),
        Does::Send(answer("500 Internal Server Error", "", "")),
    ] {
        let endpoint = Endpoint::new(vec![accepted("Location: /job\r\n"), broken]).await;
        let (outcome, message) = node.run(attempt(post(&endpoint.url))).await;
        assert_eq!(outcome, Outcome::Lost);
        assert!(message.starts_with("10 polls in a row failed"), "{message}");
    }
    let endpoint = Endpoint::new(vec![
        accepted("Location: /job\r\n"),
        Does::Send(answer("404 Not Found", "", "")),
    ])
    .await;
    assert_eq!(
        node.run(attempt(post(&endpoint.url))).await,
        (Outcome::Failed, "polling: HTTP 404 Not Found".to_owned())
    );
}

#[tokio::test]
async fn a_wish_for_a_later_poll_is_honoured() {
    let place = Place::new();
    let mut node = place.node();
    let script = vec![
        accepted("Location: /job\r\n"),
        accepted("Retry-After: 1\r\n"),
        Does::Send(answer("200 OK", "", r#"{"STATUS":"SUCCESS"}"#)),
    ];
    let endpoint = Endpoint::new(script).await;
    let begin = Instant::now();
    assert_eq!(node.run(attempt(post(&endpoint.url))).await.0, Outcome::Succeeded);
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_location_cannot_lead_where_the_task_itself_could_not_go() {
    let place = Place::new();
    let mut node = place.node();
    for (location, want) in [
        ("http://10.0.0.1/job", "private"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://u:p@127.0.0.1/", "user or password"),
        ("http://[", "cannot be read"),
    ] {
        let endpoint = Endpoint::new(vec![accepted(&format!("Location: {location}\r\n"))]).await;
        let (_, message) = node.run(attempt(post(&endpoint.url))).await;
        assert!(message.contains(want), "{location}: {message}");
    }
}

#[tokio::test]
async fn headers_of_a_connection_do_not_travel_to_another_origin() {
    let place = Place::new();
    let mut node = place.node();
    let mut other = Endpoint::answering("200 OK", r#"{"STATUS":"SUCCESS"}"#).await;
    let mut first =
        Endpoint::new(vec![accepted(&format!("Location: {}/job\r\n", other.url))]).await;
    let target = ConnectionTarget::Http {
        base: first.url.clone(),
        headers: map(&[("X-Key", "k")]),
        secret_headers: [].into(),
        ca_file: None,
    };
    assert_eq!(
        node.run(connected(attempt(Work::Http(http("POST", "x"))), target)).await.0,
        Outcome::Succeeded
    );
    assert_eq!(header(&first.request().await, "x-key"), Some("k"));
    assert_eq!(header(&other.request().await, "x-key"), None);
}

#[tokio::test]
async fn a_callback_ends_the_attempt_once() {
    let place = Place::new();
    let mut node = place.node();
    for location in ["", "Location: /job\r\n"] {
        let mut endpoint = Endpoint::new(vec![accepted(location)]).await;
        let attempt = attempt(post(&endpoint.url));
        let id = attempt.id;
        node.executors.start(attempt);
        node.started(id).await;
        node.accepted(id).await;
        let request = endpoint.request().await;
        let url = header(&request, "x-callback-url").unwrap().to_owned();
        assert!(
            matches!(node.executors.callback(token(&url), b"{}"), Err(CallbackError::Unreadable(reason)) if reason.contains("no STATUS"))
        );
        assert!(matches!(
            node.executors.callback(token(&url), br#"{"STATUS":"RUNNING"}"#),
            Err(CallbackError::Unreadable(_))
        ));
        assert_eq!(node.executors.callback(token(&url), SUCCESS), Ok(()));
        assert_eq!(node.end_of(id).await, (Outcome::Succeeded, "by callback".to_owned()));
        assert_eq!(node.executors.callback(token(&url), SUCCESS), Err(CallbackError::NotRunning));
    }
    assert!(node.reports.try_recv().is_err());
}

#[tokio::test]
async fn a_forged_callback_changes_nothing() {
    let place = Place::new();
    let mut node = place.node();
    let endpoint = Endpoint::new(vec![accepted("")]).await;
    let (attempt, other) = (attempt(post(&endpoint.url)), attempt(post(&endpoint.url)));
    let id = attempt.id;
    node.executors.start(attempt);
    node.started(id).await;
    node.accepted(id).await;
    let elsewhere = place.node_with(|settings| settings.callback_key = [8; 32]);
    for url in
        [elsewhere.executors.callback_url(id), "https://x/".to_owned(), "https://x/AAAA".to_owned()]
    {
        assert_eq!(node.executors.callback(token(&url), SUCCESS), Err(CallbackError::Forged));
    }
    let unknown = node.executors.callback_url(other.id);
    assert_eq!(node.executors.callback(token(&unknown), SUCCESS), Err(CallbackError::NotRunning));
    assert!(node.reports.try_recv().is_err());
    node.executors.stop(id);
    assert_eq!(node.end_of(id).await.0, Outcome::Failed);
}

#[tokio::test]
async fn the_next_server_goes_on_polling_or_waiting_where_the_handle_says() {
    let place = Place::new();
    let success = Does::Send(answer("200 OK", "", r#"{"STATUS":"SUCCESS","MESSAGE":"polled"}"#));
    for (location, script) in [("Location: job\r\n", vec![success]), ("", vec![])] {
        let mut first =
            place.node_with(|settings| settings.http.poll_first = Duration::from_hours(1));
        let mut endpoint = Endpoint::new([vec![accepted(location)], script].concat()).await;
        let mut attempt = attempt(post(&format!("{}/a/b", endpoint.url)));
        let id = attempt.id;
        first.executors.start(attempt.clone());
        first.started(id).await;
        attempt.handle = Some(first.accepted(id).await);
        endpoint.request().await;
        first.executors.shutdown().await;
        assert!(first.reports.try_recv().is_err(), "it is left, not lost");
        let mut second = place.node();
        second.executors.adopt(attempt);
        let want = if location.is_empty() {
            // It may arrive before the adoption is through: the endpoint tries again.
            while second
                .executors
                .callback(token(&second.executors.callback_url(id)), SUCCESS)
                .is_err()
            {
                tokio::task::yield_now().await;
            }
            "by callback"
        } else {
            assert!(endpoint.request().await.starts_with("GET /a/job "));
            "polled"
        };
        assert_eq!(second.end_of(id).await, (Outcome::Succeeded, want.to_owned()));
    }
}
