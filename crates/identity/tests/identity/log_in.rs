//! Passwords: right, wrong and guessed.

use crate::harness::{MY_SCOPES, NOW, PASSWORD, Server, TENANT, USER};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use dayend_identity::admin::NewUser;
use dayend_identity::token::{TokenError, TokenRequest};
use dayend_store::port::{HistoryRecord, Store, UserRow, Write, Writer};
use std::sync::Arc;

#[tokio::test]
async fn unknown_switched_off_and_wrong_get_the_same_answer() {
    let server = Server::start().await;
    let off = NewUser {
        tenant: TENANT.into(),
        name: "retired".into(),
        display_name: "R".into(),
        password: Some(PASSWORD.into()),
    };
    server.identity.create_user("test", off, NOW).await.unwrap();
    server.identity.disable_user("test", TENANT, "retired", NOW).await.unwrap();
    let foreign = NewUser {
        tenant: "other".into(),
        name: "foreigner".into(),
        display_name: "F".into(),
        password: Some(PASSWORD.into()),
    };
    server.identity.create_user("test", foreign, NOW).await.unwrap();
    let huge = "x".repeat(100_000);
    #[rustfmt::skip]
    let cases = [
        ("a wrong password",        USER,        "the night is long"),
        ("an empty password",       USER,        ""),
        ("a longer password",       USER,        "the night is short "),
        ("an unknown user",         "nobody",    PASSWORD),
        ("an empty user",           "",          PASSWORD),
        ("a switched-off user",     "retired",   PASSWORD),
        ("another tenant's user",   "foreigner", PASSWORD),
        ("a huge password",         USER,        huge.as_str()),
        ("a huge user",             huge.as_str(), PASSWORD),
    ];
    for (name, user, password) in cases {
        let refused = server
            .identity
            .token(server.log_in_request(user, password, MY_SCOPES), NOW)
            .await
            .unwrap_err();
        assert!(
            matches!(refused, TokenError::InvalidGrant("the user name or the password is wrong")),
            "{name}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn the_sixth_guess_waits_and_the_right_password_works_after_the_wait() {
    let server = Server::start().await;
    for _ in 0..5 {
        let refused = server.log_in("wrong", MY_SCOPES, NOW).await.unwrap_err();
        assert!(matches!(refused, TokenError::InvalidGrant(_)), "{refused:?}");
    }
    let refused = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::TooMany { retry_after_s: 1 }), "{refused:?}");
    let later = NOW.plus_ms(1000);
    server.log_in("wrong", MY_SCOPES, later).await.unwrap_err();
    let refused = server.log_in(PASSWORD, MY_SCOPES, later).await.unwrap_err();
    assert!(matches!(refused, TokenError::TooMany { retry_after_s: 2 }), "{refused:?}");
    server.log_in(PASSWORD, MY_SCOPES, later.plus_ms(2000)).await.unwrap();
    server.log_in("wrong", MY_SCOPES, later.plus_ms(2000)).await.unwrap_err();
    server.log_in(PASSWORD, MY_SCOPES, later.plus_ms(2000)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_guesses_at_once_five_are_checked() {
    let server = Server::start().await;
    let guesses: Vec<_> = (0..1000)
        .map(|_| {
            let (identity, asking) =
                (Arc::clone(&server.identity), server.log_in_request(USER, "wrong", MY_SCOPES));
            tokio::spawn(async move { identity.token(asking, NOW).await })
        })
        .collect();
    let (mut checked, mut waiting) = (0, 0);
    for guess in guesses {
        match guess.await.unwrap() {
            Err(TokenError::InvalidGrant(_)) => checked += 1,
            Err(TokenError::TooMany { .. }) => waiting += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((checked, waiting), (5, 995));
}

#[tokio::test]
async fn guessing_at_one_user_does_not_slow_down_another() {
    let server = Server::start().await;
    let colleague = NewUser {
        tenant: TENANT.into(),
        name: "colleague".into(),
        display_name: "C".into(),
        password: None,
    };
    let created = server.identity.create_user("test", colleague, NOW).await.unwrap();
    for _ in 0..8 {
        server.log_in("wrong", MY_SCOPES, NOW).await.unwrap_err();
    }
    let password = secrecy::ExposeSecret::expose_secret(&created.password).to_owned();
    server
        .identity
        .token(server.log_in_request("colleague", &password, MY_SCOPES), NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_set_password_replaces_the_old_one_and_ends_the_waiting() {
    let server = Server::start().await;
    for _ in 0..8 {
        server.log_in("wrong", MY_SCOPES, NOW).await.unwrap_err();
    }
    let fresh = server
        .identity
        .set_password("test", (TENANT, USER), Some("a whole new night".into()), NOW)
        .await;
    fresh.unwrap();
    server.log_in("a whole new night", MY_SCOPES, NOW).await.unwrap();
    server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap_err();
}

#[tokio::test]
async fn guesses_from_one_address_do_not_hold_up_another_and_an_administrator_ends_the_waiting() {
    let server = Server::start().await;
    let from = |address: &str, password: &str| TokenRequest {
        from: address.parse().ok(),
        ..server.log_in_request(USER, password, MY_SCOPES)
    };
    let guesser = "198.51.100.1";
    for _ in 0..5 {
        server.identity.token(from(guesser, "wrong"), NOW).await.unwrap_err();
    }
    let refused = server.identity.token(from(guesser, PASSWORD), NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::TooMany { .. }), "{refused:?}");
    server.identity.token(from("192.0.2.1", PASSWORD), NOW).await.unwrap();
    server.identity.unlock_user("test", TENANT, USER, NOW).await.unwrap();
    server.identity.token(from(guesser, PASSWORD), NOW).await.unwrap();
    let history = server.history().await;
    assert!(history.iter().any(|row| row.record.detail.contains(r#""action":"unlock""#)));
}

#[tokio::test]
async fn a_hash_with_other_parameters_is_made_anew_at_the_log_in_and_nobody_is_logged_out() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let user = server.store.user_by_name(TENANT, USER).await.unwrap().unwrap();
    let weak = Params::new(1024, 1, 1, None).unwrap();
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, weak);
    let password = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let history = HistoryRecord {
        run: None,
        at: NOW,
        actor: "test".into(),
        event: "user".into(),
        detail: "{}".into(),
    };
    let older = UserRow { password: password.clone(), ..user.clone() };
    server.writer.write(Write::PutUser { user: older, history }).await.unwrap();
    let stored = async || server.store.user_by_name(TENANT, USER).await.unwrap().unwrap().password;

    server.log_in("wrong", MY_SCOPES, NOW).await.unwrap_err();
    assert_eq!(stored().await, password, "a wrong password changes nothing");
    server.writer.set_broken(true);
    server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap_err();
    assert_eq!(stored().await, password);
    server.writer.set_broken(false);
    server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap();
    let renewed = stored().await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap();
    assert_eq!(stored().await, renewed, "once is enough");
    server.identity.authenticate(&token, NOW).await.unwrap();
    let told = server.history().await;
    let renewals = told.iter().filter(|row| row.record.detail.contains("renew-hash"));
    assert_eq!(renewals.count(), 1);
}
