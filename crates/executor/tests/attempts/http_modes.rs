//! All that an endpoint may do to whoever calls it, each with the end that the manual promises.

use crate::harness::{Node, Place, attempt, connected, http, map, post};
use crate::http::Does::{Drip, Flood, Hang, Reset, Send};
use crate::http::{Endpoint, answer};
use crate::tls;
use dayend_engine::definition::{ConnectionTarget, Work};
use dayend_executor::port::{Attempt, Executor, Outcome};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

/// The most memory that one attempt may take, the endpoint in the same process included.
const MEMORY_MAX_KIB: u64 = 16 * 1024;
/// What ends attempts whose endpoint never ends them: the task's time-out, which is told as a stop.
const STOPPED: &str = "stopped before the endpoint answered";
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// Who ends the attempt.
enum Ends {
    ByItself(&'static str),
    /// Only when it is stopped.
    Stopped,
}
use Ends::{ByItself, Stopped};

#[tokio::test]
async fn every_hostile_endpoint_ends_in_its_documented_state_and_takes_little_memory() {
    let place = Place::new();
    let mut node = place.node_with(|settings| {
        settings.http.connect_timeout = CONNECT_TIMEOUT;
        settings.http.lookup = lookup;
    });
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent_address(&silent));
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"STATUS\":\"SUCCESS\"}";
    let ok_head = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}\r\n\r\n").into_bytes();
    let chunk = || b"1000\r\n".iter().copied().chain([b' '; 4096]).chain(*b"\r\n").collect();
    let bomb =
        [ok_head("Content-Encoding: gzip\r\nConnection: close"), gzip_bomb().repeat(20)].concat();
    #[rustfmt::skip]
    let plain = [
        ("never answers",               Hang(Vec::new()), Stopped),
        ("one byte a second, head",     Drip(Vec::new(), good.into()), Stopped),
        ("one byte a second, body",     Drip(ok_head("Content-Length: 20"), b"{\"STATUS\":\"SUCCESS\"}".to_vec()), Stopped),
        ("a body of 10 GiB",            Flood(ok_head("Content-Length: 10737418240"), vec![b' '; 65536]), ByItself("the answer is larger than 1048576 bytes")),
        ("endless chunks",              Flood(ok_head("Transfer-Encoding: chunked"), chunk()), ByItself("the answer is larger than 1048576 bytes")),
        ("an endless head",             Flood(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(1000)), ByItself("")),
        ("a gzip bomb",                 Send(bomb), ByItself("the answer is not JSON")),
        ("not HTTP",                    Send(b"SSH-2.0-OpenSSH_9\r\n".to_vec()), ByItself("HTTP")),
        ("a length that is too large",  Send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"STATUS\":\"SUCCESS\"}".to_vec()), ByItself("the answer broke off")),
        ("a length that is too small",  Send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\"STATUS\":\"SUCCESS\"}".to_vec()), ByItself("the answer is not JSON")),
        ("a flood of interim answers",  Flood(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)), Stopped),
        ("a redirect to itself",        Send(answer("307 Temporary Redirect", "Location: /\r\n", "")), ByItself("redirect to / is not followed")),
        ("resets the connection",       Reset, ByItself("")),
        ("200, then cut",               Send(b"HTTP/1.1 200 OK\r\n".to_vec()), ByItself("")),
    ];
    let mut modes = Vec::new();
    for (name, does, ends) in plain {
        let endpoint = Endpoint::new(vec![does]).await;
        modes.push((name, attempt(post(&endpoint.url)), ends));
    }
    let expired = tls::certificate(&["localhost"], tls::Validity::Over);
    let foreign = tls::certificate(&["other.example"], tls::Validity::Now);
    for (name, certificate, ends) in [
        ("TLS, expired", &expired, ByItself("expired")),
        ("TLS, another's name", &foreign, ByItself("certificate")),
    ] {
        let ca_file = place.root.path().join(format!("{}.pem", name.len()));
        std::fs::write(&ca_file, certificate.cert.pem()).unwrap();
        let port = tls::serve(certificate).await;
        modes.push((name, over_tls(port, &ca_file), ends));
    }
    let port = silent.rsplit(':').next().unwrap().parse().unwrap();
    let ca_file = place.root.path().join("ca.pem");
    std::fs::write(&ca_file, expired.cert.pem()).unwrap();
    modes.push(("TLS, no handshake", over_tls(port, &ca_file), ByItself("")));
    modes.push(("nobody accepts", attempt(post(&silent)), Stopped));
    for (name, host, ends) in [
        (
            "a name that does not exist",
            "missing.test",
            ByItself("cannot be looked up: no such host"),
        ),
        ("a name server that is slow", "slow.test", ByItself("")),
        (
            "a name that leads elsewhere",
            "inside.test",
            ByItself("10.0.0.1 is a private or special address"),
        ),
    ] {
        modes.push((name, attempt(post(&format!("http://{host}:9/"))), ends));
    }
    let healthy = Endpoint::answering("200 OK", r#"{"STATUS":"SUCCESS"}"#).await;
    for (name, hostile, ends) in modes {
        end_as(&mut node, name, hostile, ends, &healthy.url).await;
    }
}

