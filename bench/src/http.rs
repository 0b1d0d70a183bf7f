//! HTTP/1.1 on one connection that is kept. It does as little as can be: client and server share the processors.

use anyhow::{Context as _, Result, ensure};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where connections are made to, and how.
#[derive(Clone)]
pub(crate) struct Door {
    /// Host and port.
    pub(crate) authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A connection that waits for a request.
pub(crate) struct Connection {
    stream: Stream,
    /// The answer, whose memory is used again for the next one.
    answer: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: Cow<'a, [u8]>,
}

impl Door {
    /// Of a base URL; `ca_file` is believed and nothing else.
    pub(crate) fn new(base_url: &str, ca_file: &Path) -> Result<Self> {
        if let Some(authority) = base_url.strip_prefix("http://") {
            return Ok(Self { authority: authority.to_owned(), tls: None });
        }
        let authority = base_url.strip_prefix("https://").context("not an http URL")?.to_owned();
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca_file)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Self { authority, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some((connector, name)) => {
                Stream::Tls(Box::new(connector.connect(name.clone(), stream).await?))
            }
        };
        Ok(Connection { stream, answer: Vec::with_capacity(16 * 1024) })
    }
}

impl Connection {
    /// Sends a whole request and waits for its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(request).await?,
            Stream::Tls(stream) => {
                stream.write_all(request).await?;
                stream.flush().await?;
            }
        }
        self.answer.clear();
        loop {
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read_buf(&mut self.answer).await?,
                Stream::Tls(stream) => stream.read_buf(&mut self.answer).await?,
            };
            ensure!(read > 0, "the server closed the connection");
            if is_whole(&self.answer)? {
                break;
            }
        }
        answer(&self.answer)?.context("it was whole")
    }
}

fn is_whole(bytes: &[u8]) -> Result<bool> {
    // Nothing is copied for this, unless the last piece of a long answer is there.
    Ok(match Head::of(bytes)? {
        None => false,
        Some(Head { rest, length: Some(length), .. }) => rest.len() >= length,
        Some(Head { rest, length: None, .. }) => rest.ends_with(b"0\r\n\r\n"),
    })
}

fn answer(bytes: &[u8]) -> Result<Option<Answer<'_>>> {
    let Some(Head { status, length, rest }) = Head::of(bytes)? else { return Ok(None) };
    let body = match length {
        Some(length) => Cow::Borrowed(rest.get(..length).context("the body is whole")?),
        None => Cow::Owned(joined(rest)?),
    };
    Ok(Some(Answer { status, body }))
}

/// The head of an answer, and what came behind it.
struct Head<'a> {
    status: u16,
    /// Without one the body comes in chunks.
    length: Option<usize>,
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn of(bytes: &'a [u8]) -> Result<Option<Self>> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let Some((head, rest)) = end.and_then(|end| bytes.split_at_checked(end + 4)) else {
            return Ok(None);
        };
        let head = std::str::from_utf8(head)?;
        let status = head.get(9..12).context("an answer begins with its status")?.parse()?;
        let lengths = head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim())
        });
        Ok(Some(Self { status, length: lengths.map(str::parse).transpose()?, rest }))
    }
}

/// The chunks of a body, put together.
fn joined(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk has a size")?;
        let size = std::str::from_utf8(rest.get(..end).unwrap_or_default())?;
        let size = usize::from_str_radix(size, 16)?;
        if size == 0 {
            return Ok(body);
        }
        let (from, to) = (end + 2, end + 2 + size);
        body.extend_from_slice(rest.get(from..to).context("a chunk is whole")?);
        rest = rest.get(to + 2..).context("a chunk ends with a line")?;
    }
}

#[cfg(test)]
mod tests {
    use super::{answer, is_whole};

    #[test]
    fn an_answer_with_a_length_is_whole_when_so_much_is_there() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for end in 0..text.len() {
            assert!(!is_whole(&text[..end]).unwrap(), "{end}");
        }
        assert!(is_whole(text).unwrap());
        let answer = answer(text).unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body), (200, &b"abc"[..]));
    }

    #[test]
    fn chunks_are_put_together() {
        let text = b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        assert!(!is_whole(&text[..text.len() - 1]).unwrap());
        let answer = answer(text).unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body), (404, &b"abc0123456789"[..]));
    }
}
