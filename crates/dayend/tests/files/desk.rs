//! A server, a token, and files to send.

use crate::outside::curl::{Answer, curl, shell};
use crate::server_support::{Home, Server, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A server with the rights of the app that `init` made.
pub(crate) struct Desk {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) token: String,
    scratch: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With settings of the section `files`.
    pub(crate) fn with(settings: &str) -> Self {
        let home = Home::initialised();
        let file = home.data().join("dayend.toml");
        let text = fs::read_to_string(&file).unwrap();
        // The file that `init` makes names every section.
        let text = text.replacen("[files]\n", &format!("[files]\n{settings}\n"), 1);
        fs::write(&file, text).unwrap();
        let server = home.serve(&["--listen", "127.0.0.1:0"]);
        let mut desk =
            Self { home, server, token: String::new(), scratch: tempfile::tempdir().unwrap() };
        desk.token = desk.token_of_user();
        desk
    }

    /// The same data directory in a new server, after `between`; the old one is killed.
    pub(crate) fn again(self, between: impl FnOnce(&Home)) -> Self {
        let Self { home, server, scratch, .. } = self;
        drop(server);
        between(&home);
        let server = home.serve(&["--listen", "127.0.0.1:0"]);
        let mut desk = Self { home, server, token: String::new(), scratch };
        desk.token = desk.token_of_app();
        desk
    }

    /// As [`Desk::again`], with an environment, and a file for its log.
    pub(crate) fn again_with(self, variables: &[(&str, &str)], log: &Path) -> Self {
        let Self { home, server, scratch, .. } = self;
        drop(server);
        let log = fs::File::create(log).unwrap();
        let server = home.serve_with(&["--listen", "127.0.0.1:0"], variables, log);
        let mut desk = Self { home, server, token: String::new(), scratch };
        desk.token = desk.token_of_app();
        desk
    }

    fn token_of_user(&self) -> String {
        let (user, password) = (self.home.get("user"), self.home.get("password"));
        self.token(&format!("grant_type=password&username={user}&password={password}"))
    }

    fn token_of_app(&self) -> String {
        self.token("grant_type=client_credentials")
    }

    fn token(&self, form: &str) -> String {
        let (id, secret) = (self.home.get("client_id"), self.home.get("client_secret"));
        let url = self.url("/oauth2/v1/token");
        curl(&format!("{} -u {id}:{secret} {url} -d '{form}'", self.curl())).text("access_token")
    }

    /// `curl` with the server's authority.
    pub(crate) fn curl(&self) -> String {
        format!("curl -i --silent --show-error --max-time 100 --cacert {}", self.authority())
    }

    pub(crate) fn authority(&self) -> String {
        self.home.get("ca_file")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url)
    }

    pub(crate) fn tenant(&self) -> String {
        self.home.get("tenant")
    }

    /// A request with the token.
    pub(crate) fn ask(&self, path: &str, more: &str) -> Answer {
        let url = self.url(path);
        curl(&format!("{} -H 'Authorization: Bearer {}' {more} '{url}'", self.curl(), self.token))
    }

    /// A request to a link, which has no token.
    pub(crate) fn follow(&self, link: &str, more: &str) -> Answer {
        curl(&format!("{} {more} '{link}'", self.curl()))
    }

    /// The call of the guide, for one file.
    pub(crate) fn par_url(&self, name: &str, size: &str) -> Answer {
        let body = serde_json::json!({ "type": "files", "data": [{ "fileName": name, "mimeType": "text/plain", "fileSize": size }] });
        let file = self.file("body.json", body.to_string().as_bytes());
        let path = format!("/{}APPID/dsa/utils/getObjStoreParUrl", self.tenant());
        self.ask(
            &path,
            &format!("-H 'Content-Type: application/json' --data-binary @{}", file.display()),
        )
    }

    /// A link to upload a file of this size.
    pub(crate) fn upload_link(&self, name: &str, size: u64) -> String {
        let answer = self.par_url(name, &size.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["body"]["success"][0]["uploadURL"].as_str().unwrap().to_owned()
    }

    /// A link made over the API, with its id.
    pub(crate) fn link(&self, wanted: &Value) -> (String, String) {
        let file = self.file("link.json", wanted.to_string().as_bytes());
        let answer = self.ask(
            "/api/v1/file-links",
            &format!("-H 'Content-Type: application/json' --data-binary @{}", file.display()),
        );
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.text("url"), answer.text("id"))
    }

    /// A link to read a file.
    pub(crate) fn download_link(&self, name: &str) -> String {
        self.link(&serde_json::json!({ "access": "ObjectRead", "name": name })).0
    }

    /// Stores a file over the API.
    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        let file = self.file("content", content);
        let answer = self.ask(&format!("/api/v1/files/{name}"), &format!("-T {}", file.display()));
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The names of all files, and nothing else.
    pub(crate) fn names(&self) -> Vec<String> {
        let listed = self.ask("/api/v1/files", "").json();
        let files = listed["files"].as_array().unwrap().iter();
        files.map(|file| file["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The bytes behind a link.
    pub(crate) fn bytes(&self, link: &str) -> Vec<u8> {
        let into = self.scratch.path().join("got");
        // What was there before must not be taken for an answer.
        let _ = fs::remove_file(&into);
        shell(&format!(
            "curl --fail --silent --show-error --max-time 100 --cacert {} -o {} '{link}'",
            self.authority(),
            into.display()
        ));
        fs::read(into).unwrap_or_default()
    }

    /// A file outside the server.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.scratch.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Runs a command of the client.
    pub(crate) fn dayend(&self, arguments: &[&str]) -> crate::server_support::Said {
        let profile = self.home.data().join("profile.json");
        let mut all =
            vec!["--profile", profile.to_str().unwrap(), "--server", &self.server.base_url];
        all.extend(arguments);
        run(&all)
    }

    /// How much is in the directory of bytes.
    pub(crate) fn blobs(&self) -> usize {
        self.stored().len()
    }

    /// What is in the directory of bytes; somebody may be taking it away meanwhile.
    pub(crate) fn stored(&self) -> Vec<PathBuf> {
        let dir = self.home.data().join("files");
        if !dir.exists() {
            return Vec::new();
        }
        let all = crate::server_support::walk(&dir);
        all.into_iter().filter(|path| path.is_file()).collect()
    }
}

/// Bytes in which every place looks different.
pub(crate) fn content(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut content = Vec::with_capacity(bytes + 8);
    while content.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    content.truncate(bytes);
    content
}

/// What OCI says of a refusal.
pub(crate) fn oci_code(answer: &Answer) -> String {
    let body = answer.json();
    assert!(body["message"].as_str().is_some_and(|message| message.ends_with('.')), "{answer:?}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{answer:?}");
    assert!(answer.header("opc-request-id").is_some(), "{answer:?}");
    body["code"].as_str().unwrap().to_owned()
}
