//! The difference between two exported texts.

use similar::TextDiff;
use std::time::Duration;

/// The most difference that is shown.
const SHOWN_MAX_BYTES: usize = 1 << 20;
/// After this time the difference may be longer than necessary.
const SEARCH_LIMIT: Duration = Duration::from_secs(2);

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 3;

/// A unified difference with three lines of context; empty if the texts are equal, cut at 1 MiB.
pub fn diff(old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let before = equal_beginning(old, new);
    let lines_before = old.get(..before).unwrap_or_default().lines().count();
    let (old, new) = (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
    let after = equal_end(old, new);
    let (old, new) = (
        old.get(..old.len() - after).unwrap_or_default(),
        new.get(..new.len() - after).unwrap_or_default(),
    );
    let lines = TextDiff::configure().timeout(SEARCH_LIMIT).diff_lines(old, new);
    let mut text = "--- stored\n+++ applied\n".to_owned();
    for hunk in lines.unified_diff().context_radius(CONTEXT_LINES).iter_hunks() {
        let (Some(first), Some(last)) = (hunk.ops().first(), hunk.ops().last()) else { continue };
        let old_lines = range(lines_before, first.old_range().start, last.old_range().end);
        let new_lines = range(lines_before, first.new_range().start, last.new_range().end);
        text.extend(["@@ -", &old_lines, " +", &new_lines, " @@\n"]);
        for change in hunk.iter_changes() {
            text.push_str(&change.tag().to_string());
            text.push_str(change.value().trim_end_matches('\n'));
            text.push('\n');
        }
        if text.len() > SHOWN_MAX_BYTES {
            cut(&mut text);
            break;
        }
    }
    text
}

fn cut(text: &mut String) {
    let end = text.floor_char_boundary(SHOWN_MAX_BYTES);
    let end = text.get(..end).and_then(|shown| shown.rfind('\n')).map_or(0, |at| at + 1);
    text.truncate(end);
    text.push_str("… the rest of the difference is not shown\n");
}

/// Bytes of whole lines that both texts begin with, less the lines shown as context: most of a large text is never compared.
fn equal_beginning(old: &str, new: &str) -> usize {
    let equal = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let bytes = old.as_bytes().get(..equal).unwrap_or_default();
    let line_starts =
        bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    line_starts.skip(1).nth(CONTEXT_LINES).unwrap_or(0)
}

/// Bytes of whole lines that both texts end with, less the lines shown as context.
fn equal_end(old: &str, new: &str) -> usize {
    let equal =
        old.bytes().rev().zip(new.bytes().rev()).take_while(|(old, new)| old == new).count();
    let bytes = old.as_bytes().get(old.len() - equal..).unwrap_or_default();
    let line_ends =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    line_ends.skip(1).nth(CONTEXT_LINES).map_or(0, |end| equal - end)
}

/// Line numbers as a unified difference writes them.
fn range(lines_before: usize, start: usize, end: usize) -> String {
    let (first, count) = (lines_before + start + 1, end - start);
    match count {
        0 => format!("{},0", first - 1),
        1 => first.to_string(),
        _ => format!("{first},{count}"),
    }
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
        assert_eq!(
            diff("a\nb\n", "a\nc\n"),
            "--- stored\n+++ applied\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
        assert_eq!(diff("", "a\n"), "--- stored\n+++ applied\n@@ -0,0 +1 @@\n+a\n");
    }

    #[test]
    fn leaving_out_what_is_equal_does_not_change_the_difference() {
        let lines = |range: std::ops::Range<u32>| {
            range.map(|line| format!("line {}\n", line % 7)).collect::<Vec<_>>()
        };
        for (from, to) in [(0, 1), (1, 4), (9, 9), (20, 25), (38, 40), (0, 40)] {
            let old = lines(0..40);
            for replacement in [vec![], vec!["new ü\n".to_owned()], lines(3..12)] {
                let mut new = old.clone();
                new.splice(from..to, replacement);
                let (old, new) = (old.concat(), new.concat());
                assert_eq!(apply(&old, &diff(&old, &new)), new, "{}", diff(&old, &new));
            }
        }
    }

    /// What `patch` would make of `old`.
    fn apply(old: &str, difference: &str) -> String {
        let old: Vec<&str> = old.lines().collect();
        let (mut new, mut at) = (Vec::new(), 0);
        for line in difference.lines().skip(2) {
            if let Some(header) = line.strip_prefix("@@ -") {
                let old_range = header.split(' ').next().unwrap();
                let (first, count) = old_range.split_once(',').unwrap_or((old_range, "1"));
                let start = first.parse::<usize>().unwrap() - usize::from(count != "0");
                new.extend_from_slice(&old[at..start]);
                at = start;
            } else if let Some(kept) = line.strip_prefix(' ') {
                assert_eq!(kept, old[at]);
                new.push(kept);
                at += 1;
            } else if let Some(gone) = line.strip_prefix('-') {
                assert_eq!(gone, old[at]);
                at += 1;
            } else {
                new.push(line.strip_prefix('+').unwrap());
            }
        }
        new.extend_from_slice(&old[at..]);
        new.into_iter().flat_map(|line| [line, "\n"]).collect()
    }

    #[test]
    fn a_huge_difference_is_cut_at_a_line() {
        let new = "one of many lines ü\n".repeat(100_000);
        let shown = diff("", &new);
        assert!(shown.len() < SHOWN_MAX_BYTES + 100, "{}", shown.len());
        assert!(
            shown.ends_with("lines ü\n… the rest of the difference is not shown\n"),
            "{}",
            &shown[shown.len() - 80..]
        );
    }
}
