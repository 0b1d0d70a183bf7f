//! What a request for a list asks for: in the URL, or in the body of `.search`.

use super::error::ScimError;
use super::filter::{self, Filter};
use super::input::{Input, Says};
use super::schema::{Path, Schema};
use super::select::Selection;
use dayend_engine::codes::shortened;
use serde_json::{Map, Value};

/// Resources of one answer.
const COUNT_MAX: u64 = 1000;
/// As many if nothing is said.
const COUNT_USUAL: u64 = 50;
/// The message that a `.search` is.
const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const SEARCH_REQUEST_OF_IDCS: &str =
    "urn:ietf:params:scim:api:oracle:idcs:extension:messages:SearchRequest";
/// Parameters of a list.
const LIST: [&str; 9] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "limit",
    "page",
];

/// A list to answer.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) filter: Option<Filter>,
    pub(super) sort_by: Option<Path>,
    pub(super) descending: bool,
    /// Of the first resource, from 1.
    pub(super) start: u64,
    pub(super) count: u64,
    pub(super) selection: Selection,
}

impl Listing {
    /// Reads the query of a URL.
    pub(super) fn of_query(schema: &Schema, query: &str) -> Result<Self, ScimError> {
        let (one, sets) = parameters(query, &LIST)?;
        Self::of(schema, &one, &sets)
    }

    /// Reads the body of a search.
    pub(super) fn of_search(schema: &Schema, body: &Value) -> Result<Self, ScimError> {
        let Value::Object(fields) = body else {
            return Err(ScimError::syntax("the body must be a JSON object"));
        };
        let (mut one, mut sets) = (Map::new(), Vec::new());
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("schemas", Value::Array(schemas)) if is_search(schemas) => {}
                ("schemas", _) => {
                    return Err(ScimError::syntax(format!(
                        "`schemas` must hold `{SEARCH_REQUEST}`"
                    )));
                }
                (_, Value::Null) => {}
                ("attributeSets", Value::Array(_)) => sets = fields.texts(name),
                ("attributes" | "excludedAttributes", Value::Array(_)) => {
                    let names = Value::String(fields.texts(name).join(","));
                    one.insert(name.clone(), names);
                }
                (name, value) if LIST.contains(&name) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    one.insert(name.to_owned(), Value::String(text));
                }
                _ => {
                    let detail = format!("`{}` is no part of a search", shortened(name));
                    return Err(ScimError::syntax(detail));
                }
            }
        }
        Self::of(schema, &one, &sets)
    }

    fn of(schema: &Schema, one: &Input, sets: &[String]) -> Result<Self, ScimError> {
        let filter = one.text("filter").filter(|filter| !filter.trim().is_empty());
        let sort_by = one.text("sortBy").filter(|name| !name.is_empty());
        let unknown = |name: &str| {
            let detail = format!("`{}` is no attribute to sort by", shortened(name));
            ScimError::value(detail)
        };
        let (start, count) = (number(one, "startIndex")?, number(one, "count")?);
        let (page, limit) = (number(one, "page")?, number(one, "limit")?);
        Ok(Self {
            filter: filter.map(|text| filter::read(text, schema)).transpose()?,
            sort_by: sort_by
                .map(|name| {
                    schema.path(name).and_then(Path::comparable).ok_or_else(|| unknown(name))
                })
                .transpose()?,
            descending: descending(one)?,
            start: page.or(start).unwrap_or(1).max(1),
            count: limit.or(count).unwrap_or(COUNT_USUAL).min(COUNT_MAX),
            selection: selection(schema, one, sets)?,
        })
    }

    /// Whether an attribute that is not always looked up is needed.
    pub(super) fn needs(&self, name: &str) -> bool {
        let mut filtered = false;
        if let Some(filter) = &self.filter {
            filter.names(&mut |asked| filtered |= asked == name);
        }
        let sorted = self.sort_by.as_ref().and_then(Path::top).is_some_and(|top| top.name == name);
        filtered || sorted || self.selection.wants(name)
    }
}

