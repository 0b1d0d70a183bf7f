use crate::suite::build::{
    Desk, PARTITION, T0, change, claim, claimed, define, node, run, scope, state, step, trigger,
};
use crate::suite::home::Home;
use dayend_engine::codes::{RunKey, Scope};
use dayend_engine::definition::Kind;
use dayend_engine::status::Status;
use dayend_engine::time::Timestamp;
use dayend_store::port::{ClaimRow, NodeRow, Outcome, RunChange, RunRow, RunState, Write};

pub(crate) async fn a_run_comes_back_as_it_was_written(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let mut group = run(1);
    group.kind = Kind::BatchGroup;
    let mut member = RunRow {
        params: "{\"A\":\"it's \\u0000 — ☂\"}".to_owned(),
        triggered_by: "a'b\"c\0d".to_owned(),
        ..run(2)
    };
    member.parent = Some((RunKey(1), 3));
    member.rerun_of = Some(RunKey(1));
    member.state = RunState {
        gate: 2,
        interrupted: true,
        generation: u32::MAX,
        status: Status::Held,
        ended: false,
        started_at: Some(T0),
        ended_at: Some(Timestamp(-1)),
    };
    desk.commit(vec![trigger(group.clone(), vec![]), trigger(member.clone(), vec![])]).await;
    assert_eq!(desk.store.run_by_key(RunKey(1)).await.unwrap(), Some(group));
    assert_eq!(desk.store.run_by_id("bank", &member.run_id).await.unwrap(), Some(member.clone()));
    assert_eq!(desk.store.run_by_id("other", &member.run_id).await.unwrap(), None);
    assert_eq!(desk.store.run_by_key(RunKey(3)).await.unwrap(), None);
    desk.store.close().await;
    drop(desk);
    let desk = Desk::reopened(home).await;
    assert_eq!(desk.store.run_by_key(RunKey(2)).await.unwrap(), Some(member));
}

pub(crate) async fn live_runs_are_the_ones_that_have_not_ended_with_groups_first(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let member_of = |key, group| RunRow { parent: Some((RunKey(group), 0)), ..run(key) };
    let ended = RunState { ended: true, status: Status::Successful, ..state() };
    let writes = vec![
        // The group's number is larger than its members'.
        trigger(member_of(2, 4), vec![]),
        trigger(member_of(3, 4), vec![]),
        trigger(run(4), vec![]),
        trigger(run(1), vec![]),
        trigger(RunRow { state: ended.clone(), ..run(5) }, vec![]),
        trigger(run(6), vec![]),
    ];
    desk.commit(writes).await;
    desk.commit(vec![change(3, ended, vec![])]).await;
    let live = desk.store.live_runs(PARTITION).await.unwrap();
    assert_eq!(live.iter().map(|run| run.key.0).collect::<Vec<_>>(), [1, 4, 2, 6]);
}

pub(crate) async fn members_come_in_node_order(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let member =
        |key, node| trigger(RunRow { parent: Some((RunKey(1), node)), ..run(key) }, vec![]);
    desk.commit(vec![
        trigger(run(1), vec![]),
        member(2, 2),
        member(3, 0),
        member(4, 1),
        trigger(run(5), vec![]),
    ])
    .await;
    let members = desk.store.members(RunKey(1)).await.unwrap();
    assert_eq!(members.iter().map(|run| run.key.0).collect::<Vec<_>>(), [3, 4, 2]);
    assert_eq!(desk.store.members(RunKey(2)).await.unwrap(), []);
}

pub(crate) async fn recent_runs_are_the_newest_of_the_scope_and_code(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let elsewhere = Scope { workspace: "WS002".to_owned(), ..scope() };
    let rates = RunRow { code: "EOD_RATES".parse().unwrap(), ..run(2) };
    desk.commit(vec![define(&[("EOD_RATES", 2, 0)])]).await;
    desk.commit(vec![
        trigger(run(1), vec![]),
        trigger(rates, vec![]),
        trigger(run(3), vec![]),
        trigger(RunRow { scope: elsewhere, ..run(4) }, vec![]),
    ])
    .await;
    let keys = |runs: Vec<RunRow>| runs.iter().map(|run| run.key.0).collect::<Vec<_>>();
    let code = "EOD_FX".parse().unwrap();
    assert_eq!(keys(desk.store.recent_runs(&scope(), None, 2).await.unwrap()), [3, 2]);
    assert_eq!(keys(desk.store.recent_runs(&scope(), None, 9).await.unwrap()), [3, 2, 1]);
    assert_eq!(keys(desk.store.recent_runs(&scope(), Some(&code), 9).await.unwrap()), [3, 1]);
}