/// Runs one hostile attempt, with a healthy one beside it.
async fn end_as(node: &mut Node, name: &str, hostile: Attempt, ends: Ends, healthy: &str) {
    let (id, before) = (hostile.id, start_of_peak());
    node.executors.start(hostile);
    node.started(id).await;
    let (outcome, message) = match ends {
        ByItself(want) => {
            let (outcome, message) = node.end_of(id).await;
            assert!(message.contains(want) && !message.is_empty(), "{name}: {message}");
            (outcome, message)
        }
        Stopped => {
            let (outcome, message) = node.run(attempt(post(healthy))).await;
            assert_eq!(outcome, Outcome::Succeeded, "beside `{name}`: {message}");
            node.executors.stop(id);
            let (outcome, message) = node.end_of(id).await;
            assert_eq!(message, STOPPED, "{name}");
            (outcome, message)
        }
    };
    assert_eq!(outcome, Outcome::Failed, "{name}: {message}");
    let grown = peak_kib().saturating_sub(before);
    assert!(grown <= MEMORY_MAX_KIB, "{name} took {grown} KiB");
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_judged_anew_for_every_connection() {
    let place = Place::new();
    let mut node = place.node_with(|settings| {
        settings.http.allow = vec!["127.0.0.1/32".parse().unwrap()];
        settings.http.lookup = lookup;
    });
    let mut endpoint = Endpoint::answering("200 OK", r#"{"STATUS":"SUCCESS"}"#).await;
    let port = endpoint.url.rsplit(':').next().unwrap().to_owned();
    let url = format!("http://changes.test:{port}/");
    assert_eq!(node.run(attempt(post(&url))).await.0, Outcome::Succeeded, "first it leads here");
    endpoint.request().await;
    for _ in 0..3 {
        let (outcome, message) = node.run(attempt(post(&url))).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(message.contains("169.254.169.254 is a private or special address"), "{message}");
    }
}

#[tokio::test]
async fn five_hundred_endpoints_that_hang_leave_the_others_alone() {
    let place = Place::new();
    let mut node = place.node_with(|settings| settings.http.lookup = lookup);
    let mut hanging = Endpoint::new(vec![Hang(Vec::new())]).await;
    let port = hanging.url.rsplit(':').next().unwrap().to_owned();
    // Eight hosts with more than a place each, and a hundred with one.
    for number in 0..500 {
        let host = if number < 400 { number % 8 } else { number };
        node.executors.start(attempt(post(&format!("http://hangs-{host}.test:{port}/"))));
    }
    for _ in 0..400 {
        hanging.request().await;
    }
    let healthy = Endpoint::answering("200 OK", r#"{"STATUS":"SUCCESS"}"#).await;
    for _ in 0..20 {
        let (outcome, message) = node.run(attempt(post(&healthy.url))).await;
        assert_eq!(outcome, Outcome::Succeeded, "{message}");
    }
}

/// The names of these tests.
fn lookup(host: &str) -> io::Result<Vec<IpAddr>> {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let address = match host {
        "missing.test" => return Err(io::Error::other("no such host")),
        "slow.test" => {
            // Longer than anybody waits for it. Nobody ever sends.
            let (_open, never) = std::sync::mpsc::channel::<()>();
            let _ = never.recv_timeout(2 * CONNECT_TIMEOUT);
            "127.0.0.1"
        }
        "inside.test" => "10.0.0.1",
        "changes.test" if ASKED.fetch_add(1, Ordering::SeqCst) > 0 => "169.254.169.254",
        _ => "127.0.0.1",
    };
    Ok(vec![address.parse().unwrap()])
}

fn over_tls(port: u16, ca_file: &Path) -> Attempt {
    let target = ConnectionTarget::Http {
        base: format!("https://localhost:{port}/"),
        headers: map(&[]),
        secret_headers: [].into(),
        ca_file: Some(ca_file.to_str().unwrap().to_owned()),
    };
    connected(attempt(Work::Http(http("POST", "x"))), target)
}

/// Of a listener that is never asked for its connections: the system accepts them, and nobody reads.
fn silent_address(listener: &TcpListener) -> std::net::SocketAddr {
    listener.local_addr().unwrap()
}

/// Ten kilobytes that unpack to ten megabytes; several in a row unpack to as many times as much.
fn gzip_bomb() -> Vec<u8> {
    let packed =
        Command::new("sh").args(["-c", "head -c 10M /dev/zero | gzip -9"]).output().unwrap();
    assert!(packed.stdout.len() > 1000, "gzip works");
    packed.stdout
}

/// Forgets the largest size that this process had, and says the present one.
fn start_of_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    size_kib("VmRSS:")
}

fn peak_kib() -> u64 {
    size_kib("VmHWM:")
}

fn size_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
