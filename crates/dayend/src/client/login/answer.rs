//! What the browser brings back from the log-in page.

use reqwest::Url;

/// The longest error of the server that is shown.
const SHOWN_MAX_CHARS: usize = 200;

/// A request to the redirect address, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The code of our own log-in.
    Code(String),
    /// Our own log-in came to nothing.
    Refused(String),
    /// Another log-in's, or none at all: somebody on this machine knocks.
    NotOurs,
}

/// What must come back.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) state: String,
    pub(super) issuer: String,
}

impl Expected {
    /// Judges the target of a request line. Only an answer with our state counts; then the server must be the one that
    /// was asked (RFC 9207), and no parameter may be there twice.
    pub(super) fn judge(&self, target: &str) -> Answer {
        let Ok(url) = Url::parse(&format!("http://127.0.0.1{target}")) else {
            return Answer::NotOurs;
        };
        if url.path() != "/" || !target.starts_with('/') {
            return Answer::NotOurs;
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let value = |name: &str| {
            let mut values = pairs.iter().filter(|(key, _)| key == name);
            (values.next().map(|(_, value)| value.as_str()), values.next().is_some())
        };
        let (state, state_twice) = value("state");
        if state != Some(self.state.as_str()) || state_twice {
            return Answer::NotOurs;
        }
        let ((issuer, a), (code, b), (error, c)) = (value("iss"), value("code"), value("error"));
        if a || b || c {
            return Answer::Refused("the answer says a thing twice".to_owned());
        }
        let issuer = issuer.map(|issuer| issuer.trim_end_matches('/'));
        if issuer != Some(self.issuer.trim_end_matches('/')) {
            let said = issuer.map_or("nobody".to_owned(), shown);
            return Answer::Refused(format!(
                "the answer is from {said}, not from {}: if that is the same server, name it as base_url",
                self.issuer
            ));
        }
        match (code, error) {
            (Some(code), None) if !code.is_empty() => Answer::Code(code.to_owned()),
            (None, Some(error)) => {
                let description = value("error_description").0.map(shown);
                Answer::Refused(
                    description
                        .map_or_else(|| shown(error), |text| format!("{}: {text}", shown(error))),
                )
            }
            (Some(_) | None, Some(_) | None) => {
                Answer::Refused("the answer holds neither a code nor an error".to_owned())
            }
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX_CHARS).filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_own_question_from_the_server_that_was_asked_counts() {
        let expected = Expected { state: "S".to_owned(), issuer: "https://h:1".to_owned() };
        let code = |code: &str| Answer::Code(code.to_owned());
        let refused = |why: &str| Answer::Refused(why.to_owned());
        #[rustfmt::skip]
        let cases = [
            ("/?code=C&state=S&iss=https%3A%2F%2Fh%3A1",                 code("C")),
            ("/?iss=https://h:1/&state=S&code=C%2B1&session=x",          code("C+1")),
            ("/?code=C&state=X&iss=https%3A%2F%2Fh%3A1",                 Answer::NotOurs),
            ("/?code=C&iss=https%3A%2F%2Fh%3A1",                         Answer::NotOurs),
            ("/?code=C&state=S&state=S&iss=https%3A%2F%2Fh%3A1",         Answer::NotOurs),
            ("/other?code=C&state=S&iss=https%3A%2F%2Fh%3A1",            Answer::NotOurs),
            ("/favicon.ico",                                             Answer::NotOurs),
            ("/",                                                        Answer::NotOurs),
            ("@evil/?code=C&state=S&iss=https%3A%2F%2Fh%3A1",            Answer::NotOurs),
            ("*",                                                        Answer::NotOurs),
            ("/?code=C&code=D&state=S&iss=https%3A%2F%2Fh%3A1",          refused("the answer says a thing twice")),
            ("/?state=S&iss=https%3A%2F%2Fh%3A1",                        refused("the answer holds neither a code nor an error")),
            ("/?code=&state=S&iss=https%3A%2F%2Fh%3A1",                  refused("the answer holds neither a code nor an error")),
            ("/?code=C&error=x&state=S&iss=https%3A%2F%2Fh%3A1",         refused("the answer holds neither a code nor an error")),
            ("/?error=access_denied&state=S&iss=https%3A%2F%2Fh%3A1",    refused("access_denied")),
            ("/?error=access_denied&error_description=no%0Asir&state=S&iss=https%3A%2F%2Fh%3A1", refused("access_denied: nosir")),
            ("/?code=C&state=S",          refused("the answer is from nobody, not from https://h:1: if that is the same server, name it as base_url")),
            ("/?code=C&state=S&iss=https%3A%2F%2Fevil", refused("the answer is from https://evil, not from https://h:1: if that is the same server, name it as base_url")),
        ];
        for (target, want) in cases {
            assert_eq!(expected.judge(target), want, "{target}");
        }
    }
}
