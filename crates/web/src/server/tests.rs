//! The server over real sockets, with limits so short that nothing needs to be waited for by the clock.

use super::connection::{Connections, builder};
use super::faces::{Answers, Faces};
use super::fallback::{method_not_allowed, not_found};
use super::listener::serve_any;
use super::{Limits, Stopping, TlsMaterial};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower::ServiceExt;

/// Longer than any test may take: a hang becomes a failure.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// For limits that are to be reached; longer than a busy machine keeps a test from doing what must be done before.
pub(super) const SHORT: Duration = Duration::from_millis(500);

fn faces() -> Router {
    Router::new()
        .route("/thing", get(|| async { "thing" }).post(|| async { "made" }))
        .route("/panic", post(panics))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
}

async fn panics() {
    panic!("on purpose");
}

pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<()>,
}

pub(super) async fn start(
    answers: impl Answers,
    tls: Option<TlsMaterial>,
    limits: Limits,
) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let ended = tokio::spawn(async move {
        serve_any(listener, tls, answers, limits, shutdown).await.unwrap();
    });
    Running { address, stop, ended }
}

/// Sends the bytes, then reads until the server closes.
pub(super) async fn until_closed(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset is a close as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_client_that_does_not_get_on_is_cut() {
    let limits = Limits { first_request: SHORT, head: SHORT, idle: SHORT, ..Limits::default() };
    let server = start(Faces::of_router(faces(), false), None, limits).await;
    #[rustfmt::skip]
    let cases: [(&str, &[u8]); 4] = [
        ("says nothing",                  b""),
        ("dribbles a header",             b"GET /thing HTTP/1.1\r\nHost: x\r\nX-Slow: "),
        ("dribbles the HTTP/2 preface",   b"PRI * HTT"),
        ("speaks HTTP/2 but asks nothing", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
    ];
    let cases = cases.map(async |(name, bytes)| {
        let answer = until_closed(server.address, bytes).await;
        assert!(!answer.contains("200 OK"), "{name}: {answer}");
    });
    futures_util::future::join_all(cases).await;
    let kept_alive = until_closed(server.address, b"GET /thing HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        kept_alive.starts_with("HTTP/1.1 200 OK\r\n"),
        "an idle connection is closed after its answer: {kept_alive}"
    );
}

#[tokio::test]
async fn a_tls_handshake_has_its_time() {
    let limits = Limits { handshake: SHORT, ..Limits::default() };
    let server = start(Faces::of_router(faces(), true), Some(material().0), limits).await;
    assert_eq!(until_closed(server.address, b"").await, "");
}

#[tokio::test]
async fn an_old_connection_takes_no_further_requests() {
    let limits = Limits { age: SHORT, ..Limits::default() };
    let server = start(Faces::of_router(faces(), false), None, limits).await;
    let answer = until_closed(server.address, b"GET /thing HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn requests_that_two_readers_could_frame_differently_are_refused() {
    let server = start(Faces::of_router(faces(), false), None, Limits::default()).await;
    #[rustfmt::skip]
    let cases: [(&str, &str); 14] = [
        ("two lengths",            "Content-Length: 1\r\nContent-Length: 2\r\n"),
        ("a signed length",        "Content-Length: +1\r\n"),
        ("a list of lengths",      "Content-Length: 1, 2\r\n"),
        ("an unknown coding",      "Transfer-Encoding: xchunked\r\n"),
        ("chunked not last",       "Transfer-Encoding: chunked, gzip\r\n"),
        ("space before the colon", "Content-Length : 1\r\n"),
        ("a folded line",          "X-A: b\r\n c\r\n"),
        ("a NUL",                  "X-A: b\0c\r\n"),
        ("a lone return",          "X-A: b\rc\r\n"),
        ("chunked twice",          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("chunked in a list",      "Transfer-Encoding: chunked, chunked\r\n"),
        ("a coding before it",     "Transfer-Encoding: gzip, chunked\r\n"),
        ("another host",           "Host: y\r\n"),
        ("the same host",          "Host: x\r\n"),
    ];
    for (name, header) in cases {
        let request = format!("POST /thing HTTP/1.1\r\nHost: x\r\n{header}\r\nx");
        let answer = until_closed(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
    }
    let nowhere = until_closed(server.address, b"GET /thing HTTP/1.1\r\n\r\n").await;
    assert!(nowhere.starts_with("HTTP/1.1 400 ") && nowhere.contains("`Host`"), "{nowhere}");
    let large =
        format!("GET /thing HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(64 * 1024));
    assert!(until_closed(server.address, large.as_bytes()).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn no_more_connections_than_the_limit_are_served_at_once() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, peak) = (Arc::clone(&now), Arc::clone(&most));
    let handler = move || async move {
        peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        counted.fetch_sub(1, Ordering::SeqCst);
        "done"
    };
    let limits = Limits { connections: 2, ..Limits::default() };
    let server = start(Router::new().route("/", get(handler)), None, limits).await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers =
        futures_util::future::join_all((0..8).map(|_| until_closed(server.address, request))).await;
    assert!(answers.iter().all(|answer| answer.ends_with("done")), "{answers:?}");
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_stop_lets_those_who_wait_answer() {
    let entered = Arc::new(Notify::new());
    let tell = Arc::clone(&entered);
    let handler = move |Extension(stopping): Extension<Stopping>| async move {
        tell.notify_one();
        stopping.begins().await;
        "stopped"
    };
    let limits = Limits { drain: PATIENCE, ..Limits::default() };
    let Running { address, stop, ended } =
        start(Router::new().route("/", get(handler)), None, limits).await;
    let client =
        tokio::spawn(
            async move { until_closed(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await },
        );
    entered.notified().await;
    stop.send(()).unwrap();
    assert!(client.await.unwrap().ends_with("stopped"));
    timeout(PATIENCE / 2, ended).await.expect("the server ends before the drain is over").unwrap();
    TcpStream::connect(address).await.expect_err("nobody listens any more");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_those_who_never_answer() {
    let entered = Arc::new(Notify::new());
    let tell = Arc::clone(&entered);
    let handler = move || async move {
        tell.notify_one();
        std::future::pending::<()>().await;
    };
    let limits = Limits { drain: SHORT, ..Limits::default() };
    let Running { address, stop, ended } =
        start(Router::new().route("/", get(handler)), None, limits).await;
    let client =
        tokio::spawn(
            async move { until_closed(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await },
        );
    entered.notified().await;
    stop.send(()).unwrap();
    timeout(PATIENCE, ended).await.expect("the server ends").unwrap();
    assert_eq!(client.await.unwrap(), "");
}

#[tokio::test]
async fn tls_speaks_http_1_1_even_to_who_offers_more() {
    let (material, roots) = material();
    let server = start(Faces::of_router(faces(), true), Some(material), Limits::default()).await;
    for offered in [vec!["h2", "http/1.1"], vec!["http/1.1"], vec![]] {
        let want = (!offered.is_empty()).then(|| b"http/1.1".to_vec());
        let offered = offered.into_iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut stream = connect_tls(server.address, roots.clone(), offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec), want);
        stream
            .write_all(b"GET /thing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(
            answer.contains("strict-transport-security: max-age=31536000\r\n")
                && answer.ends_with("thing"),
            "{answer}"
        );
    }
    assert!(connect_tls(server.address, roots, vec![b"spdy/1".to_vec()]).await.is_err());
}

pub(super) fn material() -> (TlsMaterial, rustls::RootCertStore) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    (TlsMaterial { chain_pem: own.cert.pem(), key_pem: own.signing_key.serialize_pem() }, roots)
}

pub(super) async fn connect_tls(
    address: SocketAddr,
    roots: rustls::RootCertStore,
    offered: Vec<Vec<u8>>,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offered;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    connector.connect("localhost".try_into().unwrap(), stream).await
}

/// Status, the interesting headers, and the body.
async fn ask(faces: Faces, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = faces.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn request(method: &str, uri: &str) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_method_on_every_path_has_an_answer() {
    #[rustfmt::skip]
    let cases = [
        ("GET",     "/thing",   200, None,             "thing"),
        ("HEAD",    "/thing",   200, None,             ""),
        ("POST",    "/thing",   200, None,             "made"),
        ("OPTIONS", "/thing",   204, Some("GET,HEAD,POST"), ""),
        ("PUT",     "/thing",   405, Some("GET,HEAD,POST"), "method-not-allowed"),
        ("TRACE",   "/thing",   405, Some("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"), "method-not-allowed"),
        ("BREW",    "/thing",   405, Some("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"), "method-not-allowed"),
        ("GET",     "/nothing", 404, None,             "not-found"),
        ("HEAD",    "/nothing", 404, None,             ""),
        ("OPTIONS", "/nothing", 404, None,             "not-found"),
        ("POST",    "/nothing", 404, None,             "not-found"),
        ("GET",     "/thing/",  404, None,             "not-found"),
        ("OPTIONS", "*",        204, Some("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS"), ""),
    ];
    for (method, uri, status, allow, text) in cases {
        let (got, headers, body) =
            ask(Faces::of_router(faces(), false), request(method, uri)).await;
        assert_eq!(got.as_u16(), status, "{method} {uri}");
        assert_eq!(
            headers.get("allow").map(|value| value.to_str().unwrap()),
            allow,
            "{method} {uri}"
        );
        assert!(
            if text.is_empty() { body.is_empty() } else { body.contains(text) },
            "{method} {uri}: {body}"
        );
        let is_problem =
            headers.get("content-type").is_some_and(|value| value == "application/problem+json");
        assert_eq!(is_problem, status >= 400, "{method} {uri}");
    }
}

#[tokio::test]
async fn every_answer_has_the_safety_headers_and_its_number() {
    for (uri, secure) in [("/thing", true), ("/thing", false), ("/nothing", true)] {
        let (_, headers, body) = ask(Faces::of_router(faces(), secure), request("GET", uri)).await;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(headers.contains_key("content-security-policy"));
        assert_eq!(headers.contains_key("strict-transport-security"), secure);
        assert!(!headers.contains_key("server"));
        let id = headers["x-request-id"].to_str().unwrap();
        assert_eq!(
            body.contains(&format!(r#""instance":"urn:uuid:{id}""#)),
            uri == "/nothing",
            "{body}"
        );
    }
}

#[tokio::test]
async fn long_urls_and_large_headers_are_refused() {
    let url = |length: usize| format!("/thing?{}", "x".repeat(length - "/thing?".len()));
    assert_eq!(ask(Faces::of_router(faces(), false), request("GET", &url(8192))).await.0, 200);
    assert_eq!(ask(Faces::of_router(faces(), false), request("GET", &url(8193))).await.0, 414);
    let mut large = request("GET", "/thing");
    large.headers_mut().insert("x-large", "x".repeat(16 * 1024).parse().unwrap());
    assert_eq!(ask(Faces::of_router(faces(), false), large).await.0, 431);
}

#[tokio::test]
async fn a_panic_is_a_500_without_details_and_the_connection_lives_on() {
    let server = start(Faces::of_router(faces(), false), None, Limits::default()).await;
    let twice = b"POST /panic HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nGET /thing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = until_closed(server.address, twice).await;
    assert!(
        answer.starts_with("HTTP/1.1 500 ") && answer.contains("urn:dayend:problem:internal"),
        "{answer}"
    );
    assert!(!answer.contains("on purpose"), "{answer}");
    assert!(answer.ends_with("thing"), "{answer}");
}

#[tokio::test]
async fn a_base_path_that_ends_in_a_slash_does_no_harm() {
    for path in ["/thing", "//thing", "///thing?a=1"] {
        let (status, _, body) = ask(Faces::of_router(faces(), false), request("GET", path)).await;
        assert_eq!((status.as_u16(), body.as_str()), (200, "thing"), "{path}");
    }
}

#[tokio::test]
async fn a_connection_that_is_used_is_not_idle() {
    let go_on = Arc::new(Notify::new());
    let wait = Arc::clone(&go_on);
    let handler = move || async move {
        wait.notified().await;
        "done"
    };
    let limits = Limits { first_request: SHORT, idle: SHORT, ..Limits::default() };
    let connections = Connections {
        tls: None,
        answers: Router::new().route("/", get(handler)),
        limits,
        builder: Arc::new(builder()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let (stop, _) = tokio::sync::watch::channel(false);
    let serving = connections.serve(stream, Stopping::new(&stop));
    let mut serving = std::pin::pin!(serving);
    // Several times as long as an idle connection would be kept.
    timeout(SHORT * 5, serving.as_mut()).await.expect_err("the request is still under way");
    go_on.notify_one();
    let mut answer = String::new();
    let (read, ()) =
        timeout(PATIENCE, async { tokio::join!(client.read_to_string(&mut answer), serving) })
            .await
            .unwrap();
    read.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
}
