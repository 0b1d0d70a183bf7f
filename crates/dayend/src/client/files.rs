//! Calls of `/api/v1` about files: bytes go and come piece by piece, however many there are.

use super::connection::{Answer, Connection, Request};
use super::failure::Failure;
use super::retry::{Trouble, judge};
use super::runs::{parsed, segment, succeeded};
use super::token::Bearer;
use dayend_files::FileName;
use dayend_wire::exit::ExitCode;
use dayend_wire::files::{ApiFile, ApiFileLink, ApiFileLinks, ApiFiles, NewFileLink};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::time::Duration;

/// A transfer may take as long as it takes, but not for ever.
const TRANSFER: Duration = Duration::from_hours(24);
/// How long a transfer is tried again.
const RETRY_FOR: Duration = Duration::from_secs(30);
/// What is read of a file at a time to count its sum.
const PIECE_BYTES: usize = 256 * 1024;
const SHA256: &str = "opc-content-sha256";

impl Connection {
    /// A page of files.
    pub(crate) async fn files(&self, prefix: &str, after: &str) -> Result<ApiFiles, Failure> {
        let path = format!("/api/v1/files?prefix={}&after={}", segment(prefix), segment(after));
        parsed(&self.send(&Request::get(path)).await?)
    }

    /// Stores a file; the server checks its size and sum.
    pub(crate) async fn put_file(
        &self,
        from: &Path,
        name: &str,
        content_type: Option<&str>,
    ) -> Result<ApiFile, Failure> {
        let unreadable = |error: io::Error| {
            Failure::usage(format!("{} cannot be read: {error}", from.display()))
        };
        let (path, sum) = (file_path(name)?, sha256_of(from).map_err(unreadable)?);
        let put = self.patiently(RETRY_FOR, async || {
            let bearer = match self.bearer().await? {
                Ok(bearer) => bearer,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let file = tokio::fs::File::open(from).await.map_err(unreadable)?;
            let size = file.metadata().await.map_err(unreadable)?.len();
            let request = self.transfer(Method::PUT, &path, &bearer);
            let mut request = request.header(CONTENT_LENGTH, size).header(SHA256, &sum);
            if let Some(content_type) = content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
            Ok(self.exchange(request.body(file)).await?.and_then(judge))
        });
        let answer = put.await?.map_err(|trouble| gave_up(&trouble))?;
        parsed(&answer)
    }

    /// Copies a file to `to`; whole and unchanged when this returns. The answer is its size.
    pub(crate) async fn get_file(
        &self,
        name: &str,
        to: &mut (impl Write + Fresh),
    ) -> Result<u64, Failure> {
        let path = file_path(name)?;
        let got = self.patiently(RETRY_FOR, async || {
            let bearer = match self.bearer().await? {
                Ok(bearer) => bearer,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let request = self.transfer(Method::GET, &path, &bearer);
            match self.copy(request, to).await? {
                // What is half written where it cannot be taken back would be wrong with more behind it.
                Err(trouble) if !to.begin_again() => Err(gave_up(&trouble)),
                copied => Ok(copied),
            }
        });
        got.await?.map_err(|trouble| gave_up(&trouble))
    }

    /// Removes a file.
    pub(crate) async fn remove_file(&self, name: &str) -> Result<(), Failure> {
        let request = Request { method: Method::DELETE, ..Request::get(file_path(name)?) };
        succeeded(self.send(&request).await?).map(drop)
    }

    /// Makes a URL that needs no token.
    pub(crate) async fn link_file(&self, wanted: &NewFileLink) -> Result<ApiFileLink, Failure> {
        parsed(&self.send(&Request::post("/api/v1/file-links".to_owned(), wanted)).await?)
    }

    /// A page of such URLs, without their secrets.
    pub(crate) async fn file_links(&self, after: &str) -> Result<ApiFileLinks, Failure> {
        parsed(
            &self
                .send(&Request::get(format!("/api/v1/file-links?after={}", segment(after))))
                .await?,
        )
    }

    /// Makes one of them useless.
    pub(crate) async fn revoke_file_link(&self, id: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/file-links/{}", segment(id));
        let request = Request { method: Method::DELETE, ..Request::get(path) };
        succeeded(self.send(&request).await?).map(drop)
    }

    fn transfer(&self, method: Method, path: &str, bearer: &Bearer) -> RequestBuilder {
        let url = format!("{}{path}", self.profile().base_url);
        let request = self.client.request(method, url).bearer_auth(bearer.token.expose_secret());
        let headers = self.scope_headers(bearer).into_iter();
        // As bytes: names may be in any language.
        headers.fold(request.timeout(TRANSFER), |request, (name, value)| {
            request.header(name, value.as_bytes())
        })
    }

    async fn copy(
        &self,
        request: RequestBuilder,
        to: &mut impl Write,
    ) -> Result<Result<u64, Trouble>, Failure> {
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Trouble::of(&error, &self.profile().base_url).map(Err),
        };
        if response.status().as_u16() != 200 {
            return refused(response).await;
        }
        let want = sum_of(response.headers());
        let (mut size, mut sum) = (0_u64, Sha256::new());
        loop {
            let piece = match response.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => return Trouble::of(&error, &self.profile().base_url).map(Err),
            };
            sum.update(&piece);
            size += u64::try_from(piece.len()).unwrap_or(0);
            to.write_all(&piece)
                .map_err(|error| Failure::usage(format!("the file cannot be written: {error}")))?;
        }
        let got = base64_of(&sum.finalize());
        if want.is_some_and(|want| want != got) {
            return Ok(Err(Trouble {
                sentence: "the file was changed on its way".to_owned(),
                retry_after: None,
            }));
        }
        Ok(Ok(size))
    }
}

/// What a copy can be begun again on.
pub(crate) trait Fresh {
    /// Forgets what was written; false if that cannot be undone.
    fn begin_again(&mut self) -> bool;
}

async fn refused(response: Response) -> Result<Result<u64, Trouble>, Failure> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map(|body| body.to_vec()).unwrap_or_default();
    match judge(Answer { status, headers, body }) {
        Ok(answer) => {
            Err(succeeded(answer).err().unwrap_or_else(|| Failure::odd_answer("it is no file")))
        }
        Err(trouble) => Ok(Err(trouble)),
    }
}

fn gave_up(trouble: &Trouble) -> Failure {
    Failure::new(ExitCode::Unreachable, format!("{}; given up", trouble.sentence))
}

/// A name that is none could lead to another path.
fn file_path(name: &str) -> Result<String, Failure> {
    FileName::new(name).map_err(|error| Failure::usage(error.to_string()))?;
    let segments: Vec<String> = name.split('/').map(segment).collect();
    Ok(format!("/api/v1/files/{}", segments.join("/")))
}

fn sum_of(headers: &HeaderMap) -> Option<String> {
    headers.get(SHA256)?.to_str().ok().map(str::to_owned)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut file, mut sum, mut piece) = (File::open(path)?, Sha256::new(), vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(base64_of(&sum.finalize()));
        }
        sum.update(piece.get(..read).unwrap_or_default());
    }
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_of_a_name_stay_and_everything_else_is_encoded() {
        let path = file_path("in/rätes 1.csv").unwrap();
        assert_eq!(path, "/api/v1/files/in/r%C3%A4tes%201%2Ecsv");
        assert!(file_path("../runs").is_err() && file_path("..").is_err());
    }
}
