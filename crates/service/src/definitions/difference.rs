//! The difference between two exported texts.

use similar::TextDiff;
use std::time::Duration;

/// The most difference that is shown.
const SHOWN_MAX_BYTES: usize = 1 << 20;
/// After this time the difference may be longer than necessary.
const SEARCH_LIMIT: Duration = Duration::from_secs(2);

/// A unified difference with three lines of context; empty if the texts are equal, cut at 1 MiB.
pub fn diff(old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let lines = TextDiff::configure().timeout(SEARCH_LIMIT).diff_lines(old, new);
    let mut text = String::new();
    let mut unified = lines.unified_diff();
    for hunk in unified.context_radius(3).iter_hunks() {
        if text.is_empty() {
            text.push_str("--- stored\n+++ applied\n");
        }
        text.push_str(&hunk.to_string());
        if text.len() > SHOWN_MAX_BYTES {
            let end = text.floor_char_boundary(SHOWN_MAX_BYTES);
            let end = text.get(..end).and_then(|shown| shown.rfind('\n')).map_or(0, |at| at + 1);
            text.truncate(end);
            text.push_str("… the rest of the difference is not shown\n");
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn a_difference_names_what_went_and_what_came() {
        assert_eq!(diff("a\nb\n", "a\nc\n"), "--- stored\n+++ applied\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(diff("", "a\n"), "--- stored\n+++ applied\n@@ -0,0 +1 @@\n+a\n");
    }

    #[test]
    fn a_huge_difference_is_cut_at_a_line() {
        let new: String = (0..200_000).map(|line| format!("line {line} ü\n")).collect();
        let shown = diff("", &new);
        assert!(shown.len() < SHOWN_MAX_BYTES + 100, "{}", shown.len());
        assert!(shown.ends_with(" ü\n… the rest of the difference is not shown\n"), "{}", &shown[shown.len() - 80..]);
    }
}
