//! Rust as the checks see it: a flat list of tokens, without comments, that know where they stand.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// A word, a literal, one punctuation mark, or one bracket.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) first_line: usize,
    pub(crate) last_line: usize,
    /// How many brackets are open around it.
    pub(crate) depth: usize,
    /// Inside `#[…]`.
    pub(crate) in_attribute: bool,
    /// Inside the braces of an item under `#[cfg(test)]`.
    pub(crate) in_tests: bool,
}

/// Splits a file; the error is the line at which it stops being Rust, and why.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, (usize, String)> {
    let parsed: TokenStream = text
        .parse()
        .map_err(|error: proc_macro2::LexError| (error.span().start().line, error.to_string()))?;
    let mut reader = Reader { lines: text.lines().collect(), tokens: Vec::new() };
    reader.level(parsed, Place::default());
    Ok(reader.tokens)
}

/// The words of a list of tokens, to be matched as a slice.
pub(crate) fn words<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> Vec<(&'t str, usize)> {
    tokens.into_iter().map(|token| (token.text.as_str(), token.first_line)).collect()
}

/// What lies around a token.
#[derive(Clone, Copy, Default)]
struct Place {
    depth: usize,
    in_attribute: bool,
    in_tests: bool,
}

/// What the trees before the current one announce.
#[derive(Default)]
struct Announced {
    attribute: bool,
    comment: bool,
    tests: bool,
}

struct Reader<'t> {
    lines: Vec<&'t str>,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn level(&mut self, stream: TokenStream, place: Place) {
        let mut announced = Announced::default();
        for tree in stream {
            match tree {
                TokenTree::Group(group) => self.group(&group, place, &mut announced),
                TokenTree::Punct(mark) => match mark.as_char() {
                    '#' => {
                        announced.attribute = true;
                        announced.comment = self.is_comment(mark.span());
                        self.push_unless(announced.comment, "#".to_owned(), mark.span(), place);
                    }
                    '!' if announced.attribute => {
                        self.push_unless(announced.comment, "!".to_owned(), mark.span(), place);
                    }
                    mark_char => {
                        announced.attribute = false;
                        announced.tests &= mark_char != ';';
                        self.push(mark_char.to_string(), mark.span(), place);
                    }
                },
                TokenTree::Ident(word) => {
                    announced.attribute = false;
                    self.push(word.to_string(), word.span(), place);
                }
                TokenTree::Literal(literal) => {
                    announced.attribute = false;
                    self.push(literal.to_string(), literal.span(), place);
                }
            }
        }
    }

    fn group(&mut self, group: &Group, place: Place, announced: &mut Announced) {
        let Announced { attribute, comment, tests } = *announced;
        *announced = Announced { attribute: false, comment: false, tests };
        if attribute && comment {
            return;
        }
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        let is_attribute = attribute && open == "[";
        announced.tests |= is_attribute && is_cfg_test(group);
        let is_tests = open == "{" && announced.tests;
        announced.tests &= open != "{";
        let inside = Place {
            depth: place.depth + 1,
            in_attribute: place.in_attribute || is_attribute,
            in_tests: place.in_tests || is_tests,
        };
        self.push(open.to_owned(), group.span_open(), place);
        self.level(group.stream(), inside);
        self.push(close.to_owned(), group.span_close(), place);
    }

    fn push_unless(&mut self, is_comment: bool, text: String, span: Span, place: Place) {
        if !is_comment {
            self.push(text, span, place);
        }
    }

    fn push(&mut self, text: String, span: Span, place: Place) {
        let Place { depth, in_attribute, in_tests } = place;
        let (first_line, last_line) = (span.start().line, span.end().line);
        self.tokens.push(Token { text, first_line, last_line, depth, in_attribute, in_tests });
    }

    /// Whether a `#` does not stand in the text: documentation arrives as an attribute.
    fn is_comment(&self, hash: Span) -> bool {
        let start = hash.start();
        let line = start.line.checked_sub(1).and_then(|index| self.lines.get(index));
        line.and_then(|line| line.chars().nth(start.column)) != Some('#')
    }
}

/// `[cfg(test)]`, or `test` somewhere in a longer condition.
fn is_cfg_test(attribute: &Group) -> bool {
    let mut trees = attribute.stream().into_iter();
    let is_cfg = matches!(trees.next(), Some(TokenTree::Ident(name)) if name == "cfg");
    let condition = trees.next().map(|tree| tree.to_string()).unwrap_or_default();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut words = condition.split(|letter| !is_word(letter));
    is_cfg && words.any(|word| word == "test")
}

#[cfg(test)]
mod tests {
    use super::tokens;

    const SOURCE: &str = r#"//! Says what `todo!()` is.
/* a comment with { */
/// Documented.
#[derive(Debug)]
struct A<'a>(&'a str);

#[cfg(test)]
use a::b;

fn f() -> char { '{' }

#[cfg(test)]
mod tests {
    const TEXT: &str = "
    // no comment";
}
"#;

    #[test]
    fn comments_are_gone_and_strings_are_whole() {
        let words: Vec<String> = tokens(SOURCE).unwrap().into_iter().map(|t| t.text).collect();
        let start = ["#", "[", "derive", "(", "Debug", ")", "]", "struct", "A", "<", "'", "a"];
        assert_eq!(words[..start.len()], start);
        assert!(words.contains(&"'{'".to_owned()), "{words:?}");
        assert!(words.contains(&"\"\n    // no comment\"".to_owned()), "{words:?}");
    }

    #[test]
    fn a_token_knows_where_it_stands() {
        let tokens = tokens(SOURCE).unwrap();
        let of = |text: &str| tokens.iter().find(|token| token.text == text).unwrap();
        assert!(of("derive").in_attribute && !of("struct").in_attribute);
        assert!(of("TEXT").in_tests && !of("f").in_tests && !of("'{'").in_tests);
        assert_eq!((of("struct").depth, of("Debug").depth), (0, 2));
        assert_eq!(of("fn").first_line, 10);
        let text = tokens.iter().find(|token| token.text.contains("no comment")).unwrap();
        assert_eq!((text.first_line, text.last_line), (14, 15));
    }

    #[test]
    fn a_test_only_import_does_not_make_the_next_item_a_test() {
        let tokens = tokens("#[cfg(test)] use a::b;\nfn shipped() { sleep() }").unwrap();
        assert!(tokens.iter().all(|token| !token.in_tests));
    }

    #[test]
    fn a_file_that_is_not_rust_names_the_line() {
        assert_eq!(tokens("fn a() {}\n}\n").unwrap_err().0, 2);
    }
}
