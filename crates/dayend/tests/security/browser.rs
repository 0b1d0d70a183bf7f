//! A browser that keeps cookies, fills in forms and runs no scripts.

use crate::house::{ANNA, House, PASSWORD};
use crate::wire::Reply;
use std::collections::BTreeMap;

pub(crate) struct Browser<'a> {
    house: &'a House,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(house: &'a House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let request = self.house.client.get(self.house.url(path));
        self.sent(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.house.client.post(self.house.url(path)).form(fields);
        self.sent(request).await
    }

    /// Sends the only form of a page, with these fields filled in.
    pub(crate) async fn fill(&mut self, page: &Reply, fields: &[(&str, &str)]) -> Reply {
        let (action, hidden) = form(&page.body);
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.post(&action, &all).await
    }

    /// Opens the page and logs in there, as the house's user.
    pub(crate) async fn log_in_at(&mut self, path: &str) -> Reply {
        let page = self.get(path).await;
        assert!(page.body.contains("name=\"password\""), "no log-in page: {page:?}");
        self.fill(&page, &[("username", ANNA), ("password", PASSWORD)]).await
    }

    async fn sent(&mut self, mut request: reqwest::RequestBuilder) -> Reply {
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header("cookie", pairs.collect::<Vec<_>>().join("; "));
        }
        let reply = Reply::to(request).await;
        for line in reply.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }
}

/// Where the first form of a page goes, and its hidden fields.
pub(crate) fn form(page: &str) -> (String, Vec<(String, String)>) {
    let form = between(page, "<form", "</form>");
    let inputs = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap());
    let hidden = inputs.filter(|input| input.contains(r#"type="hidden""#));
    let fields = hidden.map(|input| (attribute(input, "name"), attribute(input, "value")));
    (attribute(form, "action"), fields.collect())
}

fn attribute(text: &str, name: &str) -> String {
    let found = between(text, &format!(" {name}=\""), "\"");
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(found.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(found, _)| found)
}
