//! Lists of codes in sentences.

use dayend_engine::codes::shortened;

/// The most codes that one sentence names.
const NAMED_MAX: usize = 20;

/// `` `A`, `B` ``, cut to what a sentence can carry.
pub(super) fn quoted<T: AsRef<str>>(codes: impl IntoIterator<Item = T>) -> String {
    let mut codes = codes.into_iter();
    let named: Vec<String> = codes
        .by_ref()
        .take(NAMED_MAX)
        .map(|code| format!("`{}`", shortened(code.as_ref())))
        .collect();
    let more = if codes.next().is_some() { ", …" } else { "" };
    named.join(", ") + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_quotes_and_a_long_list_is_cut() {
        assert_eq!(quoted(["A"]), "`A`");
        assert_eq!(quoted(["A", "B\n"]), "`A`, `B\\u{a}`");
        let many: Vec<String> = (0..=NAMED_MAX).map(|at| at.to_string()).collect();
        assert!(quoted(&many).ends_with("`19`, …"));
        assert!(!quoted(many.iter().take(NAMED_MAX)).contains('…'));
    }
}
