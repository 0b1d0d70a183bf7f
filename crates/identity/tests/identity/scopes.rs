//! What scopes give, to whom, and for whom the token is.

use crate::harness::{CLIENT, ISSUER, NOW, PASSWORD, Server, TENANT, basic, request};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dayend_identity::GrantType;
use dayend_identity::admin::{Administrator, AppRole, Holder, Right};
use dayend_identity::model::{AppSettings, AppTag, ResourceScope};
use dayend_identity::token::{TokenAnswer, TokenError, TokenRequest};
use serde_json::{Value, json};

const SELF_SERVICE: &str = "urn:opc:idm:t.user.me urn:opc:idm:t.user.me.passwordvalidator urn:opc:idm:t.user.authn.factors";

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn own_token(server: &Server, scope: &str) -> Result<TokenAnswer, TokenError> {
    let asking = TokenRequest {
        scope: Some(scope.to_owned()),
        ..request(server.client(), "client_credentials")
    };
    server.identity.token(asking, NOW).await
}

async fn set(server: &Server, client_id: &str, settings: AppSettings) {
    server.identity.put_app_settings("test", (TENANT, client_id), &settings, NOW).await.unwrap();
}

/// A resource server `https://<name>/` with the scopes `read` and `urn:opc:resource:consumer:paas::all`.
async fn resource(server: &Server, name: &str, change: impl FnOnce(&mut AppSettings)) {
    let (client_id, _) = server.other_app(&[]).await;
    let scope = |value: &str| ResourceScope { value: value.to_owned(), ..Default::default() };
    let mut settings = AppSettings {
        audience: Some(format!("https://{name}/")),
        scopes: vec![scope("read"), scope("urn:opc:resource:consumer:paas::all")],
        oauth_resource: true,
        ..AppSettings::default()
    };
    change(&mut settings);
    set(server, &client_id, settings).await;
}

#[tokio::test]
async fn roles_give_their_scopes_if_the_app_and_the_user_hold_them() {
    let server = Server::start().await;
    let user = server.log_in(PASSWORD, "", NOW).await.unwrap().access_token;
    let user = server.identity.authenticate(&user, NOW).await.unwrap().user.unwrap();
    let (app, user) = (Holder::App(CLIENT.to_owned()), Holder::User(user.id));
    let by = Administrator::on_the_machine("test");
    for (holder, role) in [
        (&app, AppRole::AuditAdministrator),
        (&app, AppRole::Signin),
        (&user, AppRole::AuditAdministrator),
        (&user, AppRole::GlobalViewer),
    ] {
        let what = (holder.clone(), Right::Role(role));
        server.identity.give(&by, TENANT, what, NOW).await.unwrap();
    }
    let audit = "urn:opc:idm:t.audit_r urn:opc:idm:t.idcsrpts";
    #[rustfmt::skip]
    let cases = [
        ("everything",          "urn:opc:idm:__myscopes__",                     format!("urn:opc:idm:t.security.client {SELF_SERVICE} {audit}")),
        ("a role of both",      "urn:opc:idm:role.Audit%20Administrator",       audit.to_owned()),
        ("and one of the user", "urn:opc:idm:role.Audit%20Administrator%20urn:opc:idm:role.Global%20Viewer", audit.to_owned()),
        ("one scope",           "urn:opc:idm:t.audit_r",                        "urn:opc:idm:t.audit_r".to_owned()),
        ("the own account",     "urn:opc:idm:t.user.me openid email",           "urn:opc:idm:t.user.me openid email".to_owned()),
        ("only who it is",      "openid profile",                               "openid profile".to_owned()),
    ];
    for (name, scope, want) in cases {
        let token = server.log_in(PASSWORD, scope, NOW).await.unwrap().access_token;
        assert_eq!(claims(&token)["scope"], json!(want), "{name}");
        assert_eq!(
            claims(&token)["userAppRoles"],
            json!(["Authenticated", "Audit Administrator", "Global Viewer"])
        );
    }
    let own = claims(&own_token(&server, "").await.unwrap().access_token);
    assert_eq!(
        own["scope"],
        json!(format!("urn:opc:idm:t.security.client {audit} urn:opc:idm:t.user.signin"))
    );
    assert_eq!(
        own["clientAppRoles"],
        json!(["Authenticated Client", "Audit Administrator", "Signin"])
    );
    for refused in [
        "urn:opc:idm:role.Global%20Viewer",
        "urn:opc:idm:g.all_r",
        "urn:opc:idm:t.nonsense",
        "admin",
    ] {
        let answer = server.log_in(PASSWORD, refused, NOW).await;
        assert!(matches!(answer, Err(TokenError::InvalidScope(_))), "{refused}: {answer:?}");
    }
}

