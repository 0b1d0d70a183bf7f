//! Commands that other people's documents print, run as they stand: see `data/README.md`.

use crate::browser::Browser;
use crate::house::{ANNA, CALLBACK, House, PASSWORD, part};
use crate::outside::curl::shell;
use serde_json::{Value, json};
use std::fs;

/// The command in a file, with each text replaced by the other.
fn command(name: &str, replaced: &[(&str, &str)]) -> String {
    let path = format!("{}/tests/security/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    for (printed, ours) in replaced {
        assert!(text.contains(printed), "{name} has no {printed}");
        text = text.replacen(printed, ours, 1);
    }
    text.trim_end().to_owned()
}

/// What a command prints; with `-i`, the body alone.
fn printed(house: &House, command: &str) -> String {
    let quiet = command.replacen("curl ", "curl --silent --show-error ", 1);
    let said = shell(&format!("export CURL_CA_BUNDLE='{}'\n{quiet}", house.home.get("ca_file")));
    said.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

fn answer(house: &House, command: &str) -> Value {
    let said = printed(house, command);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{command}"))
}

fn host(house: &House) -> &str {
    house.server.base_url.strip_prefix("https://").unwrap()
}

fn keys(answer: &Value) -> Vec<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_steps_of_oracle_integration_bring_a_token_that_can_be_used() {
    let house = House::open();
    let address = command(
        "integration-authorize.txt",
        &[
            ("<idcs_URL>", host(&house)),
            ("<client_ID>", "web"),
            ("<scope>", "urn:opc:idm:__myscopes__"),
            ("<URL_to_receive_response>", CALLBACK),
        ],
    );
    let back = Browser::new(&house).log_in_at(&address.replace(' ', "%20")).await;
    let code = back.parameter("code").unwrap_or_else(|| panic!("{back:?}"));
    let credentials = format!("web:{}", house.web().secret);
    let basic = command("integration-basic.sh", &[("clientid:clientsecret", &credentials)]);
    // `echo -n` as bash has it, which the document means.
    let basic = shell(&basic.replacen("echo -n", "printf %s", 1));
    let asked = command(
        "integration-token.sh",
        &[
            ("<base64_encoded_client_id:client_secret>", basic.trim()),
            ("<idcs_url>", host(&house)),
            ("<authorization_code_value>", &code),
        ],
    );
    let got = answer(&house, &asked);
    assert_eq!(keys(&got), ["access_token", "token_type", "expires_in", "refresh_token"]);
    let call = command(
        "integration-call.sh",
        &[("eyJiO.eyJzdZ.tQ8_-9Jor5", got["access_token"].as_str().unwrap())],
    );
    let runs = answer(&house, &format!("{call} {}/api/v1/runs", house.server.base_url));
    assert!(runs.get("status").is_none(), "a list, and no problem: {runs}");
}

#[test]
fn the_command_of_oracle_analytics_brings_a_token_about_me() {
    let house = House::open();
    let asked = command(
        "analytics-token.sh",
        &[
            ("<client_id>", "web"),
            ("<client_secret>", house.web().secret),
            ("<user>", ANNA),
            ("<password>", PASSWORD),
            ("<stripe>.identity.oraclecloud.com:443", host(&house)),
        ],
    );
    let one_line: Vec<&str> = asked.lines().map(str::trim).collect();
    let got = answer(&house, &one_line.join(" "));
    assert_eq!(keys(&got), ["access_token", "token_type", "expires_in"]);
    assert_eq!((&got["token_type"], &got["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let claims = part(got["access_token"].as_str().unwrap(), 1);
    assert!(claims["scope"].as_str().unwrap().contains("urn:opc:idm:t.user.me"), "{claims}");
}

#[tokio::test]
async fn both_commands_of_field_service_refresh_a_token() {
    let house = House::open();
    let scope = "urn:opc:idm:__myscopes__ offline_access";
    let mut refresh = house.log_in(ANNA, PASSWORD, scope).await.text("refresh_token");
    for name in ["field-service-refresh.sh", "field-service-refresh-body.sh"] {
        let asked = command(
            name,
            &[
                ("****", "web"),
                ("****", house.web().secret),
                ("****", &refresh),
                ("idcs-****.com", host(&house)),
            ],
        );
        let got = answer(&house, &asked);
        assert_eq!(
            keys(&got),
            ["access_token", "token_type", "expires_in", "refresh_token"],
            "{name}"
        );
        refresh = got["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(house.asks(got["access_token"].as_str().unwrap()).await, 200, "{name}");
    }
}

#[test]
fn the_call_of_unifier_answers_as_its_document_shows() {
    let house = House::open_with(&[("unifier_client", "\"web\"")]);
    let line = command("unifier-token.txt", &[]);
    let (method, path) = line.split_once(' ').unwrap();
    let user = format!("-u '{ANNA}:{PASSWORD}'");
    let asked = format!("curl -X {method} {user} {}{path}", house.server.base_url);
    let got = answer(&house, &asked);
    assert_eq!(keys(&got), ["access_token", "token_type", "expires_in", "status"]);
    assert_eq!((&got["expires_in"], &got["status"]), (&json!(3000), &json!(200)));
    let header = part(got["access_token"].as_str().unwrap(), 0);
    assert_eq!(keys(&header), ["x5t#S256", "x5t", "kid", "alg"], "in the order of the document");
}
