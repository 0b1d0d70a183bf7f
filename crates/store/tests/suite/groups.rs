use crate::suite::build::{
    Desk, PARTITION, T0, change, claim, claimed, define, node, record, run, state, trigger,
};
use crate::suite::home::Home;
use crate::suite::identity::token;
use dayend_engine::codes::RunKey;
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    CommitError, Group, GroupId, Outcome, OwnerEpoch, Partition, SecretHash, StoreError,
    VersionKey, Write,
};
use std::future::Future as _;
use std::task::{Context, Waker};

pub(crate) async fn a_committed_group_is_found_again_with_its_outcomes_and_another_is_not(
    home: &dyn Home,
) {
    let desk = Desk::new(home).await;
    let group = desk.group(vec![
        claimed(Some(claim("key")), run(1), vec![]),
        claimed(Some(claim("key")), run(2), vec![]),
        trigger(run(3), vec![]),
        define(&[("EOD_FX", 1, 7)]),
    ]);
    let id = group.id;
    assert_eq!(desk.store.was_committed(id).await.unwrap(), None);
    let outcomes = desk.store.commit(group).await.unwrap();
    let (won, lost) = (Outcome::Applied, Outcome::LostRace);
    assert_eq!(outcomes, [won, lost, won, lost]);
    assert_eq!(desk.store.was_committed(id).await.unwrap(), Some(outcomes));
    assert_eq!(desk.store.was_committed(GroupId(id.0 + 1)).await.unwrap(), None);
    // A group that came to nothing was committed all the same.
    let stale = desk.group(vec![trigger(run(4), vec![])]);
    let id = stale.id;
    desk.store.take_over(PARTITION).await.unwrap();
    desk.store.commit(stale).await.unwrap();
    assert_eq!(desk.store.was_committed(id).await.unwrap(), Some(vec![lost]));
}

pub(crate) async fn an_empty_group_is_committed(home: &dyn Home) {
    let desk = Desk::new(home).await;
    assert_eq!(desk.commit(vec![]).await, []);
}

pub(crate) async fn a_group_id_that_was_used_is_refused(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let group = desk.group(vec![trigger(run(1), vec![])]);
    desk.store.commit(group.clone()).await.unwrap();
    let again = desk.store.commit(group).await.unwrap_err();
    assert!(matches!(again, CommitError::NotDone(StoreError::Inconsistent(_))), "{again}");
}

