//! The detail of a step, as text and back.

use dayend_engine::codes::RunKey;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_store::history::StepDetail;
use dayend_store::port::{NodeRow, RunState};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

const RUN: RunKey = RunKey(42);

proptest! {
    #[test]
    fn a_detail_is_read_back_as_it_was_written(detail in details()) {
        let text = detail.to_json();
        prop_assert_eq!(StepDetail::from_json(RUN, &text).unwrap(), detail, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in ".{0,60}", cut in 0_usize..400, detail in details()) {
        let _ = StepDetail::from_json(RUN, &text);
        let whole = detail.to_json();
        let cut: String = whole.chars().take(cut).collect();
        prop_assert_eq!(StepDetail::from_json(RUN, &cut).is_ok(), cut == whole);
    }
}

#[test]
fn nulls_at_the_end_and_empty_parts_are_left_out() {
    let mut detail = StepDetail { command: None, state: state(), nodes: vec![], note: None };
    assert_eq!(detail.to_json(), r#"{"state":[0,false,1,1,false]}"#);
    detail.command = Some("tri\"gger".to_owned());
    detail.nodes = vec![node(3, None, None), node(4, Some(7), Some("no\nrates"))];
    detail.note = Some(json!({"reason": "late"}));
    let text = "{\"command\":\"tri\\\"gger\",\"state\":[0,false,1,1,false],\
        \"nodes\":[[3,2,1,1,1],[4,2,1,1,1,7,null,null,null,\"no\\nrates\"]],\"note\":{\"reason\":\"late\"}}";
    assert_eq!(detail.to_json(), text);
}

#[test]
fn what_is_not_a_detail_is_refused() {
    #[rustfmt::skip]
    let cases = [
        ("nothing",                "{}"),
        ("no object",              "[]"),
        ("an unknown key",         r#"{"state":[0,false,1,1,false],"status":1}"#),
        ("a short state",          r#"{"state":[0,false,1,1]}"#),
        ("a long state",           r#"{"state":[0,false,1,1,false,null,null,null]}"#),
        ("no such status",         r#"{"state":[0,false,1,8,false]}"#),
        ("a gate out of range",    r#"{"state":[256,false,1,1,false]}"#),
        ("a negative generation",  r#"{"state":[0,false,-1,1,false]}"#),
        ("a short node",           r#"{"state":[0,false,1,1,false],"nodes":[[1,2,3,4]]}"#),
        ("a long node",            r#"{"state":[0,false,1,1,false],"nodes":[[1,2,3,4,5,null,null,null,null,null,6]]}"#),
        ("a fraction",             r#"{"state":[0,false,1,1,false],"nodes":[[1.5,2,3,4,5]]}"#),
        ("two states",             r#"{"state":[0,false,1,1,false],"state":[0,false,1,1,false]}"#),
        ("something behind it",    r#"{"state":[0,false,1,1,false]} {}"#),
    ];
    for (name, text) in cases {
        assert!(StepDetail::from_json(RUN, text).is_err(), "{name}");
    }
}

fn state() -> RunState {
    RunState {
        gate: 0,
        interrupted: false,
        generation: 1,
        status: Status::OnGoing,
        ended: false,
        started_at: None,
        ended_at: None,
    }
}

fn node(number: u32, wake_at: Option<i64>, message: Option<&str>) -> NodeRow {
    NodeRow {
        run: RUN,
        node: number,
        state: 2,
        generation: 1,
        attempt: 1,
        epoch: 1,
        wake_at: wake_at.map(Timestamp),
        started_at: None,
        ended_at: None,
        handle: None,
        message: message.map(str::to_owned),
        files: None,
    }
}

fn details() -> impl Strategy<Value = StepDetail> {
    (option::of(".{0,20}"), states(), vec(nodes(), 0..5), option::of(notes()))
        .prop_map(|(command, state, nodes, note)| StepDetail { command, state, nodes, note })
}

fn states() -> impl Strategy<Value = RunState> {
    let status = proptest::sample::select(Status::ALL.to_vec());
    (any::<u8>(), any::<bool>(), any::<u32>(), status, any::<bool>(), instants(), instants())
        .prop_map(|(gate, interrupted, generation, status, ended, started_at, ended_at)| RunState {
            gate,
            interrupted,
            generation,
            status,
            ended,
            started_at,
            ended_at,
        })
}

fn nodes() -> impl Strategy<Value = NodeRow> {
    let numbers = (any::<u32>(), any::<u8>(), any::<u32>(), any::<u32>(), any::<u32>());
    let instants = (instants(), instants(), instants());
    let texts = (option::of(".{0,20}"), option::of(".{0,20}"), option::of(".{0,20}"));
    (numbers, instants, texts).prop_map(|(numbers, instants, (handle, message, files))| NodeRow {
        run: RUN,
        node: numbers.0,
        state: numbers.1,
        generation: numbers.2,
        attempt: numbers.3,
        epoch: numbers.4,
        wake_at: instants.0,
        started_at: instants.1,
        ended_at: instants.2,
        handle,
        message,
        files,
    })
}

fn instants() -> impl Strategy<Value = Option<Timestamp>> {
    option::of(any::<i64>().prop_map(Timestamp))
}

fn notes() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,10}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((".{0,5}", inner), 0..3)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
