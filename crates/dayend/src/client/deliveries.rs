//! Files as a delivering system sends them: a URL is asked for, and the bytes are put there without a token.

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::files::Fresh;
use super::runs::{parsed, segment};
use dayend_wire::exit::ExitCode;
use serde::Deserialize;
use serde_json::json;
use std::io::{self, Write};

#[derive(Deserialize)]
struct Answer {
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    success: Vec<Ready>,
}

#[derive(Deserialize)]
struct Ready {
    #[serde(rename = "uploadURL")]
    upload_url: String,
}

impl Connection {
    /// Uploads a file by a pre-authenticated URL.
    pub(crate) async fn upload(&self, name: &str, content: Vec<u8>) -> Result<(), Failure> {
        let tenant = self.profile.tenant.as_deref().unwrap_or_default();
        let path = format!("/{}/dsa/utils/getObjStoreParUrl", segment(tenant));
        let file = json!({ "fileName": name, "mimeType": "text/csv", "fileSize": content.len() });
        let request = Request::post(path, &json!({ "type": "files", "data": [file] }));
        let answer: Answer = parsed(&self.send(&request).await?)?;
        let ready = answer.body.success.first();
        let url = ready.ok_or_else(|| Failure::odd_answer("no URL to upload to"))?;
        let put = self.client.put(&url.upload_url).body(content);
        match self.exchange(put).await? {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => {
                let status = answer.status;
                let sentence = format!("the upload of {name} was refused: HTTP {status}");
                Err(Failure::new(ExitCode::ServerError, sentence))
            }
            Err(trouble) => Err(Failure::new(ExitCode::Unreachable, trouble.sentence)),
        }
    }

    /// The bytes of a file that is not large.
    pub(crate) async fn download(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let mut bytes = InMemory(Vec::new());
        self.get_file(name, &mut bytes).await?;
        Ok(bytes.0)
    }
}

struct InMemory(Vec<u8>);

impl Write for InMemory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Fresh for InMemory {
    fn begin_again(&mut self) -> bool {
        self.0.clear();
        true
    }
}