#[tokio::test]
async fn a_token_for_a_resource_server_is_for_it_alone() {
    let server = Server::start().await;
    resource(&server, "a", |settings| {
        settings.secondary_audiences = vec!["urn:a".to_owned(), ISSUER.to_owned()];
        settings.access_token_s = Some(600);
    })
    .await;
    resource(&server, "b", |_| ()).await;
    let allowed =
        ["https://a/read", "https://b/read", "https://a/urn:opc:resource:consumer:paas::read"];
    let allowed_scopes = allowed.iter().map(|scope| (*scope).to_owned()).collect();
    set(&server, CLIENT, AppSettings { allowed_scopes, ..Default::default() }).await;
    let answer = own_token(&server, "https://a/read").await.unwrap();
    let said = claims(&answer.access_token);
    assert_eq!((&said["aud"], &said["scope"]), (&json!(["https://a/", "urn:a"]), &json!("read")));
    assert_eq!(answer.expires_in, 600);
    assert!(
        server.identity.authenticate(&answer.access_token, NOW).await.is_err(),
        "it is not for us"
    );
    let deeper = own_token(&server, "https://a/urn:opc:resource:consumer:paas:analytics::read")
        .await
        .unwrap();
    assert_eq!(
        claims(&deeper.access_token)["scope"],
        json!("urn:opc:resource:consumer:paas:analytics::read")
    );
    #[rustfmt::skip]
    let refused = [
        "https://a/write",
        "https://a/urn:opc:resource:consumer:paas:analytics::write",
        "https://c/read",
        "https://a/read https://b/read",
        "https://a/read urn:opc:idm:__myscopes__",
    ];
    for scope in refused {
        let answer = own_token(&server, scope).await;
        assert!(matches!(answer, Err(TokenError::InvalidScope(_))), "{scope}: {answer:?}");
    }
    let both = "https://a/read https://b/read urn:opc:resource:multiresourcescope";
    let both = serde_json::to_value(own_token(&server, both).await.unwrap()).unwrap();
    let tokens = both["tokenResponses"].as_array().unwrap();
    let audiences: Vec<Value> = tokens
        .iter()
        .map(|token| claims(token["access_token"].as_str().unwrap())["aud"][0].clone())
        .collect();
    assert_eq!(audiences, ["https://a/", "https://b/"]);
    assert!(both.get("access_token").is_none());
}

#[tokio::test]
async fn an_app_that_trusts_its_account_or_tags_gets_a_token_for_all_of_them() {
    let server = Server::start().await;
    let tag = AppTag { key: "team".to_owned(), value: "night".to_owned() };
    let tags = vec![tag.clone()];
    resource(&server, "tagged", |settings| settings.tags.clone_from(&tags)).await;
    resource(&server, "plain", |_| ()).await;
    let all = "urn:opc:resource:consumer::all";
    assert!(own_token(&server, all).await.is_err(), "it trusts nobody yet");
    let account = AppSettings { trust_scope: Some("Account".to_owned()), ..Default::default() };
    set(&server, CLIENT, account).await;
    let said = claims(&own_token(&server, all).await.unwrap().access_token);
    assert_eq!(
        (&said["aud"], &said["scope"]),
        (&json!(["urn:opc:resource:scope:account"]), &json!(all))
    );
    own_token(&server, "https://plain/read").await.unwrap();
    assert!(own_token(&server, &format!("{all} urn:opc:idm:__myscopes__")).await.is_err());
    let tagged = AppSettings {
        trust_scope: Some("Tags".to_owned()),
        allowed_tags: tags,
        allowed_scopes: vec!["urn:opc:resource:consumer:paas::read".to_owned()],
        ..AppSettings::default()
    };
    set(&server, CLIENT, tagged).await;
    let said = claims(
        &own_token(&server, "urn:opc:resource:consumer:paas:x::read").await.unwrap().access_token,
    );
    let audience =
        said["aud"][0].as_str().unwrap().strip_prefix("urn:opc:resource:scope:tag=").unwrap();
    let tags: Value = serde_json::from_slice(&STANDARD.decode(audience).unwrap()).unwrap();
    assert_eq!(tags, json!({ "tags": [{ "key": "team", "value": "night" }] }));
    assert!(own_token(&server, all).await.is_err(), "more than it may");
    own_token(&server, "https://tagged/read").await.unwrap();
    assert!(own_token(&server, "https://plain/read").await.is_err(), "no tag in common");
}

