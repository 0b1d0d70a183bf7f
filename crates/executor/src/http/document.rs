//! Reading a document from the network for the server itself, under the rules of HTTP tasks.

use super::Http;
use super::client::Request;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use std::time::Duration;

/// For the whole exchange.
const WITHIN: Duration = Duration::from_secs(10);

impl Http {
    /// The body of a 200 answer to a GET: guarded addresses, no redirects, a bounded size and time.
    pub(crate) async fn document(
        &self,
        url: &str,
        ca_file: Option<&str>,
    ) -> Result<Vec<u8>, String> {
        let url = Url::parse(url).map_err(|error| format!("it is no URL: {error}"))?;
        let headers =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let ca_file = ca_file.map(str::to_owned);
        let request = Request { method: Method::GET, url, headers, body: None, ca_file };
        let reply = tokio::time::timeout(WITHIN, self.send(request)).await;
        let reply = reply.map_err(|_| format!("no answer within {} s", WITHIN.as_secs()))??;
        if reply.status == StatusCode::OK {
            return Ok(reply.body);
        }
        Err(format!("the answer is {}", reply.status))
    }
}
