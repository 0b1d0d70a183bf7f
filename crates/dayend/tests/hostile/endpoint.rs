//! An endpoint that does what the path of the request says.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"STATUS\":\"SUCCESS\"}";

/// Answers on a free port as long as this process lives; gives the address.
pub(crate) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || {
                // The other side hangs up sooner or later.
                let _ = answer(stream);
            });
        }
    });
    address
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let path = read_path(&mut stream)?;
    match path.as_str() {
        "/good" => stream.write_all(GOOD),
        "/hang" => hang(&mut stream),
        "/head-drips" => drip(&mut stream, GOOD),
        "/body-drips" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")?;
            drip(&mut stream, b"{\"STATUS\":\"SUCCESS\"}")
        }
        "/huge" => flood(
            &mut stream,
            b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n",
            &[b' '; 4096],
        ),
        "/chunks" => {
            let chunk = [b"1000\r\n".as_slice(), &[b' '; 4096], b"\r\n"].concat();
            flood(&mut stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk)
        }
        "/head" => flood(&mut stream, b"HTTP/1.1 200 OK\r\n", &b"X-A: b\r\n".repeat(4096)),
        "/interim" => flood(&mut stream, b"", &b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000)),
        "/garbage" => stream.write_all(b"\x16\x03\x01 no HTTP\r\n\r\n"),
        "/short" => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"STATUS\":"),
        "/cut" => stream.write_all(b"HTTP/1.1 200 OK\r\nConte"),
        "/redirect" => stream
            .write_all(b"HTTP/1.1 302 Found\r\nLocation: /redirect\r\nContent-Length: 0\r\n\r\n"),
        other => panic!("no such mode: {other}"),
    }
}

/// Reads the whole request, so that closing does not reset the connection.
fn read_path(stream: &mut TcpStream) -> io::Result<String> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Ok(head.split(' ').nth(1).unwrap().to_owned());
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => request.extend_from_slice(&chunk[..length]),
        }
    }
}

fn hang(stream: &mut TcpStream) -> io::Result<()> {
    // Until the other side closes.
    stream.read(&mut [0; 1]).map(|_| ())
}

/// One byte a second: the time passes in waiting for words that never come.
fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    for byte in bytes {
        stream.write_all(&[*byte])?;
        if stream.read(&mut [0; 1]).is_ok() {
            return Ok(());
        }
    }
    Ok(())
}

fn flood(stream: &mut TcpStream, head: &[u8], bytes: &[u8]) -> io::Result<()> {
    stream.write_all(head)?;
    loop {
        stream.write_all(bytes)?;
    }
}
