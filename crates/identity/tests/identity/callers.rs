//! Who is behind a token, and what changes of users, apps and grants do to live tokens.

use crate::harness::{CLIENT, MY_SCOPES, NOW, PASSWORD, Server, TENANT, USER, basic, request};
use dayend_engine::codes::Scope;
use dayend_engine::time::Timestamp;
use dayend_identity::admin::{AdminError, GrantChange, Grantee, NewUser};
use dayend_identity::caller::{Caller, Function};
use dayend_identity::{AuthenticateError, GrantType};
use dayend_store::port::{HistoryRecord, Store as _, UserRow, Write, Writer as _};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn a_users_token_tells_user_client_and_tenant() {
    let server = Server::start().await;
    let caller = caller(&server).await;
    assert_eq!(
        (caller.tenant.as_str(), caller.client_id.as_str(), caller.strict),
        (TENANT, CLIENT, false)
    );
    assert_eq!(caller.actor(), "cneadmin@bank01_APPID");
    assert_eq!(caller.user.as_ref().unwrap().id.len(), 32);
}

#[tokio::test]
async fn an_apps_token_tells_the_client_alone() {
    let server = Server::start().await;
    let (strict_app, secret) = server.other_app(&[GrantType::ClientCredentials]).await;
    let answer = server
        .identity
        .token(request(basic(&strict_app, &secret), "client_credentials"), NOW)
        .await
        .unwrap();
    let caller = server.identity.authenticate(&answer.access_token, NOW).await.unwrap();
    assert_eq!(
        (caller.grantee(), caller.strict, caller.user),
        (format!("app:{strict_app}"), true, None)
    );
}

#[tokio::test]
async fn a_token_ends_when_it_said_it_would() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    for (ms, valid) in [(0, true), (3_599_999, true), (3_600_000, false), (1, true)] {
        assert_eq!(
            server.identity.authenticate(&token, NOW.plus_ms(ms)).await.is_ok(),
            valid,
            "after {ms} ms"
        );
    }
    let before = Timestamp(NOW.0 - 61_000_000);
    assert!(server.identity.authenticate(&token, before).await.is_err(), "before it was issued");
}

#[tokio::test]
async fn a_token_that_is_none_is_invalid() {
    let server = Server::start().await;
    let answer = server.log_in(PASSWORD, "offline_access", NOW).await.unwrap();
    let refresh_token = answer.refresh_token.unwrap();
    for bad in ["", "x", "a.b.c", refresh_token.as_str(), &"A".repeat(1_000_000)] {
        let refused = server.identity.authenticate(bad, NOW).await.unwrap_err();
        assert!(matches!(refused, AuthenticateError::InvalidToken), "{refused:?}");
    }
}

#[tokio::test]
async fn switching_off_a_user_or_an_app_ends_live_tokens_at_once() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let works = async || server.identity.authenticate(&token, NOW).await.is_ok();
    assert!(works().await);
    server.identity.disable_user("test", TENANT, USER, NOW).await.unwrap();
    assert!(!works().await);
    server.identity.enable_user("test", TENANT, USER, NOW).await.unwrap();
    assert!(works().await);
    server.identity.disable_app("test", TENANT, CLIENT, NOW).await.unwrap();
    assert!(!works().await);
    server.identity.enable_app("test", TENANT, CLIENT, NOW).await.unwrap();
    assert!(works().await);
}

#[tokio::test]
async fn a_grant_counts_from_the_moment_it_is_made_until_it_is_revoked() {
    let server = Server::start().await;
    let caller = caller(&server).await;
    let exec = async |tenant: &str, service: &str, workspace: &str| {
        let scope =
            Scope { tenant: tenant.into(), service: service.into(), workspace: workspace.into() };
        server.identity.holds(&caller, &scope, Function::Exec).await.unwrap()
    };
    assert!(!exec(TENANT, "S1", "WS001").await);
    let change = |service: &str, workspace: &str| GrantChange {
        tenant: TENANT.into(),
        grantee: Grantee::User(USER.into()),
        service: service.into(),
        workspace: workspace.into(),
        function: Function::Exec,
    };
    server.identity.grant("test", change("S1", "WS001"), NOW).await.unwrap();
    assert!(exec(TENANT, "S1", "WS001").await);
    assert!(!exec(TENANT, "S1", "WS002").await && !exec(TENANT, "S2", "WS001").await);
    server.identity.grant("test", change("S1", "*"), NOW).await.unwrap();
    assert!(exec(TENANT, "S1", "WS002").await);
    server.identity.revoke("test", change("S1", "*"), NOW).await.unwrap();
    assert!(exec(TENANT, "S1", "WS001").await && !exec(TENANT, "S1", "WS002").await);
    server.identity.revoke("test", change("S1", "WS001"), NOW).await.unwrap();
    assert!(!exec(TENANT, "S1", "WS001").await);
    server.identity.grant("test", change("*", "*"), NOW).await.unwrap();
    assert!(exec(TENANT, "S9", "WS009").await);
    assert!(!exec("other", "S1", "WS001").await, "never in another tenant");
}

