//! The scopes that form a hierarchy: `urn:opc:resource:consumer:<part>:<part>::<right>`.

/// What all of them begin with; in the scopes of a resource its audience stands before it.
pub(super) const CONSUMER: &str = "urn:opc:resource:consumer:";
/// The scope that covers all of them.
pub(super) const CONSUMER_ALL: &str = "urn:opc:resource:consumer::all";
const ALL: &str = "all";

/// Whether who may have `held` may have `asked`: the same, or something below it with the same right, or `all`.
pub(crate) fn covers(held: &str, asked: &str) -> bool {
    if held == asked {
        return true;
    }
    match (Consumer::read(held), Consumer::read(asked)) {
        (Some(held), Some(asked)) => {
            held.audience == asked.audience
                && (held.right == ALL || held.right == asked.right)
                && below(held.path, asked.path)
        }
        (_, _) => false,
    }
}

struct Consumer<'a> {
    audience: &'a str,
    path: &'a str,
    right: &'a str,
}

impl<'a> Consumer<'a> {
    fn read(scope: &'a str) -> Option<Self> {
        let (audience, rest) = scope.split_once(CONSUMER)?;
        // `consumer::all` has no parts: its path is what stands between the colons.
        let (path, right) = match rest.strip_prefix(':') {
            Some(right) => ("", right),
            None => rest.split_once("::")?,
        };
        let plain = !right.is_empty() && !right.contains(':');
        plain.then_some(Self { audience, path, right })
    }
}

fn below(held: &str, asked: &str) -> bool {
    held.is_empty()
        || asked.strip_prefix(held).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_itself_and_what_is_below_it_with_its_right() {
        #[rustfmt::skip]
        let cases = [
            ("urn:opc:resource:consumer:paas::read",  "urn:opc:resource:consumer:paas:analytics::read",  true),
            ("urn:opc:resource:consumer:paas::read",  "urn:opc:resource:consumer:paas:analytics::write", false),
            ("urn:opc:resource:consumer:paas::all",   "urn:opc:resource:consumer:paas:analytics::write", true),
            ("urn:opc:resource:consumer::all",        "urn:opc:resource:consumer:paas::read",            true),
            ("urn:opc:resource:consumer::read",       "urn:opc:resource:consumer:paas::read",            true),
            ("urn:opc:resource:consumer::read",       "urn:opc:resource:consumer::all",                  false),
            ("urn:opc:resource:consumer:paas::read",  "urn:opc:resource:consumer::read",                 false),
            ("urn:opc:resource:consumer:paas::read",  "urn:opc:resource:consumer:paasx::read",           false),
            ("urn:Aurn:opc:resource:consumer::all",   "urn:Aurn:opc:resource:consumer:paas::read",       true),
            ("urn:Aurn:opc:resource:consumer::all",   "urn:Burn:opc:resource:consumer:paas::read",       false),
            ("urn:opc:resource:consumer::all",        "urn:Aurn:opc:resource:consumer::all",             false),
            ("urn:opc:resource:consumer::",           "urn:opc:resource:consumer:paas::",                false),
            ("https://host/a",                        "https://host/a",                                  true),
            ("https://host/a",                        "https://host/a/b",                                false),
        ];
        for (held, asked, want) in cases {
            assert_eq!(covers(held, asked), want, "{held} covers {asked}");
        }
    }
}
