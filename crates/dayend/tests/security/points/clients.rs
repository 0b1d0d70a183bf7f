//! Clients, and what they may ask.

use crate::house::{ANNA, AppOf, House, PASSWORD, PHONE, part};
use crate::wire::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::time::{Duration, Instant};

const OWN: (&str, &str) = ("grant_type", "client_credentials");

/// A request that is refused: its name, who asks for what, and the status and error of the answer.
type Refused<'a> = (&'a str, AppOf<'a>, &'a [(&'a str, &'a str)], u16, &'a str);

pub(crate) async fn answers(house: &House) {
    let good = house.token(house.web(), &[OWN]).await;
    assert_eq!((good.status, good.header("cache-control")), (200, "no-store"));
    assert!(good.header("content-type").starts_with("application/json"));
    assert_eq!(
        (good.text("token_type").as_str(), good.json()["expires_in"].is_u64()),
        ("Bearer", true)
    );
    let nobody = AppOf { id: "nobody", secret: "x" };
    let password = ("grant_type", "password");
    let cases: [Refused<'_>; 6] = [
        ("no grant type", house.web(), &[], 400, "invalid_request"),
        ("nobody", nobody, &[OWN], 401, "invalid_client"),
        (
            "a bad code",
            house.web(),
            &[("grant_type", "authorization_code"), ("code", "x")],
            400,
            "invalid_grant",
        ),
        ("no password", house.web(), &[password, ("username", "x")], 400, "invalid_request"),
        ("another grant", house.web(), &[("grant_type", "magic")], 400, "unsupported_grant_type"),
        ("another scope", house.web(), &[OWN, ("scope", "no such scope")], 400, "invalid_scope"),
    ];
    for (name, app, fields, status, error) in cases {
        let refused = house.token(app, fields).await;
        assert_eq!(refused.refusal(), (status, error.to_owned()), "{name}");
        assert_eq!(refused.header("cache-control"), "no-store", "{name}");
        let challenged = refused.header("www-authenticate").starts_with("Basic ");
        assert_eq!(challenged, status == 401, "{name}");
    }
    let in_body = [OWN, ("client_id", "nobody"), ("client_secret", "x")];
    let refused = house.bare_form("/oauth2/v1/token", &in_body).await;
    assert_eq!((refused.refusal().0, refused.header("www-authenticate")), (401, ""));
}

pub(crate) async fn authentication(house: &House) {
    let (id, secret) = (house.web().id, house.web().secret);
    let both = house.token(house.web(), &[OWN, ("client_id", id), ("client_secret", secret)]).await;
    assert_eq!(both.refusal(), (400, "invalid_request".to_owned()));
    let assertion = [
        OWN,
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "a.b.c"),
    ];
    let both = house.token(house.web(), &assertion).await;
    assert_eq!(both.refusal(), (400, "invalid_request".to_owned()));
    let in_url = house.token_at(&format!("/oauth2/v1/token?client_secret={secret}")).await;
    assert_eq!(in_url.refusal(), (400, "invalid_request".to_owned()));
    let encoded: String = secret.bytes().flat_map(percent_encoded).collect();
    let strict = STANDARD.encode(format!("{id}:{encoded}"));
    let request = house.client.post(house.url("/oauth2/v1/token"));
    let request = request.header("authorization", format!("Basic {strict}")).form(&[OWN]);
    assert_eq!(Reply::to(request).await.status, 200, "form-encoded, as the RFC has it");
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        for (id, times) in [("nobody", &mut unknown), (id, &mut wrong)] {
            let began = Instant::now();
            let refused = house.token(AppOf { id, secret: "wrong" }, &[OWN]).await;
            times.push(began.elapsed());
            assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
        }
    }
    let bodies = [("nobody", "x"), (id, "x")].map(|(id, secret)| AppOf { id, secret });
    let first = house.token(bodies[0], &[OWN]).await.without_id();
    assert_eq!(first, house.token(bodies[1], &[OWN]).await.without_id());
    // The fastest of many: what else the machine does only makes one slower.
    let fastest = |times: &[Duration]| *times.iter().min().unwrap();
    let apart = fastest(&unknown).abs_diff(fastest(&wrong));
    assert!(apart < Duration::from_millis(10), "{apart:?} apart");
}

/// A byte as forms may have any of them.
fn percent_encoded(byte: u8) -> Vec<char> {
    format!("%{byte:02X}").chars().collect()
}

