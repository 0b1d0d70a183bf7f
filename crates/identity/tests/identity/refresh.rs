//! Refresh tokens.

use crate::harness::{
    CLIENT, MY_SCOPES, NOW, OFFLINE, PASSWORD, Server, TENANT, USER, basic, refresh_request,
};
use dayend_identity::GrantType;
use dayend_identity::token::{TokenAnswer, TokenError};
use std::sync::Arc;

const DAY_MS: u64 = 86_400_000;

#[tokio::test]
async fn each_refresh_answers_with_the_next_refresh_token() {
    let server = Server::start().await;
    let first = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let second = refresh_token(server.refresh(&first, NOW).await);
    let third = refresh_token(server.refresh(&second, NOW).await);
    assert!(first != second && second != third);
}

#[tokio::test]
async fn a_token_that_comes_back_ends_its_family_and_no_other() {
    let server = Server::start().await;
    let other = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let first = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let second = refresh_token(server.refresh(&first, NOW).await);
    assert_invalid_grant(server.refresh(&first, NOW).await);
    assert_invalid_grant(server.refresh(&second, NOW).await);
    refresh_token(server.refresh(&other, NOW).await);
}

#[tokio::test]
async fn a_token_that_comes_back_is_recognised_after_a_restart() {
    let server = Server::start().await;
    let first = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let second = refresh_token(server.refresh(&first, NOW).await);
    let server = server.restarted().await;
    assert_invalid_grant(server.refresh(&first, NOW).await);
    let server = server.restarted().await;
    assert_invalid_grant(server.refresh(&second, NOW).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_uses_at_once_one_succeeds_and_the_family_ends() {
    let server = Server::start().await;
    let first = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let uses: Vec<_> = (0..100)
        .map(|_| {
            let (identity, asking) =
                (Arc::clone(&server.identity), refresh_request(server.client(), &first, None));
            tokio::spawn(async move { identity.token(asking, NOW).await })
        })
        .collect();
    let mut won = Vec::new();
    for done in uses {
        match done.await.unwrap() {
            Ok(answer) => won.push(answer),
            Err(refused) => assert!(matches!(refused, TokenError::InvalidGrant(_)), "{refused:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_invalid_grant(server.refresh(&won.remove(0).refresh_token.unwrap(), NOW).await);
}

#[tokio::test]
async fn a_token_is_good_only_for_the_client_that_got_it() {
    let server = Server::start().await;
    let (thief, secret) = server.other_app(&[GrantType::RefreshToken]).await;
    let token = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    assert_invalid_grant(
        server.identity.token(refresh_request(basic(&thief, &secret), &token, None), NOW).await,
    );
    refresh_token(server.refresh(&token, NOW).await);
}

#[tokio::test]
async fn a_family_ends_a_week_after_the_log_in_however_often_it_is_refreshed() {
    let server = Server::start().await;
    let mut token = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    for day in 1..7 {
        token = refresh_token(server.refresh(&token, NOW.plus_ms(day * DAY_MS)).await);
    }
    assert_invalid_grant(server.refresh(&token, NOW.plus_ms(7 * DAY_MS)).await);
}

#[tokio::test]
async fn a_switched_off_user_or_app_refreshes_nothing() {
    let server = Server::start().await;
    let token = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    server.identity.disable_user("test", TENANT, USER, NOW).await.unwrap();
    assert_invalid_grant(server.refresh(&token, NOW).await);
    server.identity.enable_user("test", TENANT, USER, NOW).await.unwrap();
    let token = refresh_token(server.refresh(&token, NOW).await);
    server.identity.disable_app("test", TENANT, CLIENT, NOW).await.unwrap();
    let refused = server.refresh(&token, NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::InvalidClient), "{refused:?}");
}

#[tokio::test]
async fn a_refresh_that_cannot_be_stored_consumes_nothing() {
    let server = Server::start().await;
    let token = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    server.writer.set_broken(true);
    let refused = server.refresh(&token, NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::Unavailable), "{refused:?}");
    server.writer.set_broken(false);
    refresh_token(server.refresh(&token, NOW).await);
}

#[tokio::test]
async fn a_refresh_for_a_wider_scope_is_refused_and_consumes_nothing() {
    let server = Server::start().await;
    let token =
        refresh_token(server.log_in(PASSWORD, "urn:opc:idm:t.user.me offline_access", NOW).await);
    let wider = refresh_request(server.client(), &token, Some(MY_SCOPES));
    let refused = server.identity.token(wider, NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::InvalidScope(_)), "{refused:?}");
    let same = refresh_request(server.client(), &token, Some("urn:opc:idm:t.user.me"));
    let token = refresh_token(server.identity.token(same, NOW).await);
    refresh_token(server.refresh(&token, NOW).await);
}

#[tokio::test]
async fn the_lifetime_asked_for_at_the_log_in_holds_for_refreshed_tokens() {
    let server = Server::start().await;
    let token = refresh_token(
        server.log_in(PASSWORD, &format!("{OFFLINE} urn:opc:resource:expiry=7200"), NOW).await,
    );
    assert_eq!(server.refresh(&token, NOW).await.unwrap().expires_in, 7200);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_an_invalid_grant() {
    let server = Server::start().await;
    let token = refresh_token(server.log_in(PASSWORD, OFFLINE, NOW).await);
    let altered = token.replacen(&token[60..61], if &token[60..61] == "A" { "B" } else { "A" }, 1);
    for bad in ["", "x", "' OR 1=1", token.trim_end_matches('='), &altered, &"A".repeat(100_000)] {
        assert_invalid_grant(server.refresh(bad, NOW).await);
    }
    refresh_token(server.refresh(&token, NOW).await);
}

fn refresh_token(answer: Result<TokenAnswer, TokenError>) -> String {
    answer.unwrap().refresh_token.unwrap()
}

fn assert_invalid_grant(answer: Result<TokenAnswer, TokenError>) {
    let refused = answer.unwrap_err();
    assert!(matches!(refused, TokenError::InvalidGrant(_)), "{refused:?}");
}