#[tokio::test]
async fn the_lifetime_is_the_shortest_of_what_is_set_and_asked_for() {
    let server = Server::start().await;
    resource(&server, "a", |settings| settings.access_token_s = Some(7200)).await;
    let allowed_scopes = vec!["https://a/read".to_owned()];
    let app =
        AppSettings { allowed_scopes, max_access_token_s: Some(10_000), ..Default::default() };
    set(&server, CLIENT, app).await;
    #[rustfmt::skip]
    let cases = [
        ("nothing set, nothing asked",  "",                                                     3600),
        ("asked",                       "urn:opc:resource:expiry=300",                          300),
        ("asked for too little",        "urn:opc:resource:expiry=1",                            60),
        ("beyond the app's cap",        "urn:opc:resource:expiry=31536000",                     10_000),
        ("set",                         "https://a/read",                                       7200),
        ("set, and less asked",         "https://a/read urn:opc:resource:expiry=300",           300),
        ("set, and more asked",         "https://a/read urn:opc:resource:expiry=9000",          7200),
    ];
    for (name, scope, want) in cases {
        assert_eq!(own_token(&server, scope).await.unwrap().expires_in, want, "{name}");
    }
}

#[tokio::test]
async fn a_resource_server_decides_about_refresh_tokens_and_their_lifetime() {
    let server = Server::start().await;
    resource(&server, "short", |settings| {
        settings.allow_offline = true;
        settings.refresh_token_s = Some(60);
    })
    .await;
    resource(&server, "none", |_| ()).await;
    let allowed_scopes = vec!["https://short/read".to_owned(), "https://none/read".to_owned()];
    set(&server, CLIENT, AppSettings { allowed_scopes, ..Default::default() }).await;
    let none = server.log_in(PASSWORD, "https://none/read offline_access", NOW).await.unwrap();
    assert!(none.refresh_token.is_none());
    let short = server.log_in(PASSWORD, "https://short/read offline_access", NOW).await.unwrap();
    let next = server.refresh(&short.refresh_token.unwrap(), NOW.plus_ms(59_000)).await.unwrap();
    assert_eq!(claims(&next.access_token)["aud"], json!(["https://short/"]));
    let late = server.refresh(&next.refresh_token.unwrap(), NOW.plus_ms(60_000)).await;
    assert!(matches!(late, Err(TokenError::InvalidGrant(_))), "{late:?}");
}

#[tokio::test]
async fn rights_that_were_taken_away_are_gone_at_the_next_refresh() {
    let server = Server::start().await;
    resource(&server, "a", |settings| settings.allow_offline = true).await;
    let allowed_scopes = vec!["https://a/read".to_owned()];
    set(&server, CLIENT, AppSettings { allowed_scopes, ..Default::default() }).await;
    let issued = server.log_in(PASSWORD, "https://a/read offline_access", NOW).await.unwrap();
    set(&server, CLIENT, AppSettings::default()).await;
    let token = issued.refresh_token.unwrap();
    let refused = server.refresh(&token, NOW).await;
    assert!(matches!(refused, Err(TokenError::InvalidScope(_))), "{refused:?}");
}

#[tokio::test]
async fn a_scope_of_four_kibibytes_is_read_and_a_longer_one_refused() {
    let server = Server::start().await;
    let (client_id, secret) = server.other_app(&[GrantType::ClientCredentials]).await;
    let ask = |scope: String| TokenRequest {
        scope: Some(scope),
        ..request(basic(&client_id, &secret), "client_credentials")
    };
    let many = "openid ".repeat(585);
    server.identity.token(ask(many), NOW).await.unwrap_err();
    let mut long = format!("urn:opc:idm:__myscopes__{}", " ".repeat(4096 - 24));
    server.identity.token(ask(long.clone()), NOW).await.unwrap();
    long.push(' ');
    let refused = server.identity.token(ask(long), NOW).await;
    assert!(matches!(refused, Err(TokenError::InvalidScope(_))), "{refused:?}");
}
