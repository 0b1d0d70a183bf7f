//! Tokens that are taken back, and what is told about tokens.

use crate::harness::{
    CLIENT, NOW, OFFLINE, PASSWORD, Server, TENANT, USER, basic, refresh_request, request,
};
use dayend_identity::model::{AppSettings, UserProfile};
use dayend_identity::token::{AboutToken, ClientCredentials, TokenError};
use dayend_identity::{GrantType, Introspection};

fn about(client: Option<ClientCredentials>, token: &str) -> AboutToken {
    AboutToken { client, token: Some(token.into()) }
}

async fn lets_in(server: &Server, token: &str) -> bool {
    server.identity.authenticate(token, NOW).await.is_ok()
}

async fn told(server: &Server, client: Option<ClientCredentials>, token: &str) -> Introspection {
    server.identity.introspect(about(client, token), NOW).await.unwrap()
}

#[tokio::test]
async fn a_revoked_access_token_lets_nobody_in_also_after_a_restart_and_its_neighbours_do() {
    let server = Server::start().await;
    let [one, other] = [(); 2].map(|()| server.log_in(PASSWORD, OFFLINE, NOW));
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert!(lets_in(&server, &one.access_token).await);
    server.identity.revoke_token(about(server.client(), &one.access_token), NOW).await.unwrap();
    assert!(!lets_in(&server, &one.access_token).await, "at once");
    assert!(!told(&server, server.client(), &one.access_token).await.active);
    let server = server.restarted().await;
    assert!(!lets_in(&server, &one.access_token).await, "after a restart");
    assert!(lets_in(&server, &other.access_token).await);
    server.refresh(&one.refresh_token.unwrap(), NOW).await.unwrap();
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_all_access_tokens_of_its_log_in_with_it() {
    let server = Server::start().await;
    let other = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let first = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let second = server.refresh(&first.refresh_token.unwrap(), NOW).await.unwrap();
    let refresh_token = second.refresh_token.unwrap();
    assert!(lets_in(&server, &first.access_token).await);
    server.identity.revoke_token(about(server.client(), &refresh_token), NOW).await.unwrap();
    for token in [&first.access_token, &second.access_token] {
        assert!(!lets_in(&server, token).await);
    }
    assert!(server.refresh(&refresh_token, NOW).await.is_err());
    assert!(lets_in(&server, &other.access_token).await);
}

#[tokio::test]
async fn a_reused_refresh_token_takes_the_access_tokens_of_its_log_in_with_it() {
    let server = Server::start().await;
    let first = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let spent = first.refresh_token.unwrap();
    let second = server.refresh(&spent, NOW).await.unwrap();
    assert!(lets_in(&server, &second.access_token).await);
    server.refresh(&spent, NOW).await.unwrap_err();
    assert!(!lets_in(&server, &second.access_token).await);
    assert!(!lets_in(&server, &first.access_token).await);
}

#[tokio::test]
async fn a_token_of_another_client_stays_valid_and_nobody_is_told() {
    let server = Server::start().await;
    let (thief, secret) = server.other_app(&[GrantType::ClientCredentials]).await;
    let issued = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let refresh_token = issued.refresh_token.unwrap();
    for token in [issued.access_token.as_str(), &refresh_token, "x", "AgAg"] {
        server.identity.revoke_token(about(basic(&thief, &secret), token), NOW).await.unwrap();
        assert!(!told(&server, basic(&thief, &secret), token).await.active);
    }
    assert!(lets_in(&server, &issued.access_token).await);
    server.refresh(&refresh_token, NOW).await.unwrap();
}

#[tokio::test]
async fn an_app_learns_about_its_own_tokens_and_with_the_operation_about_all_of_its_tenant() {
    let server = Server::start().await;
    let (asker, secret) = server.other_app(&[]).await;
    let issued = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let own = told(&server, server.client(), &issued.access_token).await;
    let facts = own.facts.unwrap();
    assert_eq!(
        (own.active, facts.username.as_deref(), facts.client_id.as_str(), facts.token_type),
        (true, Some(USER), CLIENT, "Bearer")
    );
    assert_eq!(facts.exp - facts.iat, 3600);
    assert!(!told(&server, basic(&asker, &secret), &issued.access_token).await.active);
    let settings =
        AppSettings { allowed_operations: vec!["introspect".to_owned()], ..Default::default() };
    server.identity.put_app_settings("test", (TENANT, &asker), &settings, NOW).await.unwrap();
    for token in [&issued.access_token, issued.refresh_token.as_ref().unwrap()] {
        assert!(told(&server, basic(&asker, &secret), token).await.active);
    }
    let json = serde_json::to_string(&told(&server, server.client(), "nonsense").await).unwrap();
    assert_eq!(json, r#"{"active":false}"#);
}

#[tokio::test]
async fn who_only_names_itself_learns_nothing() {
    let server = Server::start().await;
    let issued = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let named = ClientCredentials { client_id: CLIENT.to_owned(), ..Default::default() };
    for client in [None, Some(named), basic(CLIENT, "wrong")] {
        let refused = server.identity.introspect(about(client, &issued.access_token), NOW).await;
        assert!(matches!(refused, Err(TokenError::InvalidClient)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_log_out_everywhere_ends_what_began_before_it() {
    let server = Server::start().await;
    let before = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let user_id = server.identity.authenticate(&before.access_token, NOW).await.unwrap();
    let user_id = user_id.user.unwrap().id;
    let later = NOW.plus_ms(5_000);
    let profile = UserProfile { valid_from: later.0, ..UserProfile::default() };
    server.identity.put_user_profile("test", (TENANT, &user_id), &profile, later).await.unwrap();
    assert!(server.identity.authenticate(&before.access_token, later).await.is_err());
    let refresh_token = before.refresh_token.unwrap();
    server.refresh(&refresh_token, later).await.unwrap_err();
    let after = server.log_in(PASSWORD, OFFLINE, later).await.unwrap();
    assert!(server.identity.authenticate(&after.access_token, later).await.is_ok());
    server.refresh(&after.refresh_token.unwrap(), later).await.unwrap();
}

#[tokio::test]
async fn a_revocation_that_cannot_be_stored_is_not_confirmed() {
    let server = Server::start().await;
    let issued = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    server.writer.set_broken(true);
    for token in [&issued.access_token, issued.refresh_token.as_ref().unwrap()] {
        let refused = server.identity.revoke_token(about(server.client(), token), NOW).await;
        assert!(matches!(refused, Err(TokenError::Unavailable)), "{refused:?}");
    }
    server.writer.set_broken(false);
    assert!(lets_in(&server, &issued.access_token).await);
    let again = refresh_request(server.client(), &issued.refresh_token.unwrap(), None);
    server.identity.token(again, NOW).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_questions_is_slowed_down() {
    let server = Server::start().await;
    let own = server.identity.token(request(server.client(), "client_credentials"), NOW).await;
    let token = own.unwrap().access_token;
    let mut refused = 0;
    for _ in 0..1_010 {
        let answer = server.identity.introspect(about(server.client(), &token), NOW).await;
        refused += u32::from(matches!(answer, Err(TokenError::TooMany { .. })));
    }
    assert_eq!(refused, 10);
}