/// Reads the query of a request for one resource. `more`: parameters that it may have besides.
pub(super) fn selection_of(
    schema: &Schema,
    query: &str,
    more: &[&'static str],
) -> Result<Selection, ScimError> {
    let (one, sets) = parameters(query, &[&["attributes", "excludedAttributes"], more].concat())?;
    selection(schema, &one, &sets)
}

fn selection(schema: &Schema, one: &Input, sets: &[String]) -> Result<Selection, ScimError> {
    let text = |name: &str| one.text(name).unwrap_or_default();
    Selection::read(schema, text("attributes"), text("excludedAttributes"), sets)
}

/// The parameters of a query, each once; only `attributeSets` may be there more often.
fn parameters(query: &str, known: &[&'static str]) -> Result<(Input, Vec<String>), ScimError> {
    let (mut one, mut sets) = (Map::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == "attributeSets" {
            sets.push(value.into_owned());
        } else if !known.contains(&name.as_ref()) {
            let detail = format!("there is no parameter `{}`", shortened(&name));
            return Err(ScimError::syntax(detail));
        } else if one.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            let detail = format!("the parameter `{name}` is repeated");
            return Err(ScimError::syntax(detail));
        }
    }
    Ok((one, sets))
}

fn is_search(schemas: &[Value]) -> bool {
    let known = [SEARCH_REQUEST, SEARCH_REQUEST_OF_IDCS];
    schemas.iter().any(|urn| urn.as_str().is_some_and(|urn| known.contains(&urn)))
}

fn descending(one: &Input) -> Result<bool, ScimError> {
    match one.text("sortOrder").map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "ascending") => Ok(false),
        Some("descending") => Ok(true),
        Some(_) => Err(ScimError::value("`sortOrder` is ascending or descending")),
    }
}

/// A whole number; one below zero counts as zero (RFC 7644 section 3.4.2.4).
fn number(one: &Input, name: &str) -> Result<Option<u64>, ScimError> {
    let Some(text) = one.text(name) else { return Ok(None) };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let lawful =
        (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| lawful);
    let number =
        number.ok_or_else(|| ScimError::value(format!("`{name}` must be a whole number")))?;
    Ok(Some(if negative { 0 } else { number }))
}

#[cfg(test)]
mod tests {
    use super::super::schema::USER;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_bounded_and_begins_at_one() {
        let of = |query: &str| {
            let listing = Listing::of_query(&USER, query).unwrap();
            (listing.start, listing.count)
        };
        assert_eq!(of(""), (1, 50));
        assert_eq!(of("startIndex=0&count=0"), (1, 0));
        assert_eq!(of("startIndex=-5&count=-1"), (1, 0));
        assert_eq!(of("startIndex=7&count=5000"), (7, 1000));
        assert_eq!(of("page=11&limit=10"), (11, 10));
        for bad in [
            "count=x",
            "count=",
            "startIndex=1.5",
            "count=9999999999999999999",
            "cuont=1",
            "count=1&count=1",
            "sortOrder=up",
            "sortBy=nothing",
        ] {
            assert!(Listing::of_query(&USER, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_search_says_in_its_body_what_a_list_says_in_its_url() {
        let body = json!({
            "schemas": [SEARCH_REQUEST], "filter": "userName pr", "attributes": ["userName", "groups"], "startIndex": 3,
            "count": 4, "sortBy": "userName", "sortOrder": "descending",
        });
        let listing = Listing::of_search(&USER, &body).unwrap();
        assert_eq!((listing.start, listing.count, listing.descending), (3, 4, true));
        assert!(listing.needs("groups") && listing.needs("userName") && !listing.needs("emails"));
        for bad in [
            json!([]),
            json!({ "schemas": ["urn:x"] }),
            json!({ "filtre": "x" }),
            json!({ "count": [1] }),
        ] {
            assert!(Listing::of_search(&USER, &bad).is_err(), "{bad}");
        }
    }
}
