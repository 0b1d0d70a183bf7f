//! `docs/identity/`: the pages of the grants that need an app of their own, and a person.

use crate::manual::blocks;
use crate::outside::curl::shell;
use crate::pages::{exports, run_page, shape};
use crate::server_support::{Home, run};
use crate::stage::Stage;
use crate::walker::Walker;
use reqwest::Url;
use serde_json::Value;

const JWT_BEARER: &str = include_str!("../../../../docs/identity/jwt-bearer.md");
const EXCHANGE: &str = include_str!("../../../../docs/identity/token-exchange.md");
const DEVICE: &str = include_str!("../../../../docs/identity/device-code.md");
const BROWSER: &str = include_str!("../../../../docs/identity/browser.md");
/// Nobody has such a name: a browser that is sent there stops.
const CALLBACK: &str = "https://app.bank.example/callback";

/// A server with an app that may use these grants, and what a page needs to be the app.
fn stage(grants: &str, more: &[&str]) -> (Stage, String) {
    let home = Home::initialised();
    let add =
        ["--json", "admin", "app", "add", "Robot", "--client-id", "robot", "--data", home.text()];
    let said = run(&[&add[..], &["--grants", grants], more].concat());
    let made: Value = serde_json::from_str(said.ok()).unwrap();
    let stage = Stage::on(home);
    let script = exports(&[
        ("BASE", &stage.server.base_url),
        ("CA", &stage.authority()),
        ("CLIENT_ID", "robot"),
        ("CLIENT_SECRET", made["client_secret"].as_str().unwrap_or_default()),
        ("USER_NAME", &stage.home.get("user")),
        ("USER_PASSWORD", &stage.home.get("password")),
        ("TOKEN", &stage.token),
    ]);
    let script = format!("{script}cd '{}'\n", stage.scratch().display());
    (stage, script)
}

#[test]
fn an_app_with_a_certificate_gets_a_token_for_a_user_as_the_page_says() {
    let (_stage, script) =
        stage("client_credentials,refresh_token,urn:ietf:params:oauth:grant-type:jwt-bearer", &[]);
    assert_eq!(run_page("jwt-bearer", JWT_BEARER, &script), 3);
}

#[test]
fn a_wide_token_is_exchanged_for_a_narrow_one_as_the_page_says() {
    let (_stage, script) = stage("password,urn:ietf:params:oauth:grant-type:token-exchange", &[]);
    assert_eq!(run_page("token-exchange", EXCHANGE, &script), 1);
}

#[tokio::test]
async fn a_device_gets_a_token_after_its_user_has_allowed_it_as_the_page_says() {
    let device = "urn:ietf:params:oauth:grant-type:device_code,refresh_token";
    let (stage, script) = stage(device, &["--public"]);
    let blocks = blocks(DEVICE);
    let [begin, codes, ask, pending, token] = blocks.as_slice() else {
        panic!("the page has other samples: {}", blocks.len());
    };
    let printed = shell(&format!("{script}{}", begin.text));
    assert_eq!(shape(&printed), shape(codes.text));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let code = printed["device_code"].as_str().unwrap();
    let ask = format!("{script}export DEVICE_CODE='{code}'\n{}", ask.text);
    assert_eq!(shape(&shell(&ask)), shape(pending.text));

    let mut browser = Walker::new(stage.authority().as_ref());
    let url: Url = printed["verification_uri"].as_str().unwrap().parse().unwrap();
    let form = browser.open(url).await;
    let (user, password) = (stage.home.get("user"), stage.home.get("password"));
    let form = browser.submit(&form, &[("username", &user), ("password", &password)]).await;
    let typed = printed["user_code"].as_str().unwrap();
    let question = browser.submit(&form, &[("user_code", typed)]).await;
    let done = browser.submit(&question, &[("decision", "allow")]).await;
    assert!(done.status == 200 && done.body.contains("Allowed"), "{done:?}");
    assert_eq!(shape(&shell(&ask)), shape(token.text));
}

#[tokio::test]
async fn a_code_that_the_browser_brings_is_redeemed_as_the_page_says() {
    let grants = "authorization_code,refresh_token";
    let (stage, script) = stage(grants, &["--redirect-uri", CALLBACK]);
    let script = format!("{script}export REDIRECT_URI='{CALLBACK}'\n");
    let blocks = blocks(BROWSER);
    let [address, redeem, tokens, ..] = blocks.as_slice() else {
        panic!("the page has other samples: {}", blocks.len());
    };
    let printed = shell(&format!("{script}{}\necho \"$VERIFIER\"", address.text));
    let (address, verifier) = printed.trim().split_once('\n').unwrap();

    let mut browser = Walker::new(stage.authority().as_ref());
    let form = browser.open(address.parse().unwrap()).await;
    let (user, password) = (stage.home.get("user"), stage.home.get("password"));
    let back = browser.submit(&form, &[("username", &user), ("password", &password)]).await;
    assert!(back.url.as_str().starts_with(CALLBACK), "{back:?}");
    let code = back.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();

    let redeem = format!("{script}export CODE='{code}' VERIFIER='{verifier}'\n{}", redeem.text);
    assert_eq!(shape(&shell(&redeem)), shape(tokens.text));
}
