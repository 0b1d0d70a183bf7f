//! Who may ask, and for what.

use crate::harness::{CLIENT, MY_SCOPES, NOW, PASSWORD, Server, TENANT, USER, basic, request};
use dayend_identity::GrantType;
use dayend_identity::admin::{AdminError, NewApp};
use dayend_identity::credentials::{InForm, collect};
use dayend_identity::token::{ClientCredentials, TokenError, TokenRequest};
use secrecy::ExposeSecret as _;

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let server = Server::start().await;
    let (switched_off, its_secret) = server.other_app(&[GrantType::ClientCredentials]).await;
    server.identity.disable_app("test", TENANT, &switched_off, NOW).await.unwrap();
    let without_secret =
        |id: &str| Some(ClientCredentials { client_id: id.to_owned(), ..Default::default() });
    #[rustfmt::skip]
    let cases = [
        ("nobody",                  None),
        ("an unknown client",       basic("nobody", &server.client_secret)),
        ("a wrong secret",          basic(CLIENT, "wrong")),
        ("an empty secret",         basic(CLIENT, "")),
        ("no secret",               without_secret(CLIENT)),
        ("no secret, unknown",      without_secret("nobody")),
        ("another app's secret",    basic(CLIENT, &its_secret)),
        ("a switched-off app",      basic(&switched_off, &its_secret)),
        ("hostile text",            basic("' OR 1=1 --\0", "\u{202e}")),
        ("a huge id",               basic(&"x".repeat(100_000), "x")),
        ("a huge secret",           basic(CLIENT, &"x".repeat(100_000))),
    ];
    for (name, client) in cases {
        let refused =
            server.identity.token(request(client, "client_credentials"), NOW).await.unwrap_err();
        assert!(matches!(refused, TokenError::InvalidClient), "{name}: {refused:?}");
        assert_eq!(refused.to_string(), "the client is unknown, or its secret is wrong", "{name}");
    }
}

#[tokio::test]
async fn a_client_may_send_its_secret_in_any_of_the_usual_ways() {
    let server = Server::start().await;
    let secret = server.client_secret.as_str();
    let encoded = (CLIENT.replace('_', "%5F"), secret.replace('-', "%2D"));
    for client in [
        basic(CLIENT, secret),
        basic(&encoded.0, &encoded.1),
        collect(None, in_form(CLIENT, secret)).unwrap(),
    ] {
        server.identity.token(request(client, "client_credentials"), NOW).await.unwrap();
    }
    let encoded_in_the_body = collect(None, in_form(&encoded.0, &encoded.1)).unwrap();
    assert!(
        server
            .identity
            .token(request(encoded_in_the_body, "client_credentials"), NOW)
            .await
            .is_err(),
        "a form is decoded once"
    );
}

