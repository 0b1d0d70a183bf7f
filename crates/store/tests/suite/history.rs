use crate::suite::build::{Desk, PARTITION, change, record, run, state, trigger};
use crate::suite::home::Home;
use dayend_engine::codes::RunKey;
use dayend_store::port::{HistoryRow, Partition, Write};
use std::collections::BTreeSet;

pub(crate) async fn records_are_numbered_in_the_order_of_the_writes(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let audit = |event: &str| Write::Audit { history: record(event) };
    desk.commit(vec![audit("a"), trigger(run(1), vec![]), audit("b")]).await;
    desk.commit(vec![audit("c")]).await;
    let rows = desk.store.history(PARTITION, None, 0, 100).await.unwrap();
    assert_eq!(events(&rows), ["apply", "a", "trigger", "b", "c"]);
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(rows.get(1).unwrap().record, record("a"));
    let page = desk.store.history(PARTITION, None, 2, 2).await.unwrap();
    assert_eq!(events(&page), ["trigger", "b"]);
    assert_eq!(desk.store.history(Partition(1), None, 0, 100).await.unwrap(), []);
}

pub(crate) async fn a_run_has_its_own_history(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![trigger(run(1), vec![]), trigger(run(2), vec![])]).await;
    desk.commit(vec![change(1, state(), vec![])]).await;
    let rows = desk.store.history(PARTITION, Some(RunKey(1)), 0, 100).await.unwrap();
    assert_eq!(events(&rows), ["trigger", "step"]);
    assert_eq!(
        events(
            &desk
                .store
                .history(PARTITION, Some(RunKey(1)), rows.first().unwrap().seq, 1)
                .await
                .unwrap()
        ),
        ["step"]
    );
}

pub(crate) async fn each_hash_depends_on_the_records_before(home: &dyn Home) {
    let desk = Desk::new(home).await;
    for _ in 0..3 {
        desk.commit(vec![Write::Audit { history: record("same") }]).await;
    }
    let rows = desk.store.history(PARTITION, None, 0, 100).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.hash).collect::<BTreeSet<_>>().len(), 4);
}

fn events(rows: &[HistoryRow]) -> Vec<&str> {
    rows.iter().map(|row| row.record.event.as_str()).collect()
}
