//! The few places where a rule does not hold, each with its reason.

use super::finding::{Finding, Rule};

/// A rule that is lifted for one file.
struct Exception {
    rule: Rule,
    path: &'static str,
    #[expect(dead_code, reason = "for whoever reads the list")]
    reason: &'static str,
}

const LIST: &str = "crates/xtask/src/tidy/exceptions.rs";

#[rustfmt::skip]
const EXCEPTIONS: &[Exception] = &[
    Exception { rule: Rule::ModuleNames, path: "crates/service/src/conductor/core.rs", reason: "the conductor's core is what everybody calls it" },
    Exception { rule: Rule::Sleep, path: "crates/testkit/src/postgres_proxy.rs", reason: "it plays a slow network" },
    Exception { rule: Rule::Text, path: "Cargo.lock", reason: "written by cargo" },
    Exception { rule: Rule::Text, path: "interop/openidconnect/Cargo.lock", reason: "written by cargo" },
    Exception { rule: Rule::Text, path: "crates/xtask/src/tidy/text.rs", reason: "lists what is looked for" },
];

/// Drops the findings that are excepted, and reports the exceptions that nothing needs any more.
pub(crate) fn apply(findings: Vec<Finding>) -> Vec<Finding> {
    let covers = |exception: &Exception, finding: &Finding| {
        (exception.rule, exception.path) == (finding.rule, finding.path.as_str())
    };
    let unused: Vec<Finding> = EXCEPTIONS
        .iter()
        .filter(|exception| !findings.iter().any(|finding| covers(exception, finding)))
        .map(|exception| {
            let problem =
                format!("{} needs no exception from {:?}", exception.path, exception.rule);
            Finding::new(Rule::Exceptions, (LIST, 1), problem, "delete the exception")
        })
        .collect();
    let excepted =
        |finding: &Finding| EXCEPTIONS.iter().any(|exception| covers(exception, finding));
    findings.into_iter().filter(|finding| !excepted(finding)).chain(unused).collect()
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, apply};
    use crate::tidy::finding::{Finding, Rule};

    #[test]
    fn an_exception_covers_its_rule_and_file_only_and_must_be_needed() {
        let at = |rule, path| Finding::new(rule, (path, 1), "problem", "remedy");
        let core = "crates/service/src/conductor/core.rs";
        let left = apply(vec![
            at(Rule::ModuleNames, core),
            at(Rule::Length, core),
            at(Rule::ModuleNames, "crates/a/src/core.rs"),
        ]);
        let kept: Vec<_> = left.iter().filter(|finding| finding.rule != Rule::Exceptions).collect();
        assert_eq!(kept, [&at(Rule::Length, core), &at(Rule::ModuleNames, "crates/a/src/core.rs")]);
        assert_eq!(left.len() - kept.len(), EXCEPTIONS.len() - 1, "the others are not needed here");
    }
}
