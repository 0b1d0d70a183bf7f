//! `docs/identity/`: every command of the pages, in its order, against the real server.

use crate::manual::blocks;
use crate::outside::curl::shell;
use crate::stage::Stage;
use serde_json::Value;
use std::fmt::Write as _;

/// Stands between the outputs of two samples.
const SEPARATOR: &str = "---- the next sample ----";

const PAGES: [(&str, &str); 6] = [
    ("client-authentication", include_str!("../../../../docs/identity/client-authentication.md")),
    ("client-credentials", include_str!("../../../../docs/identity/client-credentials.md")),
    ("password", include_str!("../../../../docs/identity/password.md")),
    ("refresh-token", include_str!("../../../../docs/identity/refresh-token.md")),
    ("scopes", include_str!("../../../../docs/identity/scopes.md")),
    ("introspect-and-revoke", include_str!("../../../../docs/identity/introspect-and-revoke.md")),
];

#[test]
fn the_commands_of_the_pages_about_tokens_answer_as_the_pages_say() {
    let stage = Stage::new();
    let mut compared = 0;
    for (name, page) in PAGES {
        let mut script = exports(&stage);
        let blocks = blocks(page);
        for sample in blocks.iter().filter(|block| block.language == "sh") {
            writeln!(script, "{}\necho '{SEPARATOR}'", sample.text).unwrap();
        }
        let printed = shell(&script);
        let mut answers = printed.split(SEPARATOR);
        for pair in blocks.windows(2).filter(|pair| pair[0].language == "sh") {
            let answer = answers.next().unwrap().trim();
            let last = answer.lines().last().unwrap_or_default();
            // Two answers may stand on one line: the last one counts.
            let last = last.rfind("{\"").map_or(last, |at| &last[at..]);
            assert_eq!(keys(last), keys(pair[1].text), "{name}: {answer}");
            compared += 1;
        }
    }
    assert!(compared >= 7, "the pages have lost their samples: {compared} are left");
}

/// The names in an object, and the numbers and switches that are not about an instant.
fn keys(json: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let fixed = |name: &str, value: &Value| match name {
        "expires_in" | "active" | "token_type" => format!("{name}={value}"),
        _ => name.to_owned(),
    };
    value.as_object().unwrap().iter().map(|(name, value)| fixed(name, value)).collect()
}

fn exports(stage: &Stage) -> String {
    let mut script = String::new();
    for (name, value) in [
        ("BASE", stage.server.base_url.clone()),
        ("CA", stage.authority()),
        ("CLIENT_ID", stage.home.get("client_id")),
        ("CLIENT_SECRET", stage.home.get("client_secret")),
        ("USER_NAME", stage.home.get("user")),
        ("USER_PASSWORD", stage.home.get("password")),
    ] {
        writeln!(script, "export {name}='{value}'").unwrap();
    }
    script
}