pub(crate) async fn scopes(house: &House) {
    let unknown = house.token(house.web(), &[OWN, ("scope", "urn:opc:idm:nonsense")]).await;
    assert_eq!(unknown.refusal(), (400, "invalid_scope".to_owned()));
    let began = Instant::now();
    let long = "urn:opc:idm:role.x ".repeat(2000);
    let refused = house.token(house.web(), &[OWN, ("scope", &long)]).await;
    assert_eq!(refused.refusal(), (400, "invalid_scope".to_owned()));
    let one_long = format!("urn:opc:idm:role.{}", "x".repeat(40_000));
    let refused = house.token(house.web(), &[OWN, ("scope", &one_long)]).await;
    assert_eq!(refused.refusal(), (400, "invalid_scope".to_owned()));
    assert!(began.elapsed() < Duration::from_secs(5));
    let narrow = house.log_in(ANNA, PASSWORD, "urn:opc:idm:t.user.me offline_access").await;
    let refresh = narrow.text("refresh_token");
    let wider = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("scope", "urn:opc:idm:__myscopes__"),
    ];
    assert_eq!(house.token(house.web(), &wider).await.refusal(), (400, "invalid_scope".to_owned()));
    let same = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(house.token(house.web(), &same).await.status, 200, "the refusal used nothing up");
}

pub(crate) async fn are_no_users(house: &House) {
    let own = house.token(house.web(), &[OWN]).await.text("access_token");
    let claims = part(&own, 1);
    assert_eq!((&claims["sub"], &claims["sub_type"]), (&json!("web"), &json!("client")));
    assert_eq!(claims.get("user_id"), None);
    let request = house.client.get(house.url("/oauth2/v1/userinfo")).bearer_auth(&own);
    let refused = Reply::to(request).await;
    assert!(matches!(refused.status, 401 | 403), "{refused:?}");
}

pub(crate) async fn revocation(house: &House) {
    let path = "/oauth2/v1/revoke";
    let answer = house.log_in(ANNA, PASSWORD, "urn:opc:idm:__myscopes__ offline_access").await;
    let (access, refresh) = (answer.text("access_token"), answer.text("refresh_token"));
    let token = [("token", refresh.as_str())];
    assert_eq!(house.bare_form(path, &token).await.status, 401);
    assert_eq!(house.get(path).await.status, 405);
    assert_eq!(house.form(path, house.other(), &token).await.status, 200);
    assert_eq!(house.asks(&access).await, 200, "of another client: nothing happens");
    assert_eq!(house.form(path, house.web(), &[("token", "unknown")]).await.status, 200);
    let hinted = [("token", refresh.as_str()), ("token_type_hint", "access_token")];
    assert_eq!(house.form(path, house.web(), &hinted).await.status, 200);
    assert_eq!(house.asks(&access).await, 401, "the refresh token took its access token along");
    let own = house.token(house.web(), &[OWN]).await.text("access_token");
    assert_eq!(house.form(path, house.web(), &[("token", &own)]).await.status, 200);
    let after = house.form("/oauth2/v1/introspect", house.web(), &[("token", &own)]).await;
    assert_eq!(after.json(), json!({ "active": false }));
}

pub(crate) async fn introspection(house: &House) {
    let path = "/oauth2/v1/introspect";
    let access =
        house.log_in(ANNA, PASSWORD, "urn:opc:idm:__myscopes__").await.text("access_token");
    let token = [("token", access.as_str())];
    assert_eq!(house.bare_form(path, &token).await.status, 401);
    let public = house.bare_form(path, &[("token", access.as_str()), ("client_id", PHONE)]).await;
    assert!(matches!(public.status, 401 | 403), "{public:?}");
    let active = house.form(path, house.web(), &token).await;
    assert_eq!(
        (&active.json()["active"], active.header("cache-control")),
        (&json!(true), "no-store")
    );
    for sent in ["", "x", "a.b.c", &access[..access.len() - 4]] {
        let answer = house.form(path, house.web(), &[("token", sent)]).await;
        let inactive = answer.status == 200 && answer.json() == json!({ "active": false });
        assert!(inactive || (sent.is_empty() && answer.status == 400), "{sent}: {answer:?}");
    }
}

impl House {
    /// A request of the web app for its own token, to this path.
    async fn token_at(&self, path: &str) -> Reply {
        self.form(path, self.web(), &[OWN]).await
    }
}
