//! HTTP/1.1 as bytes, so that a caller can misbehave, and thousands of them cost little.

use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything takes on a busy machine; then the test fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// One connection.
pub(crate) struct Wire(BufStream<TcpStream>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufStream::new(stream)))
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.send(request).await?;
        timeout(PATIENCE, self.reply()).await.expect("every request is answered in time")
    }

    /// Sends bytes, whatever they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let line = self.line().await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut reply = Reply { status, headers, body: String::new() };
        let mut body = Vec::new();
        if let Some(length) = reply.header("content-length") {
            body.resize(length.parse().unwrap(), 0);
            self.0.read_exact(&mut body).await?;
        } else if reply.header("transfer-encoding").is_some() {
            loop {
                let mut chunk = vec![0; usize::from_str_radix(&self.line().await?, 16).unwrap()];
                self.0.read_exact(&mut chunk).await?;
                self.line().await?;
                if chunk.is_empty() {
                    break;
                }
                body.extend(chunk);
            }
        }
        reply.body = String::from_utf8(body).unwrap();
        Ok(reply)
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        Ok(line.trim_end().to_owned())
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A text of the body's object.
    pub(crate) fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_else(|| panic!("no {key}: {self:?}")).to_owned()
    }

    /// The run id of a trigger that was accepted.
    pub(crate) fn run(&self) -> String {
        assert_eq!((self.status, self.text("statusCode").as_str()), (200, "0"), "{self:?}");
        self.text("batchRunId")
    }

    /// Whether the caller is asked to come again, as it must be asked.
    pub(crate) fn is_turned_away(&self) -> bool {
        if !matches!(self.status, 429 | 503) {
            assert_eq!(self.status, 200, "{self:?}");
            return false;
        }
        let seconds: u64 = self.header("retry-after").expect("`Retry-After`").parse().unwrap();
        assert!((1..=5).contains(&seconds), "{self:?}");
        let envelope = (self.text("severity"), self.text("status"), self.text("statusCode"));
        assert_eq!(envelope, ("error".to_owned(), "failed".to_owned(), "-1".to_owned()));
        true
    }
}
