//! An access token for a narrower one.

use crate::harness::{NOW, PASSWORD, Server, TENANT, basic, request};
use dayend_identity::GrantType;
use dayend_identity::token::{AboutToken, TokenAnswer, TokenError, TokenRequest};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

struct Exchanging {
    server: Server,
    client: (String, String),
}

impl Exchanging {
    async fn start() -> Self {
        let server = Server::start().await;
        let grants = [GrantType::Password, GrantType::TokenExchange];
        let client = server.other_app(&grants).await;
        Self { server, client }
    }

    async fn log_in(&self, scope: &str) -> String {
        let asking = TokenRequest {
            client: basic(&self.client.0, &self.client.1),
            ..self.server.log_in_request(crate::harness::USER, PASSWORD, scope)
        };
        self.server.identity.token(asking, NOW).await.unwrap().access_token
    }

    async fn exchange(&self, token: &str, scope: Option<&str>) -> Result<TokenAnswer, TokenError> {
        let asking = TokenRequest {
            subject_token: Some(token.into()),
            subject_token_type: Some(ACCESS_TOKEN.to_owned()),
            scope: scope.map(str::to_owned),
            ..request(basic(&self.client.0, &self.client.1), GrantType::TokenExchange.as_str())
        };
        self.server.identity.token(asking, NOW.plus_ms(60_000)).await
    }
}

#[tokio::test]
async fn an_exchanged_token_is_for_less_and_for_no_longer() {
    let exchanging = Exchanging::start().await;
    let wide = exchanging.log_in("urn:opc:idm:__myscopes__").await;
    let narrow = exchanging.exchange(&wide, Some("urn:opc:idm:t.user.me")).await.unwrap();
    assert_eq!(narrow.expires_in, 3540, "it ends with the first");
    assert_eq!(narrow.issued_token_type, Some(ACCESS_TOKEN));
    let caller =
        exchanging.server.identity.authenticate(&narrow.access_token, NOW.plus_ms(60_000)).await;
    assert_eq!(&*caller.unwrap().scope, "urn:opc:idm:t.user.me");
    let same = exchanging.exchange(&wide, None).await.unwrap();
    assert_eq!(same.expires_in, 3540);
    let narrowest = exchanging.log_in("urn:opc:idm:t.user.me").await;
    let wider = exchanging.exchange(&narrowest, Some("urn:opc:idm:t.security.client")).await;
    assert!(matches!(wider, Err(TokenError::InvalidScope(_))), "{wider:?}");
    let everything = exchanging.exchange(&narrowest, Some("urn:opc:idm:__myscopes__")).await;
    let everything = everything.unwrap().access_token;
    let caller = exchanging.server.identity.authenticate(&everything, NOW.plus_ms(60_000)).await;
    assert_eq!(&*caller.unwrap().scope, "urn:opc:idm:t.user.me", "all that the first one has");
}

#[tokio::test]
async fn an_exchanged_token_dies_with_the_first_and_is_not_exchanged_again() {
    let exchanging = Exchanging::start().await;
    let first = exchanging.log_in("").await;
    let second = exchanging.exchange(&first, None).await.unwrap().access_token;
    let third = exchanging.exchange(&second, None).await;
    assert!(matches!(third, Err(TokenError::InvalidRequest(_))), "{third:?}");
    let client = basic(&exchanging.client.0, &exchanging.client.1);
    let revoke = AboutToken { client, token: Some(first.as_str().into()) };
    exchanging.server.identity.revoke_token(revoke, NOW).await.unwrap();
    let later = NOW.plus_ms(60_000);
    assert!(exchanging.server.identity.authenticate(&second, later).await.is_err());
    let again = exchanging.exchange(&first, None).await;
    assert!(matches!(again, Err(TokenError::InvalidRequest(_))), "{again:?}");
}

#[tokio::test]
async fn another_clients_token_and_what_is_no_access_token_are_not_exchanged() {
    let exchanging = Exchanging::start().await;
    let server = &exchanging.server;
    let foreign = server.log_in(PASSWORD, "", NOW).await.unwrap().access_token;
    for token in [foreign.as_str(), "x", ""] {
        let refused = exchanging.exchange(token, None).await;
        assert!(matches!(refused, Err(TokenError::InvalidRequest(_))), "{refused:?}");
    }
    let own = exchanging.log_in("").await;
    server.identity.disable_user("test", TENANT, crate::harness::USER, NOW).await.unwrap();
    let refused = exchanging.exchange(&own, None).await;
    assert!(matches!(refused, Err(TokenError::InvalidRequest(_))), "{refused:?}");
}