#[tokio::test]
async fn a_refused_request_gets_the_error_of_the_rfc() {
    let server = Server::start().await;
    let (narrow, secret) = server.other_app(&[GrantType::ClientCredentials]).await;
    let log_in = |client| TokenRequest {
        username: Some(USER.to_owned()),
        password: Some(PASSWORD.into()),
        ..request(client, "password")
    };
    let with_scope = |scope: &str| TokenRequest {
        scope: Some(scope.to_owned()),
        ..request(server.client(), "client_credentials")
    };
    #[rustfmt::skip]
    let cases = [
        ("no grant type",           request(server.client(), ""),                                   "InvalidRequest"),
        ("an unknown grant type",   request(server.client(), "implicit"),                           "UnsupportedGrantType"),
        ("a code",                  request(server.client(), "authorization_code"),                 "UnauthorizedClient"),
        ("a grant not allowed",     log_in(basic(&narrow, &secret)),                                "UnauthorizedClient"),
        ("a refresh not allowed",   request(basic(&narrow, &secret), "refresh_token"),              "UnauthorizedClient"),
        ("no user name",            TokenRequest { username: None, ..log_in(server.client()) },     "InvalidRequest"),
        ("no password",             TokenRequest { password: None, ..log_in(server.client()) },     "InvalidRequest"),
        ("no refresh token",        request(server.client(), "refresh_token"),                      "InvalidRequest"),
        ("an unknown scope",        with_scope("admin"),                                            "InvalidScope"),
        ("a huge scope",            with_scope(&"urn:opc:x ".repeat(1000)),                         "InvalidScope"),
    ];
    for (name, asking, want) in cases {
        let refused = server.identity.token(asking, NOW).await.unwrap_err();
        assert!(format!("{refused:?}").starts_with(want), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_needs_the_grant_as_well_as_the_scope() {
    let server = Server::start().await;
    let (no_refresh, secret) = server.other_app(&[GrantType::Password]).await;
    let asking = TokenRequest {
        client: basic(&no_refresh, &secret),
        ..server.log_in_request(USER, PASSWORD, "offline_access")
    };
    assert!(server.identity.token(asking, NOW).await.unwrap().refresh_token.is_none());
    assert!(server.log_in(PASSWORD, MY_SCOPES, NOW).await.unwrap().refresh_token.is_none());
    let own = TokenRequest {
        scope: Some("offline_access".to_owned()),
        ..request(server.client(), "client_credentials")
    };
    assert!(server.identity.token(own, NOW).await.unwrap().refresh_token.is_none());
}

#[tokio::test]
async fn a_public_app_cannot_use_grants_that_rest_on_its_secret() {
    let server = Server::start().await;
    let app = |grants: &[GrantType]| NewApp {
        tenant: TENANT.to_owned(),
        name: "Plug-in".to_owned(),
        client_id: None,
        grants: grants.to_vec(),
        public: true,
        strict: false,
    };
    for grant in [GrantType::Password, GrantType::ClientCredentials] {
        let refused = server.identity.create_app("test", app(&[grant]), NOW).await.unwrap_err();
        assert!(matches!(refused, AdminError::Invalid(_)), "{refused:?}");
    }
    let public =
        server.identity.create_app("test", app(&[GrantType::RefreshToken]), NOW).await.unwrap();
    assert!(public.secret.is_none());
    let with_secret = basic(&public.client_id, "anything");
    let refused =
        server.identity.token(request(with_secret, "refresh_token"), NOW).await.unwrap_err();
    assert!(matches!(refused, TokenError::InvalidClient), "{refused:?}");
    let with_empty_secret = basic(&public.client_id, "");
    let refused =
        server.identity.token(request(with_empty_secret, "refresh_token"), NOW).await.unwrap_err();
    assert!(
        matches!(refused, TokenError::InvalidRequest(_)),
        "an empty secret is none: {refused:?}"
    );
    let alone = Some(ClientCredentials { client_id: public.client_id, ..Default::default() });
    let refused = server.identity.token(request(alone, "refresh_token"), NOW).await.unwrap_err();
    assert!(
        matches!(refused, TokenError::InvalidRequest(_)),
        "its refresh token is missing: {refused:?}"
    );
}

#[tokio::test]
async fn a_reset_secret_replaces_the_old_one_at_once() {
    let server = Server::start().await;
    let fresh = server.identity.reset_app_secret("test", TENANT, CLIENT, NOW).await.unwrap();
    assert!(
        server.identity.token(request(server.client(), "client_credentials"), NOW).await.is_err()
    );
    server
        .identity
        .token(request(basic(CLIENT, fresh.expose_secret()), "client_credentials"), NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn client_ids_are_random_or_well_formed_and_never_taken_twice() {
    let server = Server::start().await;
    let (random, secret) = server.other_app(&[]).await;
    assert!(
        random.len() == 32 && random.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{random}"
    );
    assert_eq!(secret.len(), 36);
    let app = |client_id: &str| NewApp {
        tenant: "other".to_owned(),
        name: "App".to_owned(),
        client_id: Some(client_id.to_owned()),
        grants: Vec::new(),
        public: false,
        strict: false,
    };
    let taken = server.identity.create_app("test", app(CLIENT), NOW).await.unwrap_err();
    assert!(matches!(taken, AdminError::Exists(_)), "{taken:?}");
    for bad in ["", "a:b", "a b", "é", "../x", &"x".repeat(129)] {
        let refused = server.identity.create_app("test", app(bad), NOW).await.unwrap_err();
        assert!(matches!(refused, AdminError::Invalid(_)), "{bad}: {refused:?}");
    }
}

fn in_form(client_id: &str, secret: &str) -> InForm {
    InForm { id: Some(client_id.to_owned()), secret: Some(secret.into()), ..InForm::default() }
}
