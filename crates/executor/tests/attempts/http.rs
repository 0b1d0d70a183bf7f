use crate::harness::{Node, PATIENCE, Place, attempt, attempt_with, connected, http, map, post};
use crate::tls;
use dayend_engine::definition::{ConnectionTarget, SecretRef, Work};
use dayend_executor::port::{Executor, Fact, Outcome};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What an endpoint does with a connection after it read the request.
#[derive(Clone)]
pub(crate) enum Does {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and then nothing, for ever.
    Hang(Vec<u8>),
    /// Sends a head and then the same bytes, for ever.
    Flood(Vec<u8>, Vec<u8>),
    /// Sends a head and then one byte a second.
    Drip(Vec<u8>, Vec<u8>),
    /// Breaks the connection off without the usual good-bye.
    Reset,
}

/// An endpoint on a loopback port that follows a script, one line a connection; the last one repeats.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    requests: UnboundedReceiver<String>,
}

impl Endpoint {
    pub(crate) async fn new(script: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, requests) = unbounded_channel();
        tokio::spawn(async move {
            let mut script = script.into_iter().peekable();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let does = script.next().unwrap();
                if script.peek().is_none() {
                    script = vec![does.clone()].into_iter().peekable();
                }
                let tell = tell.clone();
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    let _ = tell.send(request);
                    follow(&mut stream, does).await
                });
            }
        });
        Self { url, requests }
    }

    pub(crate) async fn answering(status: &str, body: &str) -> Self {
        Self::new(vec![Does::Send(answer(status, "", body))]).await
    }

    pub(crate) async fn request(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.requests.recv())
            .await
            .expect("a request comes")
            .unwrap()
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
        }
    }
}

async fn follow(stream: &mut tokio::net::TcpStream, does: Does) -> std::io::Result<()> {
    match does {
        Does::Send(bytes) => stream.write_all(&bytes).await,
        Does::Hang(bytes) => {
            stream.write_all(&bytes).await?;
            // Until the other side closes.
            stream.read(&mut [0; 1]).await.map(|_| ())
        }
        Does::Drip(head, bytes) => {
            stream.write_all(&head).await?;
            let mut second = tokio::time::interval(std::time::Duration::from_secs(1));
            for byte in bytes {
                second.tick().await;
                stream.write_all(&[byte]).await?;
            }
            Ok(())
        }
        Does::Reset => stream.set_zero_linger(),
        Does::Flood(head, bytes) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&bytes).await?;
            }
        }
    }
}

pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[tokio::test]
async fn a_request_carries_what_the_contract_promises() {
    let place = Place::new();
    let mut node = place.node();
    let mut endpoint =
        Endpoint::answering("200 OK", r#"{"status":"Success","message":"42 rows"}"#).await;
    let mut work = http("put", &format!("{}/load/$D$?q=$P$", endpoint.url));
    work.headers = map(&[("X-Own", "yes")]);
    work.body = json!({"note": "for $P$", "list": [1, "$D$", null], "attempt": "forged"})
        .as_object()
        .unwrap()
        .clone();
    let attempt = attempt_with(Work::Http(work), &[("D", "2026-10-30"), ("P", "a b&c=\"d\"")]);
    let (id, key) = (attempt.id, attempt.idempotency_key());
    node.executors.start(attempt);
    node.started(id).await;
    let request = endpoint.request().await;
    assert_eq!(node.end_of(id).await, (Outcome::Succeeded, "42 rows".to_owned()));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("PUT /load/2026-10-30?q=a%20b%26c%3D%22d%22 HTTP/1.1\r\n"), "{head}");
    let callback = node.executors.callback_url(id);
    let epoch = id.epoch.to_string();
    #[rustfmt::skip]
    let headers = [
        ("idempotency-key", key.as_str()), ("x-fencing-token", &epoch), ("x-attempt", "1"), ("x-callback-url", &callback),
        ("content-type", "application/json"), ("x-own", "yes"),
    ];
    for (name, want) in headers {
        assert_eq!(header(head, name), Some(want), "{name}");
    }
    let trace = header(head, "traceparent").unwrap();
    assert!(trace.len() == 55 && trace.starts_with("00-") && trace.ends_with("-01"), "{trace}");
    assert!(callback.starts_with("https://dayend.example:8443/api/v1/callbacks/"));
    let body: Value = serde_json::from_str(body).unwrap();
    let want = json!({
        "batchRunId": "B1_2026-10-30_1793318400000_1", "taskCode": "T1", "misDate": "2026-10-30", "attempt": 1,
        "params": {"FROM_CALLER": "x", "D": "2026-10-30", "P": "a b&c=\"d\""},
        "note": "for a b&c=\"d\"", "list": [1, "2026-10-30", null],
    });
    assert_eq!(body, want);
    let log = node.log_text(id);
    assert!(
        log.contains("PUT http://127.0.0.1")
            && log.contains("HTTP 200 OK")
            && log.contains("`attempt` is not sent"),
        "{log}"
    );
    assert!(!log.contains(&callback), "the callback's token is nobody else's");
}