#[tokio::test]
async fn an_app_and_a_user_hold_their_own_grants() {
    let server = Server::start().await;
    let change = GrantChange {
        tenant: TENANT.into(),
        grantee: Grantee::App(CLIENT.into()),
        service: "*".into(),
        workspace: "*".into(),
        function: Function::Impersonate,
    };
    server.identity.grant("test", change, NOW).await.unwrap();
    let scope = Scope { tenant: TENANT.into(), service: "S1".into(), workspace: "WS001".into() };
    let user = caller(&server).await;
    assert!(!server.identity.holds(&user, &scope, Function::Impersonate).await.unwrap());
    let app = Caller { user: None, ..user };
    assert!(server.identity.holds(&app, &scope, Function::Impersonate).await.unwrap());
}

#[tokio::test]
async fn a_change_written_past_the_service_counts_after_it_is_told_or_after_five_seconds() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let works = async |now| server.identity.authenticate(&token, now).await.is_ok();
    assert!(works(NOW).await);
    set_active_past_the_service(&server, false).await;
    assert!(!works(NOW.plus_ms(5000)).await);
    set_active_past_the_service(&server, true).await;
    server.identity.forget_cached();
    assert!(works(NOW.plus_ms(5000)).await);
}

#[tokio::test]
async fn what_is_known_of_a_caller_is_never_older_than_what_it_rests_on() {
    let server = Server::start().await;
    let first = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let second = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let works = async |token: &str, now| server.identity.authenticate(token, now).await.is_ok();
    assert!(works(&first, NOW).await);
    set_active_past_the_service(&server, false).await;
    assert!(works(&second, NOW.plus_ms(4_000)).await, "the user was looked up four seconds ago");
    assert!(!works(&second, NOW.plus_ms(5_000)).await);
    assert!(!works(&first, NOW.plus_ms(5_000)).await);
}

#[tokio::test]
async fn somebody_elses_name_stands_for_an_active_user_of_the_same_tenant() {
    let server = Server::start().await;
    let caller = caller(&server).await;
    let named = async |name: &str| {
        let user = server.identity.active_user(&caller, name).await.unwrap();
        user.map(|user| user.name)
    };
    assert_eq!(named("nobody").await, None);
    assert_eq!(named(USER).await.as_deref(), Some(USER));
    server.identity.disable_user("test", TENANT, USER, NOW).await.unwrap();
    assert_eq!(named(USER).await, None);
    server.identity.enable_user("test", TENANT, USER, NOW).await.unwrap();
    assert_eq!(named(USER).await.as_deref(), Some(USER));
    let foreign = Caller { tenant: "other".to_owned(), ..caller.clone() };
    assert_eq!(server.identity.active_user(&foreign, USER).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_goes_on_when_its_caller_has_gone() {
    let server = Server::start().await;
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    let works = async || server.identity.authenticate(&token, NOW).await.is_ok();
    assert!(works().await);
    server.writer.arrived.notified().await;
    let held = server.writer.hold.lock().await;
    let identity = Arc::clone(&server.identity);
    let caller =
        tokio::spawn(async move { identity.disable_user("test", TENANT, USER, NOW).await });
    server.writer.arrived.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(held);
    let effective = async {
        while works().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), effective).await.unwrap();
}

#[tokio::test]
async fn changes_that_make_no_sense_are_refused() {
    let server = Server::start().await;
    let user = |name: &str, password: &str| NewUser {
        tenant: TENANT.into(),
        name: name.into(),
        display_name: "Somebody".into(),
        password: Some(password.into()),
    };
    let create = async |new| server.identity.create_user("test", new, NOW).await.unwrap_err();
    assert!(matches!(create(user(USER, PASSWORD)).await, AdminError::Exists(_)));
    assert!(matches!(create(user("anna", "short")).await, AdminError::WeakPassword(_)));
    for bad in ["", " anna", "an\u{202e}na", "an\nna", &"x".repeat(129)] {
        assert!(matches!(create(user(bad, PASSWORD)).await, AdminError::Invalid(_)), "{bad}");
    }
    let unknown =
        server.identity.set_password("test", (TENANT, "nobody"), None, NOW).await.unwrap_err();
    assert!(matches!(unknown, AdminError::Unknown(_)), "{unknown:?}");
    let foreign = server.identity.disable_app("test", "other", CLIENT, NOW).await.unwrap_err();
    assert!(matches!(foreign, AdminError::Unknown(_)), "{foreign:?}");
    let grant = |grantee, service: &str| GrantChange {
        tenant: TENANT.into(),
        grantee,
        service: service.into(),
        workspace: "WS001".into(),
        function: Function::View,
    };
    let nobody = server
        .identity
        .grant("test", grant(Grantee::User("nobody".into()), "S1"), NOW)
        .await
        .unwrap_err();
    assert!(matches!(nobody, AdminError::Unknown(_)), "{nobody:?}");
    let odd = server
        .identity
        .grant("test", grant(Grantee::User(USER.into()), "*"), NOW)
        .await
        .unwrap_err();
    assert!(matches!(odd, AdminError::Invalid(_)), "{odd:?}");
}

async fn caller(server: &Server) -> Caller {
    let token = server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().access_token;
    server.identity.authenticate(&token, NOW).await.unwrap()
}

async fn set_active_past_the_service(server: &Server, active: bool) {
    let user = server.store.user_by_name(TENANT, USER).await.unwrap().unwrap();
    let history = HistoryRecord {
        run: None,
        at: NOW,
        actor: "test".into(),
        event: "user".into(),
        detail: "{}".into(),
    };
    server
        .writer
        .write(Write::PutUser { user: UserRow { active, ..user }, history })
        .await
        .unwrap();
}
