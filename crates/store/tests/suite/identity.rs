use crate::suite::build::{Desk, T0, record, scope};
use crate::suite::home::Home;
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, GrantRow, Outcome, RefreshRow, SecretHash, UserRow, Write};

pub(crate) fn token(number: u8, family: &str) -> RefreshRow {
    RefreshRow {
        hash: SecretHash([number; 32]),
        family: family.to_owned(),
        client_id: "cli".to_owned(),
        tenant: "bank".to_owned(),
        user_id: "u1".to_owned(),
        scope: "urn:dayend".to_owned(),
        issued_at: T0,
        expires_at: Timestamp(T0.0 + 1_000_000),
        spent: false,
        revoked: false,
    }
}

pub(crate) fn user(id: &str, name: &str) -> UserRow {
    UserRow {
        id: id.to_owned(),
        tenant: "bank".to_owned(),
        name: name.to_owned(),
        display_name: "Ann Operator".to_owned(),
        password: "$argon2id$x".to_owned(),
        active: true,
        created_at: T0,
    }
}

pub(crate) fn app(client_id: &str) -> AppRow {
    AppRow {
        client_id: client_id.to_owned(),
        tenant: "bank".to_owned(),
        name: "Night".to_owned(),
        secret: Some(SecretHash([9; 32])),
        grants: "password refresh_token".to_owned(),
        strict: false,
        active: true,
        created_at: T0,
    }
}

pub(crate) fn grant(function: &str, granted: bool) -> GrantRow {
    GrantRow {
        tenant: "bank".to_owned(),
        grantee: "user:u1".to_owned(),
        service: "night".to_owned(),
        workspace: "*".to_owned(),
        function: function.to_owned(),
        granted,
    }
}

pub(crate) fn issue(token: RefreshRow) -> Write {
    Write::IssueRefresh { token, history: record("token") }
}

pub(crate) fn spend(number: u8, successor: RefreshRow) -> Write {
    Write::SpendRefresh { hash: SecretHash([number; 32]), successor, history: record("token") }
}

pub(crate) async fn exactly_one_of_two_spenders_of_a_refresh_token_wins(home: &dyn Home) {
    let desk = Desk::new(home).await;
    desk.commit(vec![issue(token(1, "f")), issue(token(10, "g"))]).await;
    // In one group.
    let both = vec![spend(1, token(2, "f")), spend(1, token(3, "f"))];
    assert_eq!(desk.commit(both).await, [Outcome::Applied, Outcome::LostRace]);
    // In groups that race.
    let (one, other) = tokio::join!(
        desk.try_commit(vec![spend(10, token(11, "g"))]),
        desk.try_commit(vec![spend(10, token(12, "g"))])
    );
    let outcomes = [one.unwrap(), other.unwrap()].concat();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count(), 1);
    assert!(desk.store.refresh(SecretHash([1; 32])).await.unwrap().unwrap().spent);
    assert!(desk.store.refresh(SecretHash([2; 32])).await.unwrap().unwrap() == token(2, "f"));
    assert!(desk.store.refresh(SecretHash([3; 32])).await.unwrap().is_none());
    // A token that never was, and a successor that exists.
    let refused = vec![spend(99, token(98, "f")), spend(2, token(1, "f"))];
    assert_eq!(desk.commit(refused).await, [Outcome::LostRace, Outcome::LostRace]);
    assert!(!desk.store.refresh(SecretHash([2; 32])).await.unwrap().unwrap().spent);
    assert!(desk.store.refresh(SecretHash([98; 32])).await.unwrap().is_none());
    assert_eq!(desk.store.verify().await.unwrap().defects, Vec::<String>::new());
}

pub(crate) async fn a_revoked_token_cannot_be_spent(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let revoke = Write::RevokeFamily { family: "f".to_owned(), history: record("revoke") };
    desk.commit(vec![issue(token(1, "f")), issue(token(2, "other"))]).await;
    let outcomes = desk
        .commit(vec![
            spend(1, token(3, "f")),
            revoke,
            spend(3, token(4, "f")),
            spend(2, token(5, "other")),
        ])
        .await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied, Outcome::LostRace, Outcome::Applied]);
    assert!(desk.store.refresh(SecretHash([3; 32])).await.unwrap().unwrap().revoked);
    assert!(!desk.store.refresh(SecretHash([5; 32])).await.unwrap().unwrap().revoked);
}

