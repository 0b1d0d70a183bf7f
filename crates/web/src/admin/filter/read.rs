//! Reading filters, by descent: `or` holds `and`, which holds terms.

use super::tree::{Comparison, Filter, Literal};
use super::words::{Word, refused, words};
use crate::admin::error::ScimError;
use crate::admin::schema::{Attribute, Kind, Path, Schema, found};

/// The longest filter.
pub(in crate::admin) const FILTER_MAX_BYTES: usize = 8 * 1024;
/// Parentheses, brackets and `not` inside each other.
const DEPTH_MAX: usize = 32;
/// Comparisons of one filter.
const TERMS_MAX: usize = 200;

/// Reads a filter on resources of a type.
pub(in crate::admin) fn read(text: &str, schema: &Schema) -> Result<Filter, ScimError> {
    Reader::new(text, Names::Of(schema))?.whole()
}

/// Reads a filter on the values of an attribute: what stands in the brackets of a path.
pub(in crate::admin) fn read_parts(
    text: &str,
    parts: &'static [Attribute],
) -> Result<Filter, ScimError> {
    Reader::new(text, Names::Parts(parts))?.whole()
}

/// Whose attributes are meant.
#[derive(Clone, Copy)]
enum Names<'s> {
    Of(&'s Schema),
    Parts(&'static [Attribute]),
}

impl Names<'_> {
    fn path(self, text: &str) -> Option<Path> {
        match self {
            Self::Of(schema) => schema.path(text),
            Self::Parts(parts) => found(parts, text).map(|part| Path(vec![part])),
        }
    }
}

struct Reader<'t> {
    words: std::iter::Peekable<std::vec::IntoIter<Word<'t>>>,
    names: Names<'t>,
    terms: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, names: Names<'t>) -> Result<Self, ScimError> {
        if text.len() > FILTER_MAX_BYTES {
            let detail = format!("the filter is longer than {FILTER_MAX_BYTES} bytes");
            return Err(ScimError::bad("invalidFilter", detail));
        }
        Ok(Self { words: words(text)?.into_iter().peekable(), names, terms: 0 })
    }

    fn whole(mut self) -> Result<Filter, ScimError> {
        let filter = self.any(0)?;
        match self.words.next() {
            None => Ok(filter),
            Some(word) => Err(unexpected(&word)),
        }
    }

    fn any(&mut self, depth: usize) -> Result<Filter, ScimError> {
        let mut terms = vec![self.all(depth)?];
        while self.takes("or") {
            terms.push(self.all(depth)?);
        }
        Ok(one_or(terms, Filter::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, ScimError> {
        let mut terms = vec![self.term(depth)?];
        while self.takes("and") {
            terms.push(self.term(depth)?);
        }
        Ok(one_or(terms, Filter::All))
    }

    fn term(&mut self, depth: usize) -> Result<Filter, ScimError> {
        if depth >= DEPTH_MAX {
            let detail = format!("the filter has more than {DEPTH_MAX} levels");
            return Err(ScimError::bad("invalidFilter", detail));
        }
        if self.takes("not") {
            self.expect(&Word::Open)?;
            let inner = self.any(depth + 1)?;
            self.expect(&Word::Close)?;
            return Ok(Filter::Not(Box::new(inner)));
        }
        match self.words.next() {
            Some(Word::Open) => {
                let inner = self.any(depth + 1)?;
                self.expect(&Word::Close)?;
                Ok(inner)
            }
            Some(Word::Name(name)) => self.named(name, depth),
            Some(word) => Err(unexpected(&word)),
            None => Err(ScimError::bad("invalidFilter", "the filter ends early")),
        }
    }

    fn named(&mut self, name: &'t str, depth: usize) -> Result<Filter, ScimError> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let detail = format!("the filter has more than {TERMS_MAX} comparisons");
            return Err(ScimError::bad("invalidFilter", detail));
        }
        let path =
            self.names.path(name).ok_or_else(|| refused("there is no such attribute", name))?;
        if self.words.peek() == Some(&Word::OpenValue) {
            return self.within(path, name, depth);
        }
        let Some(Word::Name(operator)) = self.words.next() else {
            return Err(refused("an operator is missing behind", name));
        };
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let by = comparison(operator).ok_or_else(|| refused("this is no operator", operator))?;
        let Some(Word::Literal(with)) = self.words.next() else {
            return Err(refused("a value is missing behind", operator));
        };
        let path = path.comparable().ok_or_else(|| refused("this cannot be compared", name))?;
        if !fits(&path, by, &with) {
            return Err(refused("this attribute cannot be compared with such a value", name));
        }
        Ok(Filter::Compare { path, by, with })
    }

    fn within(&mut self, path: Path, name: &str, depth: usize) -> Result<Filter, ScimError> {
        self.words.next();
        let parts = path.last().map_or(&[][..], |attribute| attribute.parts);
        if parts.is_empty() {
            return Err(refused("this attribute has no parts", name));
        }
        let around = std::mem::replace(&mut self.names, Names::Parts(parts));
        let inner = self.any(depth + 1)?;
        self.names = around;
        self.expect(&Word::CloseValue)?;
        Ok(Filter::Within { path, inner: Box::new(inner) })
    }

    fn takes(&mut self, name: &str) -> bool {
        let found =
            matches!(self.words.peek(), Some(Word::Name(word)) if word.eq_ignore_ascii_case(name));
        if found {
            self.words.next();
        }
        found
    }

    fn expect(&mut self, wanted: &Word<'_>) -> Result<(), ScimError> {
        match self.words.next() {
            Some(word) if word == *wanted => Ok(()),
            Some(word) => Err(unexpected(&word)),
            None => Err(ScimError::bad("invalidFilter", "the filter ends early")),
        }
    }
}

fn one_or(mut terms: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            many(terms)
        }
        None => many(terms),
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    let known = [
        ("eq", Comparison::Equal),
        ("ne", Comparison::NotEqual),
        ("co", Comparison::Contains),
        ("sw", Comparison::StartsWith),
        ("ew", Comparison::EndsWith),
        ("gt", Comparison::Greater),
        ("ge", Comparison::GreaterOrEqual),
        ("lt", Comparison::Less),
        ("le", Comparison::LessOrEqual),
    ];
    known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(name)).map(|(_, by)| by)
}

