//! `dayend admin` on groups, roles, settings of apps, and what ends tokens.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

mod server_support;

use serde_json::{Value, json};
use server_support::{Home, Said, run};

#[test]
fn an_app_is_made_with_settings_shown_and_changed() {
    let home = Home::initialised();
    let made = admin(
        &home,
        &[
            "app",
            "add",
            "Ledger",
            "--client-id",
            "ledger",
            "--grants",
            "client_credentials,authorization_code",
            "--redirect-uri",
            "https://ledger.example/cb",
            "--cors-origin",
            "https://ui.example",
            "--scope",
            "https://api.example/read",
            "--max-expiry",
            "7200",
            "--strict",
        ],
    );
    assert!(made.ok().contains("client secret: "), "{}", made.stdout);
    let shown = object(&home, &["app", "show", "ledger"]);
    assert_eq!(shown["redirect_uris"], json!(["https://ledger.example/cb"]));
    assert_eq!(shown["allowed_scopes"], json!(["https://api.example/read"]));
    assert_eq!((&shown["max_expiry_s"], &shown["strict"]), (&json!(7200), &json!(true)));
    assert!(!shown.to_string().contains("secret"), "{shown}");
    let set =
        ["app", "set", "ledger", "--strict", "false", "--cors-null-origin", "--name", "Ledger 2"];
    admin(&home, &set).ok();
    let shown = object(&home, &["app", "show", "ledger"]);
    assert_eq!((&shown["strict"], &shown["cors_null_origin"]), (&json!(false), &json!(true)));
    assert_eq!(
        shown["redirect_uris"],
        json!(["https://ledger.example/cb"]),
        "what is not said stays"
    );
    for bad in [
        &["--redirect-uri", "http://evil.example/"][..],
        &["--cors-origin", "https://ui.example/path"],
        &["--max-expiry", "1"],
        &["--grants", "implicit"],
    ] {
        let said = admin(&home, &[&["app", "set", "ledger"], bad].concat());
        assert_eq!(said.code, 2, "{bad:?}: {}", said.stderr);
    }
    assert_eq!(admin(&home, &["app", "delete", "ledger"]).ok(), "app ledger was deleted\n");
    assert!(admin(&home, &["app", "show", "ledger"]).failed_with(6).contains("does not exist"));
}

#[test]
fn groups_hold_rights_for_their_members_and_the_list_tells_who_holds_what() {
    let home = Home::initialised();
    for user in ["maria", "otto"] {
        admin(&home, &["user", "add", user]).ok();
    }
    admin(&home, &["group", "add", "Night shift"]).ok();
    assert_eq!(
        admin(&home, &["group", "join", "night shift", "maria", "otto"]).ok(),
        "group night shift has 2 members\n"
    );
    admin(&home, &["group", "leave", "Night shift", "otto"]).ok();
    assert_eq!(admin(&home, &["group", "list"]).ok(), "Night shift\tmaria\n");
    assert!(
        admin(&home, &["group", "join", "Night shift", "nobody"]).failed_with(6).contains("nobody")
    );
    let grant =
        ["grant", "--group", "Night shift", "--functions", "BATCH_VIEW", "--service", "OFS_DAYEND"];
    assert_eq!(admin(&home, &grant).ok(), "Night shift holds BATCH_VIEW in OFS_DAYEND/*\n");
    let role = ["grant", "--user", "otto", "--roles", "User Administrator"];
    assert_eq!(admin(&home, &role).ok(), "otto holds the role User Administrator\n");
    let listed = admin(&home, &["grants"]);
    assert!(
        listed.ok().contains("group\tNight shift\tBATCH_VIEW\tOFS_DAYEND/*\n"),
        "{}",
        listed.stdout
    );
    assert!(listed.ok().contains("user\totto\tUser Administrator\t*/*\n"), "{}", listed.stdout);
    admin(&home, &["revoke", "--user", "otto", "--roles", "User Administrator"]).ok();
    admin(&home, &["user", "delete", "maria"]).ok();
    assert_eq!(admin(&home, &["group", "list"]).ok(), "Night shift\t\n");
    admin(&home, &["group", "delete", "Night shift"]).ok();
    assert!(!admin(&home, &["grants"]).ok().contains("Night shift"));
    run(&["audit", "verify", "--data", home.text()]).ok();
}

#[test]
fn the_last_administrator_is_not_taken_away_by_accident() {
    let home = Home::initialised();
    for verb in [
        &["user", "disable", "admin"][..],
        &["user", "delete", "admin"],
        &["revoke", "--user", "admin", "--functions", "ADMIN"],
    ] {
        let said = admin(&home, verb);
        assert!(said.failed_with(8).contains("administrator"), "{}", said.stderr);
    }
    admin(&home, &["user", "add", "second"]).ok();
    admin(&home, &["grant", "--user", "second", "--roles", "Identity Domain Administrator"]).ok();
    admin(&home, &["user", "disable", "admin"]).ok();
    assert!(admin(&home, &["user", "delete", "second"]).failed_with(8).contains("administrator"));
}

#[tokio::test]
async fn tokens_that_are_out_end_when_their_user_or_their_app_is_logged_out() {
    let home = Home::initialised();
    // Tokens count at one address only.
    let listen = format!("127.0.0.1:{}", home.serve(&[]).port());
    let app_token = token(&home, &listen, &[("grant_type", "client_credentials")]).await;
    let (user, password) = (home.get("user"), home.get("password"));
    let log_in = [("grant_type", "password"), ("username", user.as_str()), ("password", &password)];
    let user_token = token(&home, &listen, &log_in).await;
    let both = [&app_token, &user_token];
    assert_eq!(statuses(&home, &listen, both).await, [200, 200]);
    let said = admin(&home, &["user", "logout", &user]);
    assert_eq!(said.ok(), "user admin is logged out everywhere\n");
    assert_eq!(statuses(&home, &listen, both).await, [200, 401]);
    let newer = token(&home, &listen, &log_in).await;
    assert_eq!(statuses(&home, &listen, [&app_token, &newer]).await, [200, 200]);
    admin(&home, &["app", "logout", &home.get("client_id")]).ok();
    assert_eq!(statuses(&home, &listen, [&app_token, &newer]).await, [401, 401]);
    let said = admin(&home, &["user", "unlock", &user]);
    assert_eq!(said.ok(), "user admin may try again at once\n");
}

/// A token of the first app.
async fn token(home: &Home, listen: &str, form: &[(&str, &str)]) -> String {
    let server = home.serve(&["--listen", listen]);
    let request = home.client().post(format!("{}/oauth2/v1/token", server.base_url)).form(form);
    let request = request.basic_auth(home.get("client_id"), Some(home.get("client_secret")));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(server.terminate(), 0);
    token
}

/// What a call with each of the tokens gets.
async fn statuses(home: &Home, listen: &str, tokens: [&String; 2]) -> [u16; 2] {
    let server = home.serve(&["--listen", listen]);
    let mut found = [0; 2];
    for (status, token) in found.iter_mut().zip(tokens) {
        let request = home.client().get(format!("{}/admin/v1/Schemas", server.base_url));
        *status = request.bearer_auth(token).send().await.unwrap().status().as_u16();
    }
    assert_eq!(server.terminate(), 0);
    found
}

fn object(home: &Home, arguments: &[&str]) -> Value {
    let said = admin(home, &[&["--json"], arguments].concat());
    serde_json::from_str(said.ok()).expect(&said.stdout)
}

fn admin(home: &Home, arguments: &[&str]) -> Said {
    let mut all = vec!["admin"];
    all.extend(arguments);
    all.extend(["--data", home.text()]);
    run(&all)
}
