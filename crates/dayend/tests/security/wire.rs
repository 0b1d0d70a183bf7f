//! Requests and what came back.

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::ask(request).await.unwrap()
    }

    /// The same, where the server may be gone before it has answered.
    pub(crate) async fn if_answered(request: RequestBuilder) -> Option<Self> {
        Self::ask(request).await.ok()
    }

    async fn ask(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.text().await? })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of the body; empty if it is not there.
    pub(crate) fn text(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }

    /// Status and `error`.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.text("error"))
    }

    /// The body, but for the id under which the log has this request.
    pub(crate) fn without_id(&self) -> Value {
        let mut body = self.json();
        assert!(body.as_object_mut().unwrap().remove("ecid").is_some(), "{self:?}");
        body
    }

    /// A parameter of the redirection.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(self.header("location")).ok()?;
        let found = url.query_pairs().find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    }
}

/// A client that follows no redirect and trusts the given authority.
pub(crate) fn client(authority_pem: &[u8]) -> Client {
    let authority = reqwest::Certificate::from_pem(authority_pem).unwrap();
    let builder = Client::builder().tls_certs_only([authority]);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
