//! `lib.rs` and `mod.rs` declare and re-export: they are the table of contents.

use super::finding::{Finding, Rule};
use super::rust::{Token, words};

type Word<'t> = (&'t str, usize);

/// Checks a file of tokens, if it is one of those.
pub(crate) fn check(path: &str, tokens: &[Token]) -> Vec<Finding> {
    let is_contents = path.ends_with("/lib.rs") || path.ends_with("/mod.rs");
    if !is_contents {
        return Vec::new();
    }
    let outermost = words(tokens.iter().filter(|token| token.depth == 0));
    let (mut rest, mut findings) = (outermost.as_slice(), Vec::new());
    while !rest.is_empty() {
        rest = match rest {
            [("#", _), ("[", _), ("]", _), rest @ ..]
            | [("#", _), ("!", _), ("[", _), ("]", _), rest @ ..]
            | [("pub", _), ("(", _), (")", _), rest @ ..]
            | [("pub", _), rest @ ..]
            | [("mod", _), _, (";", _), rest @ ..] => rest,
            [("use" | "extern", _), rest @ ..] => after(rest, &[";"]),
            item => {
                findings.push(finding(path, item));
                after(item, ends(item))
            }
        };
    }
    findings
}

fn finding(path: &str, item: &[Word<'_>]) -> Finding {
    let line = item.first().map_or(1, |(_, line)| *line);
    let shown: Vec<&str> = item.iter().map(|(word, _)| *word).take(2).collect();
    let problem = format!("`{}` does not declare or re-export", shown.join(" "));
    let remedy = "move it to a file named for what it is";
    Finding::new(Rule::Declarations, (path, line), problem, remedy)
}

/// What an item ends with: values with a semicolon, the others with their braces too.
fn ends(item: &[Word<'_>]) -> &'static [&'static str] {
    match item {
        [("const" | "static" | "type", _), (next, _), ..] if *next != "fn" => &[";"],
        _ => &[";", "}"],
    }
}

fn after<'w, 't>(item: &'w [Word<'t>], ends: &[&str]) -> &'w [Word<'t>] {
    let end = item.iter().position(|(word, _)| ends.contains(word));
    end.and_then(|end| item.get(end + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::rust::tokens;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, &tokens(text).unwrap()).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn declarations_and_re_exports_are_fine() {
        let text = "//! Docs.\n#![expect(x, reason = \"y\")]\n#[macro_use]\nmod a;\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\n\
            pub use a::{A, B};\nuse b::C;\nextern crate d;\n";
        assert_eq!(lines("crates/a/src/lib.rs", text), []);
    }

    #[test]
    fn every_other_item_is_a_finding() {
        let text = "mod a;\nfn f() -> [u8; 2] { [1; 2] }\npub struct S(u8);\nimpl S { const A: u8 = 1; }\n\
            const fn g() {}\nconst T: &[S] = &[S { x: 1 }];\nstatic U: u8 = { 1 };\npub(crate) enum E { A }\n\
            mod inline { fn h() {} }\nmacro_rules! m { () => {} }\npub use a::A;\n";
        assert_eq!(lines("crates/a/src/b/mod.rs", text), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(lines("crates/a/src/b.rs", text), []);
    }
}
