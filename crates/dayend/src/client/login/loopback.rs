//! The redirect address of RFC 8252: a port on loopback that listens for one answer, and says to the browser how it went.

use super::answer::{Answer, Expected};
use crate::client::failure::Failure;
use dayend_wire::exit::ExitCode;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The longest request that is read.
const HEAD_MAX_BYTES: usize = 32 * 1024;
/// Browsers open connections ahead of their use; one that stays silent is closed after this time.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Connections at a time; further ones wait.
const CONNECTIONS_MAX: usize = 32;

/// A port that listens on loopback.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// A browser that waits for its page.
#[derive(Debug)]
pub(super) struct Browser {
    stream: TcpStream,
}

impl Loopback {
    /// Takes any free port.
    pub(super) async fn listen() -> Result<Self, Failure> {
        let bound = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            Ok::<_, std::io::Error>(Self { listener, port })
        };
        bound.await.map_err(|error| {
            let sentence =
                format!("no port on 127.0.0.1 can be listened at ({error}): log in with --device");
            Failure::new(ExitCode::ServerError, sentence)
        })
    }

    /// Where the server sends the browser back to.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Waits for the answer to our question; whatever else comes is refused and changes nothing.
    pub(super) async fn answer(&self, expected: &Expected) -> (Answer, Browser) {
        let (found, mut answers) = mpsc::channel(1);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(answer) = answers.recv() => return answer,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                    // A connection that broke before it was accepted is none.
                    let Ok((stream, _)) = accepted else { continue };
                    let (found, expected) = (found.clone(), expected.clone());
                    let host = format!("127.0.0.1:{}", self.port);
                    connections.spawn(async move {
                        let heard = tokio::time::timeout(HEAD_WITHIN, heard(stream, &host, &expected));
                        if let Ok(Some(answer)) = heard.await {
                            let _ = found.send(answer).await;
                        }
                    });
                }
            }
        }
    }
}

/// The answer that came over a connection; everything else is dealt with here.
async fn heard(
    mut stream: TcpStream,
    host: &str,
    expected: &Expected,
) -> Option<(Answer, Browser)> {
    let head = head(&mut stream).await?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    // A page of another site could send its visitors here by a name of its own.
    let is_here = lines.any(|line| {
        line.split_once(':')
            .is_some_and(|(name, value)| name.eq_ignore_ascii_case("host") && value.trim() == host)
    });
    let answer = if method == "GET" && is_here { expected.judge(target) } else { Answer::NotOurs };
    let browser = Browser { stream };
    if answer == Answer::NotOurs {
        let text = "This address only takes the answer to a log-in that is under way.";
        browser.say(404, "Nothing here", text).await;
        return None;
    }
    Some((answer, browser))
}

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(piece.get(..read)?);
        if bytes.len() > HEAD_MAX_BYTES {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}

impl Browser {
    /// Shows a page and closes the connection.
    pub(super) async fn say(mut self, status: u16, title: &str, text: &str) {
        let body = page(title, text);
        let reason = if status == 200 { "OK" } else { "Not Found" };
        let answer = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        // A browser that went away misses its page, not the log-in.
        let _ = stream_out(&mut self.stream, answer.as_bytes()).await;
    }
}

async fn stream_out(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.shutdown().await
}

fn page(title: &str, text: &str) -> String {
    let (title, text) = (escaped(title), escaped(text));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - Dayend</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<style>\
         :root{{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}}\
         body{{display:grid;place-items:center;min-height:90vh;margin:0}}\
         main{{max-width:26rem;padding:2rem;border:1px solid #8886;border-radius:.75rem}}\
         h1{{font-size:1.25rem;margin:0 0 .5rem}}p{{margin:0}}</style></head>\n\
         <body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn strangers_are_refused_and_do_not_end_the_wait() {
        let loopback = Loopback::listen().await.unwrap();
        let expected = Expected { state: "S".to_owned(), issuer: "https://h".to_owned() };
        let port = loopback.port;
        let good = "GET /?code=C&state=S&iss=https://h HTTP/1.1\r\n";
        let here = format!("Host: 127.0.0.1:{port}\r\n\r\n");
        let browser = async {
            // As browsers do: a connection that is not used yet.
            let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            for request in [
                format!("GET /?code=C&state=X&iss=https://h HTTP/1.1\r\n{here}"),
                format!("POST /?code=C&state=S&iss=https://h HTTP/1.1\r\n{here}"),
                format!("{good}Host: evil.example:{port}\r\n\r\n"),
                format!("{good}\r\n"),
            ] {
                assert!(ask(port, &request).await.starts_with("HTTP/1.1 404 "), "{request}");
            }
            assert_eq!(ask(port, &"x".repeat(HEAD_MAX_BYTES + 4096)).await, "");
            let page = ask(port, &format!("{good}{here}")).await;
            drop(silent);
            page
        };
        let waiter = async {
            let (answer, browser) = loopback.answer(&expected).await;
            assert_eq!(answer, Answer::Code("C".to_owned()));
            browser.say(200, "Done", "<script>&").await;
        };
        let (page, ()) = tokio::join!(browser, waiter);
        assert!(
            page.starts_with("HTTP/1.1 200 ") && page.contains("&lt;script&gt;&amp;"),
            "{page}"
        );
        assert!(page.contains("Cache-Control: no-store") && page.contains("default-src 'none'"));
    }
}