/// Whether values of the attribute can be compared with this one in this way.
fn fits(path: &Path, by: Comparison, with: &Literal) -> bool {
    use Comparison::{Equal, NotEqual};
    let equality = matches!(by, Equal | NotEqual);
    let in_text =
        matches!(by, Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith);
    match (path.last().map(|attribute| attribute.kind), with) {
        (Some(_), Literal::Nothing) | (Some(Kind::Flag), Literal::Flag(_)) => equality,
        (Some(Kind::Text), Literal::Text(_)) => true,
        (Some(Kind::Time), Literal::Text(text)) => {
            in_text || text.parse::<dayend_engine::time::Timestamp>().is_ok()
        }
        (Some(Kind::Number), Literal::Number(_)) => !in_text,
        // Some clients write every value as a text.
        (Some(Kind::Flag), Literal::Text(text)) => {
            equality && matches!(text.as_str(), "true" | "false")
        }
        (
            Some(Kind::Text | Kind::Time | Kind::Number | Kind::Flag | Kind::Complex) | None,
            Literal::Text(_) | Literal::Number(_) | Literal::Flag(_) | Literal::Nothing,
        ) => false,
    }
}

fn unexpected(word: &Word<'_>) -> ScimError {
    let text = match word {
        Word::Open => "(",
        Word::Close => ")",
        Word::OpenValue => "[",
        Word::CloseValue => "]",
        Word::Name(name) => name,
        Word::Literal(Literal::Text(text)) => text,
        Word::Literal(Literal::Number(_)) => "a number",
        Word::Literal(Literal::Flag(_)) => "true or false",
        Word::Literal(Literal::Nothing) => "null",
    };
    refused("this is not expected here", text)
}
