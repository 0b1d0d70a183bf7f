//! Query parameters, read strictly: a misspelt one must not silently mean something else.

use crate::problem::Problem;
use axum::http::Uri;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The parameters of a URL's query, all of them known to the handler.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query; a name that is not in `known` is refused.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Problem::invalid(
                &dayend_engine::codes::shortened(name),
                "there is no such parameter",
            )),
            None => Ok(Self(pairs)),
        }
    }

    /// All values of a parameter that may be repeated.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// The value of a parameter that may be there once.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values =
            self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Problem::invalid(name, "the parameter is repeated")),
            (value, None) => Ok(value),
        }
    }

    /// A whole number within bounds.
    pub(super) fn number<N>(
        &self,
        name: &str,
        bounds: RangeInclusive<N>,
    ) -> Result<Option<N>, Problem>
    where
        N: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && bounds.contains(number));
        number.map(Some).ok_or_else(|| {
            Problem::invalid(
                name,
                format_args!("must be a whole number from {} to {}", bounds.start(), bounds.end()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Result<Parameters, String> {
        let uri = format!("/x?{query}").parse().unwrap();
        Parameters::read(&uri, &["code", "limit"]).map_err(|problem| problem.body.detail)
    }

    #[test]
    fn unknown_parameters_are_refused() {
        assert_eq!(parameters("limt=3").unwrap_err(), "`limt`: there is no such parameter");
        assert_eq!(
            parameters("%0d%0a=3").unwrap_err(),
            "`\\u{d}\\u{a}`: there is no such parameter"
        );
        assert!(parameters("").is_ok());
    }

    #[test]
    fn numbers_are_digits_within_their_bounds() {
        let limit = |query: &str| {
            parameters(query)
                .unwrap()
                .number("limit", 1..=1000_u32)
                .map_err(|problem| problem.body.detail)
        };
        assert_eq!(limit("code=A"), Ok(None));
        assert_eq!(limit("limit=1000"), Ok(Some(1000)));
        let refused = Err("`limit`: must be a whole number from 1 to 1000".to_owned());
        for query in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=%2B5",
            "limit=",
            "limit=1e2",
            "limit=99999999999999999999",
        ] {
            assert_eq!(limit(query), refused, "{query}");
        }
        assert_eq!(limit("limit=1&limit=1"), Err("`limit`: the parameter is repeated".to_owned()));
    }

    #[test]
    fn a_list_is_the_parameter_repeated() {
        assert_eq!(parameters("code=A&limit=1&code=B%20C").unwrap().all("code"), ["A", "B C"]);
    }
}