#[tokio::test]
async fn a_connection_gives_base_headers_and_secrets_which_stay_secret() {
    let place = Place::new();
    let mut node = place.node();
    let body = r#"{"STATUS":"FAILED","MESSAGE":"who is s3cret-value?"}"#;
    let mut endpoint = Endpoint::answering("200 OK", body).await;
    let secret = place.root.path().join("secret");
    std::fs::write(&secret, "Bearer s3cret-value\n").unwrap();
    let secret_headers =
        [("Authorization".to_owned(), SecretRef::File(secret.to_str().unwrap().to_owned()))].into();
    let target = ConnectionTarget::Http {
        base: format!("{}/api", endpoint.url),
        headers: map(&[("X-Bank", "1")]),
        secret_headers,
        ca_file: None,
    };
    let attempt = connected(attempt(Work::Http(http("GET", "v1/rates"))), target);
    let id = attempt.id;
    assert_eq!(node.run(attempt).await, (Outcome::Failed, "who is ***?".to_owned()));
    let request = endpoint.request().await;
    assert!(
        request.starts_with("GET /api/v1/rates HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"),
        "{request}"
    );
    assert_eq!(header(&request, "authorization"), Some("Bearer s3cret-value"));
    assert_eq!(header(&request, "x-bank"), Some("1"));
    assert!(!node.log_text(id).contains("s3cret"), "{}", node.log_text(id));
}

#[tokio::test]
async fn what_may_not_be_sent_fails_before_anything_is() {
    let place = Place::new();
    let mut node = place.node();
    let with_header = |name: &str, value: &str| {
        let mut work = http("POST", "http://127.0.0.1:1/");
        work.headers = map(&[(name, value)]);
        Work::Http(work)
    };
    #[rustfmt::skip]
    let cases = [
        (Work::Http(http("TRACE", "http://127.0.0.1:1/")), "not a method"),
        (with_header("Host", "x"), "not for tasks to set"),
        (with_header("Content-Length", "0"), "not for tasks to set"),
        (with_header("transfer-encoding", "chunked"), "not for tasks to set"),
        (with_header("X-Fencing-Token", "99"), "not for tasks to set"),
        (with_header("X-A", "a\r\nHost: x"), "characters that headers may not"),
        (with_header("X A", "a"), "not a header name"),
        (with_header("X-A", "$P$"), "placeholder"),
        (post("http://127.0.0.1:1/$NL$"), "line break"),
        (post("ftp://127.0.0.1/"), "neither http nor https"),
        (post("http://user:pw@127.0.0.1/"), "user or password"),
        (post("relative"), "no connection"),
    ];
    for (work, want) in cases {
        let attempt = attempt_with(work.clone(), &[("P", "x"), ("NL", "a\r\nb")]);
        node.executors.start(attempt);
        let report = node.next().await;
        assert!(
            matches!(&report.fact, Fact::Ended { outcome: Outcome::Failed, message } if message.contains(want)),
            "{work:?}: {report:?}"
        );
    }
}

#[tokio::test]
async fn private_targets_are_refused_and_never_connected_to() {
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.http.allow = Vec::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.",
        "0.0.0.0",
    ] {
        let (outcome, message) = node.run(attempt(post(&format!("http://{host}:{port}/")))).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(message.contains("private or special address"), "{host}: {message}");
    }
    let mut own =
        place.node_with(|settings| settings.base_url = format!("http://127.0.0.1:{port}"));
    for host in ["127.0.0.1", "localhost", "127.0.0.9"] {
        let (_, message) = own.run(attempt(post(&format!("http://{host}:{port}/")))).await;
        assert!(message.contains("this server's own"), "{host}: {message}");
    }
    assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none(), "nobody came");
}

#[tokio::test]
async fn tls_is_always_verified_and_a_connection_may_bring_its_own_authority() {
    let authority = tls::certificate(&["localhost"], tls::Validity::Now);
    let place = Place::new();
    let ca_file = place.root.path().join("ca.pem");
    std::fs::write(&ca_file, authority.cert.pem()).unwrap();
    let port = tls::serve(&authority).await;
    let mut node = place.node_with(|settings| settings.http.allow.push("::1".parse().unwrap()));
    let with = |host: &str, ca_file: Option<&std::path::Path>| {
        let ca_file = ca_file.map(|path| path.to_str().unwrap().to_owned());
        let target = ConnectionTarget::Http {
            base: format!("https://{host}:{port}/"),
            headers: map(&[]),
            secret_headers: [].into(),
            ca_file,
        };
        connected(attempt(Work::Http(http("POST", "x"))), target)
    };
    assert_eq!(
        node.run(with("localhost", Some(&ca_file))).await,
        (Outcome::Succeeded, "secure".to_owned())
    );
    for refused in [with("localhost", None), with("127.0.0.1", Some(&ca_file))] {
        let (outcome, message) = node.run(refused).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(message.to_lowercase().contains("certificate"), "{message}");
    }
    let missing = place.root.path().join("missing.pem");
    let (_, message) = node.run(with("localhost", Some(&missing))).await;
    assert!(message.contains("missing.pem"), "{message}");
}

/// Runs one POST against a scripted endpoint.
pub(crate) async fn outcome_of(node: &mut Node, script: Vec<Does>) -> (Outcome, String) {
    let endpoint = Endpoint::new(script).await;
    node.run(attempt(post(&endpoint.url))).await
}
