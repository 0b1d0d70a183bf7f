//! Devices without a browser.

use crate::harness::{CLIENT, NOW, PASSWORD, Server, TENANT, USER, request};
use dayend_identity::admin::NewApp;
use dayend_identity::caller::CallerUser;
use dayend_identity::token::{
    ClientCredentials, DeviceAnswer, DeviceRequest, TokenError, TokenRequest,
};
use dayend_identity::{DeviceError, GrantType};

const TELEVISION: &str = "television";

struct Living {
    server: Server,
    user: CallerUser,
}

impl Living {
    async fn room() -> Self {
        let server = Server::start().await;
        let app = NewApp {
            tenant: TENANT.to_owned(),
            name: "Television".to_owned(),
            client_id: Some(TELEVISION.to_owned()),
            grants: vec![GrantType::DeviceCode, GrantType::RefreshToken],
            public: true,
            strict: false,
        };
        server.identity.create_app("test", app, NOW).await.unwrap();
        let token = server.log_in(PASSWORD, "", NOW).await.unwrap().access_token;
        let user = server.identity.authenticate(&token, NOW).await.unwrap().user.unwrap();
        Self { server, user }
    }

    async fn codes(&self) -> DeviceAnswer {
        let scope = Some("urn:opc:idm:__myscopes__ offline_access".to_owned());
        let asking = DeviceRequest { client: named(TELEVISION), scope, response_type: None };
        self.server.identity.device(asking, NOW).await.unwrap()
    }

    async fn poll(&self, code: &str, after_ms: u64) -> Result<(), TokenError> {
        let asking = TokenRequest {
            device_code: Some(code.into()),
            ..request(named(TELEVISION), GrantType::DeviceCode.as_str())
        };
        self.server.identity.token(asking, NOW.plus_ms(after_ms)).await.map(drop)
    }

    async fn decide(&self, code: &str, approved: bool) -> Result<(), DeviceError> {
        let user = (&self.user, NOW);
        self.server.identity.approve_device(TENANT, user, code, approved, NOW.plus_ms(2_000)).await
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a request takes an optional client")]
fn named(client_id: &str) -> Option<ClientCredentials> {
    Some(ClientCredentials { client_id: client_id.to_owned(), ..Default::default() })
}

#[tokio::test]
async fn a_device_waits_for_its_user_and_gets_one_token() {
    let room = Living::room().await;
    let codes = room.codes().await;
    assert_eq!((codes.expires_in, codes.interval, codes.user_code.len()), (300, 5, 8));
    assert!(codes.verification_uri.ends_with("/ui/v1/device"), "{}", codes.verification_uri);
    let pending = room.poll(&codes.device_code, 0).await;
    assert!(matches!(pending, Err(TokenError::AuthorizationPending)), "{pending:?}");
    let hasty = room.poll(&codes.device_code, 1_000).await;
    assert!(matches!(hasty, Err(TokenError::SlowDown)), "{hasty:?}");
    let hasty_again = room.poll(&codes.device_code, 6_000).await;
    assert!(
        matches!(hasty_again, Err(TokenError::SlowDown)),
        "it should wait ten: {hasty_again:?}"
    );
    let patient = room.poll(&codes.device_code, 21_000).await;
    assert!(matches!(patient, Err(TokenError::AuthorizationPending)), "{patient:?}");
    let typed = format!("{}-{}", &codes.user_code[..4], &codes.user_code[4..]).to_lowercase();
    let shown = room.server.identity.waiting_device(TENANT, &room.user, &typed, NOW).await.unwrap();
    assert_eq!((shown.app.as_str(), shown.client_id.as_str()), ("Television", TELEVISION));
    room.decide(&typed, true).await.unwrap();
    assert!(matches!(room.decide(&typed, true).await, Err(DeviceError::Unknown)), "one decision");
    room.poll(&codes.device_code, 22_000).await.unwrap();
    let again = room.poll(&codes.device_code, 40_000).await;
    assert!(matches!(again, Err(TokenError::InvalidGrant(_))), "{again:?}");
}

#[tokio::test]
async fn a_refused_device_and_one_that_waits_too_long_get_no_token() {
    let room = Living::room().await;
    let refused = room.codes().await;
    room.decide(&refused.user_code, false).await.unwrap();
    let answer = room.poll(&refused.device_code, 5_000).await;
    assert!(matches!(answer, Err(TokenError::AccessDenied)), "{answer:?}");
    let late = room.codes().await;
    let answer = room.poll(&late.device_code, 300_000).await;
    assert!(matches!(answer, Err(TokenError::ExpiredToken)), "{answer:?}");
}

#[tokio::test]
async fn a_device_code_is_good_only_for_its_client_and_a_user_code_only_in_its_tenant() {
    let room = Living::room().await;
    let codes = room.codes().await;
    let guessed = room.server.identity.approve_device(
        "other",
        (&room.user, NOW),
        &codes.user_code,
        true,
        NOW,
    );
    assert!(matches!(guessed.await, Err(DeviceError::Unknown)));
    room.decide(&codes.user_code, true).await.unwrap();
    let thief = NewApp {
        tenant: TENANT.to_owned(),
        name: "Thief".to_owned(),
        client_id: Some("thief".to_owned()),
        grants: vec![GrantType::DeviceCode],
        public: true,
        strict: false,
    };
    room.server.identity.create_app("test", thief, NOW).await.unwrap();
    let asking = TokenRequest {
        device_code: Some(codes.device_code.as_str().into()),
        ..request(named("thief"), GrantType::DeviceCode.as_str())
    };
    let stolen = room.server.identity.token(asking, NOW).await;
    assert!(matches!(stolen, Err(TokenError::InvalidGrant(_))), "{stolen:?}");
    room.poll(&codes.device_code, 5_000).await.unwrap();
}

#[tokio::test]
async fn guesses_at_user_codes_run_out() {
    let room = Living::room().await;
    let mut refused = None;
    for _ in 0..21 {
        refused = room.decide("BBBBBBBB", true).await.err();
    }
    assert!(matches!(refused, Some(DeviceError::TooMany { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_app_without_the_grant_gets_no_codes_and_a_store_that_fails_uses_nothing_up() {
    let room = Living::room().await;
    for client in [named(CLIENT), named("nobody"), None] {
        let asking = DeviceRequest { client, ..DeviceRequest::default() };
        assert!(room.server.identity.device(asking, NOW).await.is_err());
    }
    let codes = room.codes().await;
    room.server.writer.set_broken(true);
    assert!(matches!(room.decide(&codes.user_code, true).await, Err(DeviceError::Unavailable(_))));
    room.server.writer.set_broken(false);
    room.decide(&codes.user_code, true).await.unwrap();
    room.server.writer.set_broken(true);
    let failed = room.poll(&codes.device_code, 5_000).await;
    assert!(matches!(failed, Err(TokenError::Unavailable)), "{failed:?}");
    room.server.writer.set_broken(false);
    room.poll(&codes.device_code, 10_000).await.unwrap();
    assert_eq!(room.user.name, USER);
}
