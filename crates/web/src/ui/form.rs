//! What a form of ours sends: each field once, a few kilobytes, from a page of this origin.

use super::page::{Frame, Instead, notice};
use crate::app::App;
use crate::body::{self, FORM, require};
use crate::problem::Problem;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// Forms are refused beyond this size.
const FORM_LIMIT_BYTES: usize = 64 * 1024;
/// What browsers say about the page that a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";

/// The fields of a form.
#[derive(Debug)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// The value of a field; empty if it is not there.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// As [`Form::take`], for what must not be seen.
    pub(crate) fn take_secret(&mut self, name: &str) -> SecretString {
        SecretString::from(self.take(name))
    }

    /// Whether a field was sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The fields as the query of a URL.
    pub(crate) fn into_query(self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.0).finish()
    }

    fn read(body: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let garbled = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
            if garbled(&name) || garbled(&value) {
                return None;
            }
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }
}

impl FromRequest<App> for Form {
    type Rejection = Instead;

    async fn from_request(request: Request, app: &App) -> Result<Self, Instead> {
        let (parts, body) = request.into_parts();
        if is_foreign(&parts.headers) {
            return Err(Instead::from(refused(app, "This form was sent from another site.")));
        }
        let (room, within) = (&app.strangers_room, body::STRANGERS_ARRIVAL_LIMIT);
        let refuse = |error| Instead::from(Problem::from(error).into_response());
        let read = body::read(room, &parts.headers, body, FORM_LIMIT_BYTES, within).await;
        let bytes = read.map_err(refuse)?;
        require(&parts.headers, FORM).map_err(refuse)?;
        Self::read(&bytes).ok_or_else(|| Instead::from(refused(app, "This form cannot be read.")))
    }
}

/// Browsers that say nothing are left to the form's token.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none")
}

fn refused(app: &App, why: &str) -> Response {
    notice(&Frame::of(app), StatusCode::BAD_REQUEST, "This did not work", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_whose_fields_are_doubtful_is_not_read() {
        assert_eq!(Form::read(b"a=1&b=%C3%A4+%26").unwrap().take("b"), "ä &");
        assert!(Form::read(b"a=1&a=1").is_none());
        assert!(Form::read(b"a=%FF").is_none());
    }
}