pub(crate) async fn a_new_owner_fences_the_old_one(home: &dyn Home) {
    let old = Desk::new(home).await;
    old.commit(vec![trigger(run(1), vec![])]).await;
    let takeover = old.store.take_over(PARTITION).await.unwrap();
    assert_eq!(takeover.epoch, OwnerEpoch(old.epoch.0 + 1));
    let late = vec![
        change(1, state(), vec![node(1, 0, 2)]),
        claimed(Some(claim("late")), run(2), vec![]),
        // Guarded by something else than the partition.
        define(&[("EOD_RATES", 2, 0)]),
    ];
    assert_eq!(old.commit(late).await, [Outcome::LostRace, Outcome::LostRace, Outcome::Applied]);
    assert_eq!(old.store.nodes(RunKey(1)).await.unwrap(), []);
    assert_eq!(old.store.run_by_key(RunKey(2)).await.unwrap(), None);
    assert_eq!(old.store.claim("bank", "cli", "trigger", "late").await.unwrap(), None);
    let mut group = old.group(vec![change(1, state(), vec![node(1, 0, 2)])]);
    group.epoch = takeover.epoch;
    assert_eq!(old.store.commit(group).await.unwrap(), [Outcome::Applied]);
    assert_eq!(old.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn a_new_owner_learns_the_largest_numbers(home: &dyn Home) {
    let fresh = home.open().await;
    let takeover = fresh.take_over(PARTITION).await.unwrap();
    assert_eq!((takeover.partition, takeover.epoch), (PARTITION, OwnerEpoch(1)));
    assert_eq!(
        (takeover.last_run, takeover.last_version, takeover.last_group),
        (RunKey(0), VersionKey(0), GroupId(1 << 40))
    );
    assert_eq!(takeover.last_created_ms, 0);
    fresh.close().await;
    drop(fresh);

    let desk = Desk::new(home).await;
    // The id of a run may be ahead of the clock.
    let ahead = run(9).created_at.as_ms() + 5;
    let mut early = run(9);
    early.run_id = format!("EOD_FX_2026-10-30_{ahead}_1").parse().unwrap();
    desk.commit(vec![trigger(early, vec![])]).await;
    desk.commit(vec![trigger(run(4), vec![])]).await;
    let last_group = desk.group(vec![define(&[("EOD_RATES", 7, 0)])]);
    let id = last_group.id;
    desk.store.commit(last_group).await.unwrap();
    let takeover = desk.store.take_over(PARTITION).await.unwrap();
    assert_eq!(
        (takeover.epoch, takeover.last_run, takeover.last_version),
        (OwnerEpoch(3), RunKey(9), VersionKey(7))
    );
    assert_eq!((takeover.last_group, takeover.last_created_ms), (GroupId(3 << 40), ahead));
    let other = desk.store.take_over(Partition(3)).await.unwrap();
    assert_eq!((other.partition, other.epoch), (Partition(3), OwnerEpoch(1)));
    assert!(other.last_group >= id, "{:?} is behind {id:?}", other.last_group);
}

pub(crate) async fn what_a_lost_owner_sent_is_never_taken_for_a_group_of_its_successor(
    home: &dyn Home,
) {
    let store = home.open().await;
    let lost = store.take_over(PARTITION).await.unwrap();
    // It was sent, and nobody knows whether it arrived; meanwhile another owner works.
    let sent = GroupId(lost.last_group.0 + 1);
    let next = store.take_over(PARTITION).await.unwrap();
    let first = Group {
        id: GroupId(next.last_group.0 + 1),
        partition: PARTITION,
        epoch: next.epoch,
        at: T0,
        writes: vec![Write::Audit { history: record("token") }],
    };
    assert_eq!(store.commit(first).await.unwrap(), [Outcome::Applied]);
    assert_eq!(store.was_committed(sent).await.unwrap(), None);
}

pub(crate) async fn old_keys_group_ids_and_tokens_are_forgotten(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let (mut old, mut new) = (claim("old"), claim("new"));
    (old.at, new.at) = (Timestamp(T0.0 - 1), T0);
    let mut old_token = token(1, "f1");
    old_token.expires_at = Timestamp(T0.0 - 1);
    let mut early = desk.group(vec![
        claimed(Some(old), run(1), vec![]),
        Write::IssueRefresh { token: old_token, history: record("token") },
    ]);
    early.at = Timestamp(T0.0 - 1);
    let late = desk.group(vec![
        claimed(Some(new), run(2), vec![]),
        Write::IssueRefresh { token: token(2, "f2"), history: record("token") },
    ]);
    let ids = (early.id, late.id);
    desk.store.commit(early).await.unwrap();
    desk.store.commit(late).await.unwrap();
    desk.store.forget(T0).await.unwrap();
    assert_eq!(desk.store.was_committed(ids.0).await.unwrap(), None);
    assert!(desk.store.was_committed(ids.1).await.unwrap().is_some());
    assert_eq!(desk.store.claim("bank", "cli", "trigger", "old").await.unwrap(), None);
    assert!(desk.store.claim("bank", "cli", "trigger", "new").await.unwrap().is_some());
    assert!(desk.store.refresh(SecretHash([1; 32])).await.unwrap().is_none());
    assert!(desk.store.refresh(SecretHash([2; 32])).await.unwrap().is_some());
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn a_commit_goes_on_when_its_caller_gives_up(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let nodes = (0..5_000).map(|number| node(1, number, 2)).collect();
    let mut commit = Box::pin(desk.try_commit(vec![trigger(run(1), nodes)]));
    let polled = commit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    drop(commit);
    let stored = async {
        while desk.store.run_by_key(RunKey(1)).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), stored).await.unwrap();
    assert_eq!(desk.store.nodes(RunKey(1)).await.unwrap().len(), 5_000);
    assert_eq!(desk.commit(vec![trigger(run(2), vec![])]).await, [Outcome::Applied]);
}

pub(crate) async fn what_breaks_the_schema_is_not_done_and_the_store_works_on(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![trigger(run(1), vec![])]).await;
    let cases: Vec<(&str, Write)> = vec![
        ("a run number that exists", trigger(run(1), vec![])),
        ("a node of no run", change(1, state(), vec![node(99, 0, 1)])),
        ("a change of no run", change(99, state(), vec![])),
    ];
    for (name, write) in cases {
        let error = desk.try_commit(vec![trigger(run(50), vec![]), write]).await.unwrap_err();
        assert!(
            matches!(error, CommitError::NotDone(StoreError::Inconsistent(_))),
            "{name}: {error}"
        );
        assert_eq!(desk.store.run_by_key(RunKey(50)).await.unwrap(), None, "{name}");
    }
    let mut unknown = desk.group(vec![trigger(run(50), vec![])]);
    unknown.partition = Partition(5);
    assert!(matches!(
        desk.store.commit(unknown).await,
        Err(CommitError::NotDone(StoreError::Inconsistent(_)))
    ));
    assert_eq!(desk.commit(vec![trigger(run(2), vec![])]).await, [Outcome::Applied]);
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}
