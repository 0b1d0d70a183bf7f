use crate::suite::build::{Desk, T0, record};
use crate::suite::home::Home;
use crate::suite::identity::{app, issue, token, user};
use dayend_engine::time::Timestamp;
use dayend_store::port::{
    DocumentChange, DocumentContent, DocumentFate, DocumentKey, DocumentRow, Guard, Outcome,
    SecretHash, Write,
};

fn key(id: &str) -> DocumentKey {
    DocumentKey { kind: "note".to_owned(), tenant: "bank".to_owned(), id: id.to_owned() }
}

fn content(body: &str, parent: Option<&str>, expires_at: Option<Timestamp>) -> DocumentContent {
    DocumentContent { parent: parent.map(str::to_owned), body: body.to_owned(), expires_at }
}

fn change(id: &str, guard: Guard, body: Option<&str>) -> DocumentChange {
    let to = match body {
        Some(body) => DocumentFate::Put(content(body, None, None)),
        None => DocumentFate::Delete,
    };
    DocumentChange { key: key(id), guard, to }
}

fn changes(documents: Vec<DocumentChange>) -> Write {
    Write::Change { documents, with: Box::new(Write::Audit { history: record("note") }) }
}

pub(crate) fn put(id: &str, parent: Option<&str>, expires_at: Option<Timestamp>) -> Write {
    let to = DocumentFate::Put(content("{}", parent, expires_at));
    changes(vec![DocumentChange { key: key(id), guard: Guard::Any, to }])
}

async fn body(desk: &Desk, id: &str) -> Option<(String, i64)> {
    let found = desk.store.document(&key(id)).await.unwrap();
    found.map(|row| (row.content.body, row.revision))
}

pub(crate) async fn a_document_comes_back_as_it_was_written_and_counts_its_changes(
    home: &dyn Home,
) {
    let desk = Desk::new(home).await;
    let content = content("{\"a\":\"\u{1f4a5}\"}", Some("p"), Some(T0));
    let to = DocumentFate::Put(content.clone());
    desk.commit(vec![changes(vec![DocumentChange { key: key("k"), guard: Guard::Absent, to }])])
        .await;
    let row = DocumentRow { key: key("k"), content, revision: 1 };
    assert!(desk.store.document(&key("k")).await.unwrap() == Some(row));
    let elsewhere = DocumentKey { tenant: "other".to_owned(), ..key("k") };
    assert!(desk.store.document(&elsewhere).await.unwrap().is_none());
    desk.commit(vec![changes(vec![change("k", Guard::Any, Some("2"))])]).await;
    assert_eq!(body(&desk, "k").await, Some(("2".to_owned(), 2)));
    desk.commit(vec![changes(vec![change("k", Guard::Any, None)])]).await;
    assert_eq!(body(&desk, "k").await, None);
}

pub(crate) async fn exactly_one_of_two_writers_with_the_same_guard_wins(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let new = |body| changes(vec![change("k", Guard::Absent, Some(body))]);
    assert_eq!(desk.commit(vec![new("a"), new("b")]).await, [Outcome::Applied, Outcome::LostRace]);
    let next = |body| changes(vec![change("k", Guard::Revision(1), Some(body))]);
    let (one, other) = tokio::join!(
        desk.try_commit(vec![next("c")]),
        desk.try_commit(vec![changes(vec![change("k", Guard::Revision(1), None)])])
    );
    let outcomes = [one.unwrap(), other.unwrap()].concat();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count(), 1);
}

pub(crate) async fn a_change_is_applied_whole_or_not_at_all(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![changes(vec![change("a", Guard::Absent, Some("1"))]), issue(token(1, "f"))])
        .await;
    let broken_guard = Write::Change {
        documents: vec![
            change("b", Guard::Absent, Some("1")),
            change("a", Guard::Revision(7), Some("2")),
        ],
        with: Box::new(issue(token(2, "g"))),
    };
    let broken_companion = Write::Change {
        documents: vec![change("b", Guard::Absent, Some("1"))],
        with: Box::new(issue(token(1, "f"))),
    };
    let whole = Write::Change {
        documents: vec![
            change("a", Guard::Revision(1), None),
            change("c", Guard::Absent, Some("1")),
        ],
        with: Box::new(issue(token(3, "h"))),
    };
    let outcomes = desk.commit(vec![broken_guard, broken_companion, whole]).await;
    assert_eq!(outcomes, [Outcome::LostRace, Outcome::LostRace, Outcome::Applied]);
    assert_eq!(body(&desk, "a").await, None);
    assert_eq!(body(&desk, "b").await, None);
    assert_eq!(body(&desk, "c").await, Some(("1".to_owned(), 1)));
    assert!(desk.store.refresh(SecretHash([2; 32])).await.unwrap().is_none());
    assert!(desk.store.refresh(SecretHash([3; 32])).await.unwrap().is_some());
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn a_document_that_only_stays_guards_what_is_changed_with_it(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![put("a", None, None)]).await;
    let beside_a = |revision, id| {
        let stay = DocumentChange {
            key: key("a"),
            guard: Guard::Revision(revision),
            to: DocumentFate::Stay,
        };
        changes(vec![stay, change(id, Guard::Absent, Some("1"))])
    };
    let outcomes = desk.commit(vec![beside_a(1, "b"), beside_a(2, "c"), beside_a(1, "d")]).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::LostRace, Outcome::Applied]);
    assert_eq!(body(&desk, "a").await, Some(("{}".to_owned(), 1)));
    assert_eq!(body(&desk, "c").await, None);
}

