//! Cycles and other edges that cannot be.

use super::{assert_refused, defects_of, read_one};
use std::fmt::Write;

fn batch(tasks: &[(&str, &str)]) -> String {
    let mut text = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n".to_owned();
    for (code, after) in tasks {
        writeln!(text, "  - {{code: {code}, noop: {{}}, after: [{after}]}}").unwrap();
    }
    text
}

#[test]
fn edges_that_cannot_be_are_refused_where_they_stand() {
    let cases = [
        (vec![("A", "A")], "5:33 tasks[0].after[0]: `A` waits for itself: remove this edge"),
        (
            vec![("A", "X")],
            "5:33 tasks[0].after[0]: `X` is not in `tasks`: correct the code, or add it",
        ),
        (
            vec![("A", ""), ("B", "A, {task: A, on: end}")],
            "6:36 tasks[1].after[1]: `B` waits for `A` twice: remove one edge",
        ),
        (
            vec![("A", ""), ("A", "")],
            "6:12 tasks[1].code: `A` is there twice, first in line 5: rename or remove one",
        ),
        (
            vec![("A", "C"), ("B", "A"), ("C", "B"), ("D", "C")],
            "6:33 tasks[1].after[0]: these wait for each other in a circle: A → B → C → A: remove one of the edges",
        ),
        (
            vec![("S", ""), ("A", "S, B"), ("B", "S, A")],
            "7:36 tasks[2].after[1]: these wait for each other in a circle: A → B → A: remove one of the edges",
        ),
    ];
    assert_refused(cases.map(|(tasks, want)| (batch(&tasks), want)));
}

#[test]
fn members_of_a_group_are_checked_like_tasks() {
    let text = "apiVersion: dayend/v1\nkind: BatchGroup\ncode: G\nmembers:\n  - {batch: A, after: [B]}\n  - {batch: B, after: [{batch: A, on: end}]}\n  - {batch: A}\n";
    assert_eq!(
        defects_of(text),
        ["7:13 members[2].batch: `A` is there twice, first in line 5: rename or remove one"]
    );
    let text = text.replace("  - {batch: A}\n", "");
    assert_eq!(
        defects_of(&text),
        [
            "6:24 members[1].after[0]: these wait for each other in a circle: A → B → A: remove one of the edges"
        ]
    );
}

#[test]
fn a_cycle_of_any_length_is_found_without_recursion() {
    for length in [2_usize, 3, 10, 11, 1000, 100_000] {
        let mut text = "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n".to_owned();
        for node in 0..length {
            writeln!(
                text,
                "- {{code: T{node}, noop: {{}}, after: [T{}]}}",
                (node + length - 1) % length
            )
            .unwrap();
        }
        let defects = defects_of(&text);
        assert_eq!(defects.len(), 1, "{length}");
        let want = if length > 10 {
            format!("({length} in all)")
        } else {
            format!("T{} → T0: remove", length - 1)
        };
        assert!(defects[0].contains(&want), "{length}: {defects:?}");
        assert!(defects[0].len() < 400, "{length}: {defects:?}");
    }
}

#[test]
fn a_chain_of_diamonds_is_checked_edge_by_edge() {
    let mut text =
        "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks:\n- {code: J0, noop: {}}\n".to_owned();
    for stage in 1..=30 {
        let before = stage - 1;
        writeln!(text, "- {{code: L{stage}, noop: {{}}, after: [J{before}]}}").unwrap();
        writeln!(text, "- {{code: R{stage}, noop: {{}}, after: [J{before}]}}").unwrap();
        writeln!(text, "- {{code: J{stage}, noop: {{}}, after: [L{stage}, R{stage}]}}").unwrap();
    }
    assert_eq!(read_one(&text).unwrap().len(), 1);
}
