//! All checks, one after the other.

use super::finding::{Finding, Rule};
use super::rust::{Token, tokens};
use super::{
    Tree, banned, declarations, doors, exceptions, layers, length, links, manifest, migrations,
    module_names, named_tests, text,
};

/// Everything in the repository that breaks a rule, by file and line.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = manifest::manifests(tree);
    findings.extend(manifests.iter().flat_map(layers::check));
    findings.extend(manifests.iter().flat_map(doors::check));
    findings.extend(tree.texts_ending(".rs").flat_map(|(path, text)| check_rust(path, text)));
    findings.extend(tree.texts().flat_map(|(path, text)| text::check(path, text)));
    findings.extend(links::check(tree));
    findings.extend(migrations::check(tree));
    findings.extend(named_tests::check(tree));
    let mut findings = exceptions::apply(findings);
    findings.sort();
    findings
}

fn check_rust(path: &str, text: &str) -> Vec<Finding> {
    let tokens: Vec<Token> = match tokens(text) {
        Ok(tokens) => tokens,
        Err((line, reason)) => {
            let problem = format!("this is not Rust ({reason})");
            return vec![Finding::new(Rule::Readable, (path, line), problem, "put it right")];
        }
    };
    let mut findings = declarations::check(path, &tokens);
    findings.extend(length::check(path, &tokens));
    findings.extend(module_names::check(path, &tokens));
    findings.extend(banned::check(path, &tokens));
    findings
}