async fn listed(desk: &Desk, parent: Option<&str>, after: &str, limit: u32) -> Vec<String> {
    let rows = desk.store.documents("note", "bank", parent, after, limit).await.unwrap();
    rows.into_iter().map(|row| row.key.id).collect()
}

pub(crate) async fn documents_are_listed_by_id_in_pages_and_by_parent(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![
        put("b", Some("p"), None),
        put("a", Some("q"), None),
        put("c", Some("p"), None),
    ])
    .await;
    assert_eq!(listed(&desk, None, "", 2).await, ["a", "b"]);
    assert_eq!(listed(&desk, None, "b", 2).await, ["c"]);
    assert_eq!(listed(&desk, Some("p"), "", 9).await, ["b", "c"]);
    assert_eq!(listed(&desk, Some("none"), "", 9).await, Vec::<String>::new());
    let all = |after: (&'static str, &'static str), limit| {
        let store = &desk.store;
        async move {
            let rows = store.documents_of_all("note", after, limit).await.unwrap();
            rows.into_iter().map(|row| row.key.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(all(("", ""), 2).await, ["a", "b"]);
    assert_eq!(all(("bank", "a"), 9).await, ["b", "c"]);
    assert_eq!(all(("a tenant before", "z"), 9).await, ["a", "b", "c"]);
    assert_eq!(all(("bankz", ""), 9).await, Vec::<String>::new());
}

pub(crate) async fn expired_documents_are_forgotten(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let later = Timestamp(T0.0 + 1);
    desk.commit(vec![
        put("old", None, Some(T0)),
        put("new", None, Some(later)),
        put("ever", None, None),
    ])
    .await;
    desk.store.forget(later).await.unwrap();
    assert_eq!(body(&desk, "old").await, None);
    assert!(body(&desk, "new").await.is_some());
    assert!(body(&desk, "ever").await.is_some());
}

pub(crate) async fn users_and_apps_are_listed_and_can_be_deleted(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let put_user = |id, name| Write::PutUser { user: user(id, name), history: record("user") };
    let put_app = |id| Write::PutApp { app: app(id), history: record("app") };
    desk.commit(vec![put_user("u1", "bea"), put_user("u2", "ann"), put_app("b"), put_app("a")])
        .await;
    let names = desk.store.users("bank", "", 9).await.unwrap();
    assert!(names.iter().map(|user| user.name.as_str()).eq(["ann", "bea"]));
    assert_eq!(desk.store.users("bank", "ann", 1).await.unwrap().len(), 1);
    let apps = desk.store.apps("bank", "", 9).await.unwrap();
    assert!(apps.iter().map(|app| app.client_id.as_str()).eq(["a", "b"]));
    let (tenant, history) = ("bank".to_owned(), record("delete"));
    let gone =
        Write::DeleteUser { tenant: tenant.clone(), id: "u2".to_owned(), history: history.clone() };
    let foreign = Write::DeleteApp {
        tenant: "other".to_owned(),
        client_id: "a".to_owned(),
        history: history.clone(),
    };
    let app = Write::DeleteApp { tenant, client_id: "a".to_owned(), history };
    assert_eq!(
        desk.commit(vec![gone, foreign, app]).await,
        [Outcome::Applied, Outcome::LostRace, Outcome::Applied]
    );
    assert_eq!(desk.store.users("bank", "", 9).await.unwrap().len(), 1);
    assert_eq!(desk.store.apps("bank", "", 9).await.unwrap().len(), 1);
}
