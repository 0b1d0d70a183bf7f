//! Many connections at once, and connections that take and give nothing, over real sockets.

use super::Limits;
use super::tests::{PATIENCE, SHORT, connect_tls, material, start, until_closed};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// Connects from a certain address of this machine.
async fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

async fn ask(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // Of a connection that is closed at once, writing may fail as well as reading.
    let _ = stream.write_all(REQUEST).await;
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server answers");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_turned_away_and_others_are_not() {
    let limits = Limits { per_address: 2, ..Limits::default() };
    let server = start(hello(), None, limits).await;
    let first = connect_from("127.0.0.1", server.address).await;
    let mut second = connect_from("127.0.0.1", server.address).await;
    // Both are served, not only on their way.
    second.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    timeout(PATIENCE, second.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(ask(connect_from("127.0.0.1", server.address).await).await, "");
    assert!(ask(connect_from("127.0.0.2", server.address).await).await.ends_with("hello"));
    assert!(ask(first).await.ends_with("hello"));
    // The first has gone: its place is free, sooner or later.
    let mut again = ask(connect_from("127.0.0.1", server.address).await).await;
    while again.is_empty() {
        tokio::task::yield_now().await;
        again = ask(connect_from("127.0.0.1", server.address).await).await;
    }
    assert!(again.ends_with("hello"), "{again}");
}

/// Tells when an answer is not wanted any more.
struct Gone(Arc<Notify>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut() {
    let gone = Arc::new(Notify::new());
    let tell = Arc::clone(&gone);
    let handler = move || async move {
        let gone = Gone(tell);
        Body::from_stream(stream::repeat(Bytes::from(vec![b'x'; 65_536])).map(move |bytes| {
            let _until_cut = &gone;
            Ok::<_, std::io::Error>(bytes)
        }))
    };
    let limits = Limits { stall: SHORT, ..Limits::default() };
    for tls in [false, true] {
        let (material, roots) = material();
        let router = Router::new().route("/", get(handler.clone()));
        let server = start(router, tls.then_some(material), limits).await;
        if tls {
            let mut stream = connect_tls(server.address, roots, vec![]).await.unwrap();
            stream.write_all(REQUEST).await.unwrap();
            timeout(PATIENCE, gone.notified()).await.expect("the answer is given up");
        } else {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(REQUEST).await.unwrap();
            timeout(PATIENCE, gone.notified()).await.expect("the answer is given up");
        }
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_longer_than_a_head_may_take() {
    let limits = Limits { head: SHORT, first_request: SHORT, ..Limits::default() };
    let server = start(hello(), None, limits).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut answer = vec![0; 1024];
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let read = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..read].ends_with(b"hello"));
        timeout(SHORT * 4, stream.read(&mut answer)).await.expect_err("the connection is kept");
    }
    stream.write_all(b"GET / HTTP/1.1\r\nHos").await.unwrap();
    let end = timeout(PATIENCE, stream.read(&mut answer)).await.expect("a slow head is cut");
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}

#[tokio::test]
async fn a_handshake_in_pieces_does_not_count_as_a_request() {
    let (material, roots) = material();
    let limits = Limits { head: SHORT, ..Limits::default() };
    let server = start(hello(), Some(material), limits).await;
    let mut stream = connect_tls(server.address, roots, vec![]).await.unwrap();
    let mut answer = [0; 1024];
    timeout(SHORT * 4, stream.read(&mut answer)).await.expect_err("no head has begun");
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.ends_with(b"hello"));
}

#[tokio::test]
async fn short_connections_leave_nothing_behind() {
    let limits = Limits { connections: 8, ..Limits::default() };
    let server = start(hello(), None, limits).await;
    for round in 0..500 {
        let stream = TcpStream::connect(server.address).await.unwrap();
        if round % 2 == 0 {
            // Gone with a reset.
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
    }
    assert!(until_closed(server.address, REQUEST).await.ends_with("hello"));
}