pub(crate) async fn no_one_and_many_nodes_come_back_as_they_were_written(home: &dyn Home) {
    let desk = Desk::new(home).await;
    for (key, count) in [(1, 0), (2, 1), (3, 511), (4, 512), (5, 1025), (6, 20_000)] {
        let mut nodes: Vec<NodeRow> = (0..count).map(|number| node(key, number, 2)).collect();
        if let Some(last) = nodes.last_mut() {
            *last = NodeRow {
                state: u8::MAX,
                generation: 2,
                attempt: 3,
                epoch: u32::MAX,
                wake_at: Some(Timestamp(1)),
                ended_at: Some(Timestamp(2)),
                handle: Some("https://host/poll?x=1".to_owned()),
                message: Some("ORA-00001: \u{1f4a5}".to_owned()),
                files: Some("[{\"use\":\"out\"}]".to_owned()),
                ..last.clone()
            };
        }
        desk.commit(vec![trigger(run(key), nodes.clone())]).await;
        assert_eq!(desk.store.nodes(RunKey(key)).await.unwrap(), nodes, "{count} nodes");
    }
    let verified = desk.store.verify().await.unwrap();
    assert_eq!((verified.runs, verified.defects), (6, vec![]));
}

pub(crate) async fn the_last_of_several_changes_in_a_group_stays(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let going = RunState { status: Status::OnGoing, ..state() };
    let done = RunState { status: Status::Successful, ended: true, ..state() };
    let write = Write::Runs {
        claim: None,
        new: vec![run(1)],
        changed: vec![RunChange { key: RunKey(1), state: going.clone() }],
        nodes: vec![node(1, 0, 1), node(1, 0, 2), node(1, 1, 1)],
        history: vec![step(
            RunKey(1),
            "trigger",
            &going,
            &[node(1, 0, 1), node(1, 0, 2), node(1, 1, 1)],
        )],
    };
    let later = change(1, done.clone(), vec![node(1, 0, 3), node(1, 2, 3)]);
    assert_eq!(desk.commit(vec![write, later]).await, [Outcome::Applied; 2]);
    assert_eq!(desk.store.run_by_key(RunKey(1)).await.unwrap().unwrap().state, done);
    assert_eq!(
        desk.store.nodes(RunKey(1)).await.unwrap(),
        [node(1, 0, 3), node(1, 1, 1), node(1, 2, 3)]
    );
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn exactly_one_of_two_users_of_an_idempotency_key_wins(home: &dyn Home) {
    let desk = Desk::new(home).await;
    // In one group the first one wins, and many keys at once are told apart.
    let mut writes: Vec<Write> =
        (1..=600).map(|key| claimed(Some(claim(&format!("k{key}"))), run(key), vec![])).collect();
    writes.insert(1, claimed(Some(claim("k1")), run(700), vec![]));
    let outcomes = desk.commit(writes).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count(), 600);
    assert_eq!(outcomes.get(1), Some(&Outcome::LostRace));
    // In a later group it is taken, for the same client and verb only.
    let other_verb = ClaimRow { verb: "rerun".to_owned(), ..claim("k1") };
    let other_client = ClaimRow { client: "app".to_owned(), ..claim("k1") };
    let later = vec![
        claimed(Some(claim("k1")), run(701), vec![]),
        claimed(Some(other_verb), run(702), vec![]),
        claimed(Some(other_client), run(703), vec![]),
    ];
    assert_eq!(desk.commit(later).await, [Outcome::LostRace, Outcome::Applied, Outcome::Applied]);
    assert_eq!(desk.store.claim("bank", "cli", "trigger", "k1").await.unwrap(), Some(claim("k1")));
    assert_eq!(desk.store.claim("bank", "cli", "trigger", "k0").await.unwrap(), None);
}

pub(crate) async fn a_lost_write_leaves_nothing_and_its_neighbours_are_applied(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![claimed(Some(claim("taken")), run(1), vec![node(1, 0, 1)])]).await;
    let before = desk.store.history(PARTITION, None, 0, 1000).await.unwrap().len();
    let ended = RunState { ended: true, ..state() };
    let late = ClaimRow { answer: "another".to_owned(), ..claim("taken") };
    let lost = Write::Runs {
        claim: Some(late),
        new: vec![run(2)],
        changed: vec![RunChange { key: RunKey(1), state: ended.clone() }],
        nodes: vec![node(1, 0, 9), node(2, 0, 9)],
        history: vec![step(RunKey(1), "lost", &ended, &[]), step(RunKey(2), "lost", &state(), &[])],
    };
    let outcomes = desk.commit(vec![trigger(run(3), vec![]), lost, trigger(run(4), vec![])]).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::LostRace, Outcome::Applied]);
    assert_eq!(desk.store.run_by_key(RunKey(2)).await.unwrap(), None);
    assert_eq!(desk.store.run_by_key(RunKey(1)).await.unwrap(), Some(run(1)));
    assert_eq!(desk.store.nodes(RunKey(1)).await.unwrap(), [node(1, 0, 1)]);
    assert_eq!(
        desk.store.claim("bank", "cli", "trigger", "taken").await.unwrap(),
        Some(claim("taken"))
    );
    assert!(desk.store.run_by_key(RunKey(3)).await.unwrap().is_some());
    assert!(desk.store.run_by_key(RunKey(4)).await.unwrap().is_some());
    let after = desk.store.history(PARTITION, None, 0, 1000).await.unwrap();
    assert_eq!(after.len(), before + 2);
    assert!(after.iter().all(|row| row.record.event != "lost"));
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}
