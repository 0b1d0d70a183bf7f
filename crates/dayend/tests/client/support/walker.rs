//! A browser without scripts: it keeps cookies, follows redirects, fills in forms.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Url};
use std::collections::BTreeMap;
use std::path::Path;

/// More redirects in a row lead nowhere.
const REDIRECTS_MAX: usize = 10;

/// A browser that trusts one authority.
#[derive(Debug)]
pub(crate) struct Walker {
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// A page that was reached.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Walker {
    pub(crate) fn new(ca_file: &Path) -> Self {
        let pem = std::fs::read(ca_file).unwrap();
        let authority = reqwest::Certificate::from_pem(&pem).unwrap();
        let builder = Client::builder().tls_certs_only([authority]).no_proxy();
        let client = builder.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new() }
    }

    /// Its HTTP client, for calls that are no pages.
    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Goes to an address.
    pub(crate) async fn open(&mut self, url: Url) -> Page {
        self.go(Method::GET, url, &[]).await
    }

    /// Fills in the form of a page (its hidden fields stay as they are) and sends it.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = between(&page.body, "<form", "</form>").first().copied().unwrap();
        let action = attribute(form, "action").unwrap();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for input in between(form, "<input", ">") {
            if attribute(input, "type").as_deref() == Some("hidden") {
                pairs.push((
                    attribute(input, "name").unwrap(),
                    attribute(input, "value").unwrap_or_default(),
                ));
            }
        }
        pairs.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.go(Method::POST, page.url.join(&action).unwrap(), &pairs).await
    }

    async fn go(&mut self, method: Method, url: Url, form: &[(String, String)]) -> Page {
        let (mut method, mut url) = (method, url);
        for _ in 0..REDIRECTS_MAX {
            let mut request = self.client.request(method.clone(), url.clone());
            if method == Method::POST {
                request = request.form(form).header("Origin", url.origin().ascii_serialization());
            }
            // Cookies belong to the server, not to the port where a command listens.
            if url.scheme() == "https" {
                let cookies: Vec<String> =
                    self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, cookies.join("; "));
            }
            let answer = request.send().await.unwrap();
            for cookie in answer.headers().get_all(SET_COOKIE) {
                let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
                let value = rest.split(';').next().unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            if let Some(location) = answer.headers().get(LOCATION) {
                (method, url) = (Method::GET, url.join(location.to_str().unwrap()).unwrap());
                if url.domain().is_some_and(|name| name.ends_with(".example")) {
                    // Nobody is there; whoever looks wants to know where the browser was sent.
                    return Page { url, status: answer.status().as_u16(), body: String::new() };
                }
                continue;
            }
            let status = answer.status().as_u16();
            return Page { url, status, body: answer.text().await.unwrap() };
        }
        unreachable!("redirected without an end, at last to {url}")
    }
}

/// The texts that begin with one mark and end with another.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let pieces = text.split(begin).skip(1);
    pieces.map(|piece| piece.split(end).next().unwrap_or_default()).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let decoded = value.replace("&#38;", "&").replace("&quot;", "\"").replace("&#34;", "\"");
    Some(
        decoded
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
