use crate::harness::{Place, attempt, post};
use crate::http::{Does, Endpoint, answer, outcome_of};
use dayend_executor::port::{Executor, Outcome};
use std::time::Duration;

#[tokio::test]
async fn every_bad_answer_ends_in_a_failure_that_says_why() {
    let place = Place::new();
    let mut node = place.node();
    let good = r#"{"STATUS":"SUCCESS"}"#;
    let send = |text: &str| Does::Send(text.as_bytes().to_vec());
    #[rustfmt::skip]
    let cases = [
        ("not HTTP at all", send("SSH-2.0-OpenSSH_9\r\n"), "HTTP"),
        ("closed without a word", send(""), ""),
        ("cut in the head", send("HTTP/1.1 200 OK\r\nContent-Le"), ""),
        ("cut in the body", send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"STATUS\":"), "broke off"),
        ("longer than announced", send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\"STATUS\":\"SUCCESS\"}"), "not JSON"),
        ("two lengths", send(&format!("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Length: 5\r\n\r\n{good}")), ""),
        ("bad chunk", send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "broke off"),
        ("a redirect to itself", Does::Send(answer("302 Found", "Location: /\r\n", "")), "redirect to / is not followed"),
        ("a permanent redirect", Does::Send(answer("308 Permanent Redirect", "Location: http://169.254.169.254/\r\n", "")), "not followed"),
        ("no content", Does::Send(answer("200 OK", "", "")), "empty"),
        ("a page", Does::Send(answer("200 OK", "", "<html>login</html>")), "not JSON"),
        ("gzip unasked", Does::Send(answer("200 OK", "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}")), "not JSON"),
        ("no status", Does::Send(answer("200 OK", "", "{}")), "no STATUS"),
        ("an error page", Does::Send(answer("503 Service Unavailable", "", "try later")), "HTTP 503 Service Unavailable: try later"),
        ("a huge body", Does::Flood(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n".to_vec(), vec![b' '; 65536]), "larger than"),
        ("endless chunks", Does::Flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), b"1000\r\n".iter().copied().chain([b' '; 4096]).chain(*b"\r\n").collect()), "larger than"),
        ("endless headers", Does::Flood(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(1000)), ""),
    ];
    for (name, does, want) in cases {
        let (outcome, message) = outcome_of(&mut node, vec![does]).await;
        assert_eq!(outcome, Outcome::Failed, "{name}: {message}");
        assert!(message.contains(want) && !message.is_empty(), "{name}: {message}");
    }
}

#[tokio::test]
async fn a_hanging_connection_ends_when_the_attempt_is_stopped() {
    let place = Place::new();
    let mut node = place.node();
    #[rustfmt::skip]
    let hangs = [
        Does::Hang(Vec::new()),
        Does::Hang(b"HTTP/1.1 200 O".to_vec()),
        Does::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()),
        Does::Flood(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
    ];
    for does in hangs {
        let mut endpoint = Endpoint::new(vec![does]).await;
        let attempt = attempt(post(&endpoint.url));
        let id = attempt.id;
        node.executors.start(attempt);
        node.started(id).await;
        endpoint.request().await;
        node.executors.stop(id);
        assert_eq!(
            node.end_of(id).await,
            (Outcome::Failed, "stopped before the endpoint answered".to_owned())
        );
    }
}

#[tokio::test]
async fn nobody_listening_is_a_failure() {
    let place = Place::new();
    let mut node = place.node();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (outcome, message) =
        node.run(attempt(post(&format!("http://{address}/?token=hidden")))).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.contains("refused") && !message.contains("hidden"), "{message}");
    let (outcome, message) = node.run(attempt(post("http://no-such-host.invalid/"))).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.contains("looked up"), "{message}");
}

#[tokio::test]
async fn hanging_endpoints_of_one_host_do_not_hold_up_another_host() {
    let place = Place::new();
    let mut node = place.node_with(|settings| {
        settings.limits.http = 8;
        settings.limits.http_per_host = 4;
    });
    let mut hanging = Endpoint::new(vec![Does::Hang(Vec::new())]).await;
    let other = Endpoint::answering("200 OK", r#"{"STATUS":"SUCCESS"}"#).await;
    for _ in 0..50 {
        node.executors.start(attempt(post(&hanging.url)));
    }
    for _ in 0..4 {
        hanging.request().await;
    }
    let (outcome, message) =
        node.run(attempt(post(&other.url.replace("127.0.0.1", "localhost")))).await;
    assert_eq!(outcome, Outcome::Succeeded, "{message}");
}

#[tokio::test]
async fn a_shutdown_waits_a_moment_for_answers_and_loses_the_rest() {
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.drain = Duration::from_millis(50));
    let mut hanging = Endpoint::new(vec![Does::Hang(Vec::new())]).await;
    let attempt = attempt(post(&hanging.url));
    let id = attempt.id;
    node.executors.start(attempt.clone());
    hanging.request().await;
    node.executors.shutdown().await;
    assert_eq!(
        node.end_of(id).await,
        (Outcome::Lost, "the server stopped before the attempt ended".to_owned())
    );
    node.executors.start(crate::harness::attempt(post(&hanging.url)));
    assert!(node.reports.try_recv().is_err(), "nothing starts any more");
    let mut next = place.node();
    next.executors.adopt(attempt);
    assert_eq!(next.end_of(id).await.0, Outcome::Lost, "without a handle nobody knows");
}
