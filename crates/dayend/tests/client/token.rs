//! `dayend token` against a server: by the app's secret and by the user's password.

use crate::support::{Output, Server, claims};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn of(output: &Output) -> Value {
    assert_eq!(output.code, 0, "{output:?}");
    claims(&output.stdout)
}

#[test]
fn a_token_is_the_apps_or_the_users_with_the_scope_and_lifetime_that_were_asked_for() {
    let server = Server::start();
    let app = of(&server.dayend(&["token"]));
    assert_eq!((app["sub_type"].as_str(), app["gtp"].as_str()), (Some("client"), Some("cc")));
    let user = of(&server.dayend(&["token", "--grant", "password"]));
    assert_eq!((user["sub"].as_str(), user["sub_type"].as_str()), (Some("admin"), Some("user")));
    let me = of(&server.dayend(&["token", "--me", "--expiry", "2h"]));
    assert_eq!(
        (me["sub"].as_str(), me["scope"].as_str()),
        (Some("admin"), Some("urn:opc:idm:t.user.me"))
    );
    assert_eq!(me["exp"].as_i64().unwrap() - me["iat"].as_i64().unwrap(), 7200);

    let both = server.dayend(&["--json", "token", "--offline", "--scope", "openid"]);
    let both: Value = serde_json::from_str(&both.stdout).unwrap();
    assert!(both["refresh_token"].as_str().unwrap().starts_with("AgAg"), "{both}");
    assert_eq!(
        (both["token_type"].as_str(), both["expires_in"].as_i64()),
        (Some("Bearer"), Some(3600))
    );
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 4] = [
        (&["token", "--offline"],                              "--output FILE or --json"),
        (&["token", "--me", "--grant", "client_credentials"],  "needs a user"),
        (&["token", "--expiry", "0"],                          "not a number of seconds"),
        (&["token", "--grant", "login", "--offline", "--json"], "keeps its refresh token"),
    ];
    for (arguments, says) in cases {
        let output = server.dayend(arguments);
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.stderr.contains(says), "{output:?}");
    }
    let unknown = server.dayend(&["token", "--scope", "nonsense"]);
    assert!(unknown.code == 9 && unknown.stderr.contains("invalid_scope"), "{unknown:?}");
}

#[test]
fn a_token_file_is_like_the_consoles_and_can_be_looked_into_without_showing_the_token() {
    let server = Server::start();
    let file = server.data().join("tokens.tok");
    let path = file.to_str().unwrap();
    let made = server.dayend(&["token", "--me", "-o", path]);
    assert!(made.code == 0 && made.stdout.is_empty(), "{made:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let content: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let token = content["app_access_token"].as_str().unwrap();
    assert_eq!(content.as_object().unwrap().len(), 1);
    assert_eq!(claims(token)["sub"], "admin");

    let shown = server.dayend(&["token", "show", path]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stdout.contains("sub                  admin\n"), "{shown:?}");
    assert!(shown.stdout.ends_with("state                valid\n"), "{shown:?}");
    let (body, signature) = token.rsplit_once('.').unwrap();
    assert!(!shown.stdout.contains(signature) && !shown.stdout.contains(body), "{shown:?}");

    fs::write(&file, format!("{body}.{}", "A".repeat(signature.len()))).unwrap();
    let forged = server.dayend(&["--json", "token", "show", path]);
    assert_eq!(forged.code, 9, "{forged:?}");
    let object: Value = serde_json::from_str(&forged.stdout).unwrap();
    assert_eq!(
        (&object["valid"], object["claims"]["sub"].as_str()),
        (&Value::Bool(false), Some("admin"))
    );
    fs::write(&file, "root:x:0:0").unwrap();
    assert_eq!(server.dayend(&["token", "show", path]).code, 2);
}

#[test]
fn whoami_tells_for_whom_commands_act() {
    let server = Server::start();
    let output = server.dayend(&["--json", "whoami"]);
    let object: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        (object["user"].as_str(), object["by"].as_str()),
        (Some("admin"), Some("client_credentials"))
    );
    assert_eq!(object["workspace"], "WS001");
    assert!(object["app"].as_str().unwrap().ends_with("_APPID"), "{object}");
}
