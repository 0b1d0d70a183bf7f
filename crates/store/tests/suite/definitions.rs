use crate::suite::build::{Desk, content, define, scope};
use crate::suite::home::Home;
use dayend_engine::codes::Scope;
use dayend_engine::definition::Kind;
use dayend_store::port::{Outcome, VersionKey};

pub(crate) async fn exactly_one_of_two_definers_of_a_version_wins(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let outcomes =
        desk.commit(vec![define(&[("EOD_FX", 2, 1)]), define(&[("EOD_FX", 3, 1)])]).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::LostRace]);
    assert_eq!(desk.commit(vec![define(&[("EOD_FX", 4, 1)])]).await, [Outcome::LostRace]);
    assert_eq!(desk.commit(vec![define(&[("EOD_FX", 5, 0)])]).await, [Outcome::LostRace]);
    assert_eq!(desk.commit(vec![define(&[("EOD_FX", 6, 2)])]).await, [Outcome::Applied]);
    let newest = desk
        .store
        .definition(&scope(), Kind::Batch, &"EOD_FX".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((newest.key, newest.version), (VersionKey(6), 3));
    assert_eq!((newest.digest, newest.parts), ([3; 32], 2));
    let parts = desk.store.definition_parts(VersionKey(6)).await.unwrap();
    assert_eq!(*parts, *content("EOD_FX", 3).parts);
    assert!(desk.store.definition_parts(VersionKey(3)).await.unwrap().is_empty());
    let pinned = desk.store.definition_version(VersionKey(2)).await.unwrap().unwrap();
    assert_eq!((pinned.version, pinned.by.as_str()), (2, "ann@cli"));
    assert_eq!(desk.store.definition_version(VersionKey(3)).await.unwrap(), None);
    assert_eq!(
        desk.store
            .definition(&scope(), Kind::Connection, &"EOD_FX".parse().unwrap())
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn definitions_are_stored_all_or_none(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let stale = define(&[("NEW_ONE", 2, 0), ("EOD_FX", 3, 0)]);
    let twice = define(&[("NEW_ONE", 4, 0), ("NEW_ONE", 5, 0)]);
    let good = define(&[("NEW_ONE", 6, 0), ("EOD_FX", 7, 1)]);
    assert_eq!(
        desk.commit(vec![stale, twice, good]).await,
        [Outcome::LostRace, Outcome::LostRace, Outcome::Applied]
    );
    let keys: Vec<i64> =
        desk.store.definitions(&scope()).await.unwrap().iter().map(|row| row.key.0).collect();
    assert_eq!(keys, [7, 6]);
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn the_newest_versions_of_a_scope_are_listed(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![define(&[("B_TWO", 2, 0), ("A_ONE", 3, 0)])]).await;
    desk.commit(vec![define(&[("A_ONE", 4, 1)])]).await;
    let listed = desk.store.definitions(&scope()).await.unwrap();
    let listed: Vec<(&str, i64)> =
        listed.iter().map(|row| (row.code.as_str(), row.version)).collect();
    assert_eq!(listed, [("A_ONE", 2), ("B_TWO", 1), ("EOD_FX", 1)]);
    let elsewhere = Scope { tenant: "other".to_owned(), ..scope() };
    assert_eq!(desk.store.definitions(&elsewhere).await.unwrap(), []);
}
