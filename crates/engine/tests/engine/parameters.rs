//! The three layers of parameters.

use crate::build::many_cases;
use dayend_engine::params::{BuiltIns, Params, Piece, RunParams, names, pieces};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const BUILT_INS: BuiltIns<'static> =
    BuiltIns { mis_date: "2026-10-30", run_id: "EOD_2026-10-30_1_1", task: "T1" };

#[test]
fn a_value_comes_from_the_last_layer_that_has_it() {
    #[rustfmt::skip]
    let cases = [
        // batch      task       batchParams  taskRuntimeParams  filled
        (Some("d"), None,      None,        None,              "d"),
        (None,      Some("t"), None,        None,              "t"),
        (Some("d"), Some("t"), None,        None,              "t"),
        (Some("d"), Some("t"), Some("b"),   None,              "b"),
        (Some("d"), Some("t"), Some("b"),   Some("r"),         "r"),
        (Some("d"), None,      None,        Some("r"),         "r"),
        (Some("d"), None,      Some(""),    None,              ""),
        (None,      None,      Some("b"),   Some("r"),         "$P$"),
    ];
    for (batch, task, run, runtime, want) in cases {
        let layer = |value: Option<&str>| {
            map(&value.map(|value| ("P", value)).into_iter().collect::<Vec<_>>())
        };
        let tasks = BTreeMap::from([
            ("T1".parse().unwrap(), layer(runtime)),
            ("T2".parse().unwrap(), map(&[("P", "another task's")])),
        ]);
        let run = RunParams { batch: layer(run), tasks };
        let params = Params::resolve(&layer(batch), &layer(task), &run, BUILT_INS);
        assert_eq!(params.fill("$P$"), want);
    }
}

#[test]
fn what_nobody_declared_travels_apart_and_fills_nothing() {
    let run = RunParams { batch: map(&[("X", "1")]), tasks: BTreeMap::new() };
    let params = Params::resolve(&map(&[]), &map(&[]), &run, BUILT_INS);
    assert_eq!(params.undeclared, map(&[("X", "1")]));
    assert_eq!(
        params.fill("$X$ $TASKID$ $BATCHRUNID$ $FICMISDATE$"),
        "$X$ T1 EOD_2026-10-30_1_1 2026-10-30"
    );
}

#[test]
fn a_value_that_looks_like_a_placeholder_is_not_filled_again() {
    let params = Params { declared: map(&[("A", "$B$"), ("B", "secret")]), undeclared: map(&[]) };
    assert_eq!(params.fill("$A$"), "$B$");
}

proptest! {
    #![proptest_config(many_cases())]

    /// Whatever the text, its pieces put together again are the text, and only known names are taken out of it.
    #[test]
    fn pieces_put_together_are_the_text(text in "[$AB1_ ü]{0,24}") {
        let mut again = String::new();
        for piece in pieces(&text, |name| name == "A" || name == "AB") {
            match piece {
                Piece::Literal(literal) => again.push_str(literal),
                Piece::Name(name) => {
                    prop_assert!(name == "A" || name == "AB");
                    again.push_str(&["$", name, "$"].concat());
                }
            }
        }
        prop_assert_eq!(&again, &text);
        for name in names(&text) {
            prop_assert!(text.contains(&["$", name, "$"].concat()));
        }
        let unknown = Params::default();
        prop_assert_eq!(unknown.fill(&text), text);
    }
}