pub(crate) async fn a_refresh_token_is_issued_once(home: &dyn Home) {
    let desk = Desk::new(home).await;
    assert_eq!(desk.commit(vec![issue(token(1, "f"))]).await, [Outcome::Applied]);
    assert_eq!(desk.commit(vec![issue(token(1, "g"))]).await, [Outcome::LostRace]);
    assert!(desk.store.refresh(SecretHash([1; 32])).await.unwrap().unwrap() == token(1, "f"));
}

pub(crate) async fn users_and_apps_are_replaced_by_the_last_writer(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let put_user = |user| Write::PutUser { user, history: record("user") };
    let put_app = |app| Write::PutApp { app, history: record("app") };
    let renamed = UserRow { name: "anna".to_owned(), active: false, ..user("u1", "ann") };
    let public = AppRow { secret: None, strict: true, ..app("cli") };
    let outcomes = desk
        .commit(vec![put_user(user("u1", "ann")), put_app(app("cli")), put_app(app("bot"))])
        .await;
    assert_eq!(outcomes, [Outcome::Applied; 3]);
    desk.commit(vec![put_user(renamed.clone()), put_app(public.clone())]).await;
    assert!(desk.store.user_by_id("bank", "u1").await.unwrap() == Some(renamed.clone()));
    assert!(desk.store.user_by_name("bank", "anna").await.unwrap() == Some(renamed));
    assert!(desk.store.user_by_name("bank", "ann").await.unwrap().is_none());
    assert!(desk.store.user_by_id("other", "u1").await.unwrap().is_none());
    assert!(desk.store.app("cli").await.unwrap() == Some(public));
    assert!(desk.store.app("bot").await.unwrap() == Some(app("bot")));
    assert!(desk.store.app("none").await.unwrap().is_none());
}

pub(crate) async fn a_user_name_has_one_user(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let put = |user| Write::PutUser { user, history: record("user") };
    let abroad = UserRow { tenant: "other".to_owned(), ..user("u3", "ann") };
    let outcomes =
        desk.commit(vec![put(user("u1", "ann")), put(user("u2", "ann")), put(abroad)]).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::LostRace, Outcome::Applied]);
    assert!(desk.store.user_by_id("bank", "u2").await.unwrap().is_none());
}

pub(crate) async fn a_grant_that_was_taken_away_is_gone(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let put = |grant| Write::PutGrant { grant, history: record("grant") };
    desk.commit(vec![
        put(grant("BATCH_VIEW", true)),
        put(grant("BATCH_EXEC", true)),
        put(grant("BATCH_EXEC", true)),
    ])
    .await;
    let held = desk.store.grants("bank", "user:u1").await.unwrap();
    assert_eq!(held, [grant("BATCH_EXEC", true), grant("BATCH_VIEW", true)]);
    let outcomes =
        desk.commit(vec![put(grant("BATCH_EXEC", false)), put(grant("ADMIN", false))]).await;
    assert_eq!(outcomes, [Outcome::Applied; 2]);
    assert_eq!(desk.store.grants("bank", "user:u1").await.unwrap(), [grant("BATCH_VIEW", true)]);
    assert_eq!(desk.store.grants("bank", "user:u2").await.unwrap(), []);
    assert_eq!(desk.store.grants("other", "user:u1").await.unwrap(), []);
}

pub(crate) async fn a_scope_can_be_made_twice(home: &dyn Home) {
    let desk = Desk::new(home).await;
    let second = Scope { workspace: "WS002".to_owned(), ..scope() };
    assert!(desk.store.scope_exists(&scope()).await.unwrap());
    assert!(!desk.store.scope_exists(&second).await.unwrap());
    desk.store.put_scope(&second).await.unwrap();
    desk.store.put_scope(&second).await.unwrap();
    assert_eq!(desk.store.scopes("bank").await.unwrap(), [scope(), second]);
    assert_eq!(desk.store.scopes("other").await.unwrap(), []);
}
